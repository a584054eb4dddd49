"""What processes that serve pages have in memory together: everything that is made before they are forked and not touched
afterwards."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flask import Flask, url_for
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

# A page that anybody may open. It makes what every page needs: the dialect, the catalogue, the head of the page, addresses.
# Not one that reads in a thread of its own (query_deadline): processes are forked next.
WARM_UP_ENDPOINT = "auth.sign_in"
# Folders of the templates that a room full of learners needs. Compiling all would delay the start by seconds.
WARM_UP_TEMPLATES = frozenset({"auth", "components", "dashboard", "frame", "layouts", "learning"})
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
MALLOC_ARENAS = 1
TIDY_SECONDS = 10.0  # between two looks at the connections
# Sizes of gaps, less what glibc notes beside each block. It keeps some small blocks of each size for the next that asks for it.
GAP_BYTES = (*(2**n - 8 for n in range(16, 10, -1)), *range(1032, 23, -16))
LARGE_BYTES = 512 * 1024  # from which on memory goes back to the system as soon as it is free


def do_apart(work: Callable[[], object]) -> None:
    """Do the work in a copy of this process, so that the memory it takes is free afterwards. What it prints is printed. If
    it fails, the copy says why and ends as this process would have, and this one ends with the same exit code."""
    sys.stdout.flush()
    sys.stderr.flush()
    if (pid := os.fork()) == 0:
        work()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    if code := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        sys.exit(code if code > 0 else 1)


def warm_up(app: Flask) -> None:
    """Make now what would otherwise be made at the first request of each process. Reads the database; logs nothing. A page
    that fails here fails for its first reader too, in words, so nothing is raised."""
    env = app.jinja_env
    for name in env.list_templates(extensions=("html",)):
        if name.partition("/")[0] in WARM_UP_TEMPLATES:
            env.get_template(name)
    client, logs = app.test_client(use_cookies=False), app.config.get("LOG_REQUESTS", True)
    app.config["LOG_REQUESTS"] = False
    base_url = app.extensions["course"].config.public_url
    try:
        with app.test_request_context(base_url=base_url):
            page = url_for(WARM_UP_ENDPOINT)
        client.get(page, base_url=base_url)
    finally:
        app.config["LOG_REQUESTS"] = logs


def freeze() -> None:
    """Give back what was only needed for the start, and take what is left out of the collector's sight for good: it would
    look through the whole content again and again, and with each look every process would get a copy of its own."""
    gc.collect()
    _libc_call("malloc_trim", 0)
    gc.freeze()


class _MallocInfo(ctypes.Structure):
    """struct mallinfo2 of glibc, see mallinfo(3)."""

    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
    )]  # fmt: skip


def fill_gaps() -> int:
    """Take the free gaps between what is in memory, for good: a process that is forked next puts what it makes behind the
    pages that all share and not into them, where a few bytes would cost a copy of the whole page. Returns how many gaps were
    taken; none where the C library is not glibc. Call it when nothing more is to be freed, and only to fork."""
    if sys.platform != "linux" or not hasattr(library := ctypes.CDLL(None), "mallinfo2"):
        return 0
    malloc, free, end_of_heap = library.malloc, library.free, library.sbrk
    malloc.argtypes, malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    free.argtypes, free.restype = [ctypes.c_void_p], None
    end_of_heap.argtypes, end_of_heap.restype = [ctypes.c_ssize_t], ctypes.c_void_p
    library.mallinfo2.restype = _MallocInfo
    behind_all, count = end_of_heap(0) - library.mallinfo2().keepcost, 0
    for size in GAP_BYTES:
        # glibc looks for a gap before it takes what is behind all.
        while (taken := malloc(size)) is not None and taken < behind_all:
            count += 1
        free(taken)
    return count


class PoolWatch:
    """Lets the connections of an engine go that a busy minute has made and nobody needs now. Each has memory of its own: the
    schema and a part of the file on SQLite, a process of the server on PostgreSQL.

    To be made before any other thread uses the engine: SQLAlchemy goes through the listeners of an engine without a lock, and
    a page or a job that takes a connection at the moment at which one is added fails."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._most = engine, 0
        event.listen(engine, "checkout", self._note)

    def _note(self, *_args: object) -> None:
        self._most = max(self._most, self._in_use())

    def _in_use(self) -> int:
        return int(self._engine.pool.checkedout())  # type: ignore[attr-defined]

    def let_go(self) -> bool:
        """Close all connections if more of them are there than were needed since the last call, and none is in use; those
        that are needed next are made anew. Whether that was done. A connection is left that holds a SQLite database, so that
        nobody takes a server without work for one that has ended (see `flask backup restore`)."""
        most, self._most = self._most, self._in_use()
        spare = int(self._engine.pool.checkedin()) - most  # type: ignore[attr-defined]
        # One more than were needed is kept for a moment that needs it.
        if spare <= 1 or self._in_use():
            return False
        self._engine.dispose()
        # If the database is away just now, whoever needs it next makes the connection.
        with suppress(DBAPIError), self._engine.connect():
            pass
        return True


class Tidying:
    """What a process does every few seconds: it closes connections to the database that nobody needs, and gives their memory
    back to the system. To be made before any other thread uses the engine (see PoolWatch)."""

    def __init__(self, engine: Engine) -> None:
        self._connections, self._last = PoolWatch(engine), time.monotonic()

    def tidy(self) -> None:
        """Do so if it is time."""
        if time.monotonic() - self._last < TIDY_SECONDS:
            return
        self._last = time.monotonic()
        if self._connections.let_go():
            _libc_call("malloc_trim", 0)


def limit_arenas() -> None:
    """Let the threads of this process allocate from few arenas. By default glibc gives each thread one of its own, none of
    which gets smaller again."""
    _libc_call("mallopt", _M_ARENA_MAX, MALLOC_ARENAS)
    _libc_call("mallopt", _M_MMAP_THRESHOLD, LARGE_BYTES)
    _libc_call("mallopt", _M_TRIM_THRESHOLD, LARGE_BYTES)


def private_bytes() -> int:
    """What only this process has in memory, in bytes; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def _libc_call(name: str, *arguments: int) -> None:
    """Call a function of glibc; nothing where there is another library."""
    if sys.platform != "linux":
        return
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
