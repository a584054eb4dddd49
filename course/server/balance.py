"""Which of the processes that share a port takes a new connection: the one that has the fewest.

The kernel gives a connection to whichever process is awake first, which is mostly the same one, and a browser keeps its
connection for all its requests. Of eight people one process would then serve six or seven, while the other has time.
"""

from __future__ import annotations

import mmap
import struct

_COUNT = struct.Struct("=i")
STOPPED = 2**31 - 1  # the count of a process that takes no connections any more


class ConnectionBoard:
    """How many connections each process has. Made before the processes are forked, which share its memory."""

    def __init__(self, processes: int) -> None:
        self._memory = mmap.mmap(-1, max(1, processes) * _COUNT.size)
        self._processes = processes

    def write(self, number: int, count: int) -> None:
        """Say how many connections the process of this number has; numbers begin with 0."""
        _COUNT.pack_into(self._memory, number * _COUNT.size, count)

    def fewest_of_others(self, number: int) -> int:
        """The smallest count of all processes but this one; STOPPED if there is no other."""
        counts = (count for (count,) in _COUNT.iter_unpack(self._memory[: self._processes * _COUNT.size]))
        return min((count for other, count in enumerate(counts) if other != number), default=STOPPED)


class Acceptance:
    """Decides for one process whether to take a connection that waits. It leaves it to a process with fewer connections, but
    not for longer than PATIENCE: that one may be busy, or gone."""

    PATIENCE = 0.02  # seconds
    PAUSE = 0.002  # seconds after which it is looked again whether the connection still waits
    FORGET = 0.1  # seconds after which a connection that waits is another one than that which was left

    def __init__(self, board: ConnectionBoard, number: int) -> None:
        self._board, self._number = board, number
        self._left_since: float | None = None
        self.paused_until = 0.0

    def note(self, count: int) -> None:
        """Tell the other processes how many connections this one has."""
        self._board.write(self._number, count)

    def takes(self, count: int, at: float) -> bool:
        """Whether this process, which has so many connections, takes one that waits; `at` in seconds of a monotonic clock."""
        self.note(count)
        if count <= self._board.fewest_of_others(self._number):
            self._left_since = None
            return True
        if self._left_since is None or at - self._left_since > self.FORGET:
            self._left_since = at
        if at - self._left_since >= self.PATIENCE:
            self._left_since = None
            return True
        self.paused_until = at + self.PAUSE
        return False
