"""Time as it passes, or processor time of the course and its database together, for machines that do other work as well."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import make_url


class Meter:
    """Measures on one database. With `processor` it is processor time: what this process used, and each of the database's
    processes that serves a connection; how long a page takes where nothing else is done, but for waiting for the disk."""

    def __init__(self, url: str, processor: bool) -> None:
        self._address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._processor = processor
        self._ended = 0  # nanoseconds of processes of the database that have ended meanwhile
        self._last: dict[int, int] = {}
        if processor:
            self._connection = psycopg.connect(self._address, autocommit=True)
            # What helpers of a statement used could not be counted: they have ended.
            self._connection.execute("alter database postgres set max_parallel_workers_per_gather = 0")

    def now(self) -> float:
        """Seconds from some moment on."""
        if not self._processor:
            return time.perf_counter()
        own = self._connection.info.backend_pid
        pids = [
            row[0] for row in self._connection.execute("select pid from pg_stat_activity where datname is not null")
        ]
        used = {pid: _nanoseconds(pid) for pid in pids if pid != own}
        self._ended += sum(last for pid, last in self._last.items() if pid not in used)
        self._last = used
        return time.process_time() + (self._ended + sum(used.values())) / 1e9

    def seconds(self, action: Callable[[], object], times: int = 1) -> float:
        """The median of several."""
        found = []
        for _ in range(times):
            started = self.now()
            action()
            found.append(self.now() - started)
        return statistics.median(found)


def _nanoseconds(pid: int) -> int:
    """The time that a process was on a processor; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
