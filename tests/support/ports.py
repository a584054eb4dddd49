"""Ports of loopback for the servers that tests start: none is given twice, and nobody takes it before its server does."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from pathlib import Path

# Below those that the system gives to whoever asks for any port (from 32768 on Linux, 49152 on macOS and Windows). It gives
# them by chance, so that two tests of a run may get the same one, and a third takes it before the server of either starts.
FIRST, LAST = 20_000, 29_999


def free_port(room: int = 1) -> int:
    """A port that nobody uses now and that no other test, in whatever process of a run, is given soon, nor one of the `room` - 1
    ports after it, which each further process of a server may take. Raises OSError if all are taken."""
    with (Path(tempfile.gettempdir()) / f"course-tests-ports-{os.getuid()}").open("a+", encoding="ascii") as last:
        fcntl.flock(last, fcntl.LOCK_EX)
        last.seek(0)
        port = int(last.read() or FIRST)
        for _ in range(FIRST, LAST + 1):
            port = port + 1 if FIRST <= port < LAST else FIRST
            if is_free(port):
                last.truncate(0)
                last.write(str(min(port + room - 1, LAST)))
                return port
    raise OSError(f"no port of {FIRST} to {LAST} is free")


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as probe:
        # As servers do: the ends of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
