"""Who writes to SQLite next."""

from __future__ import annotations

import select
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from course.request_turns import leave_turn

# Seconds between two looks whether another process has released the lock: they grow.
FIRST_PAUSE, LONGEST_PAUSE = 0.0003, 0.003


class WriteTurns:
    """Lets the threads of this process write to SQLite one after the other.

    SQLite has no queue: whoever finds it locked sleeps for up to a tenth of a second and tries again, while others come and
    go. Here one thread of a process tries often, and the others wait to be woken. It only saves time: who may write is still
    decided by SQLite, among the processes too. A request that has to wait, or waits until the disk has what it wrote, lets
    others go on meanwhile (see request_turns). `begun` is called each time once the lock is held; if it is true, the transaction
    begins anew.
    """

    def __init__(self, begun: Callable[[], bool] | None = None) -> None:
        self._turn, self._begun = threading.Lock(), begun

    def begin(self, connection: Any, seconds: float, durable: bool = True) -> None:
        """Begin a transaction that writes; its commit waits for the disk if it is `durable`. Raises sqlite3.OperationalError
        (SQLITE_BUSY) if there is no turn in time."""
        if connection.info.get("durable", True) != durable:
            connection.connection.dbapi_connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            connection.info["durable"] = durable
        until = time.monotonic() + seconds
        has_turn = self._turn.acquire(blocking=False)
        if not has_turn:
            leave_turn()
            has_turn = self._turn.acquire(timeout=seconds)
        try:
            driver_connection = connection.connection.dbapi_connection
            _take_lock(driver_connection, until)
            if self._begun is not None and self._begun():
                driver_connection.execute("ROLLBACK")
                _take_lock(driver_connection, until)
        except BaseException:
            if has_turn:
                self._turn.release()
            raise
        connection.info["has_turn"] = has_turn

    def end(self, connection: Any) -> None:
        """The transaction ends now: the next one may try."""
        if connection.info.pop("has_turn", False):
            self._turn.release()
            leave_turn()


def _take_lock(driver_connection: sqlite3.Connection, until: float) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            driver_connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
        else:
            return
        leave_turn()
        select.select((), (), (), pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
