"""Which request of a process is at work: one after the other, as long as each is short and waits for nothing.

Threads that want the interpreter at the same time take it from each other at every statement of the database, and the same
pages then need a third more of the processor. So a thread goes on with the next request when it has ended its own, and
another one begins beside it only when it waits for something, or takes long.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Seconds after which a request that is still at work no longer keeps the next one from beginning: most take a fifth of it.
SHARE = 0.01


class _Waiting:
    """A thread that waits for the turn. Whoever gives it the turn releases `given`."""

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.given = threading.Lock()
        self.given.acquire()


class RequestTurns:
    """Which thread of a process has the turn. It only saves time: nothing relies on being alone.

    `when_free` is called, with the `lock` held, when a turn ends and no thread waits for it. A turn that lasts longer than
    `share` seconds may be taken by any other thread.
    """

    def __init__(self, lock: threading.Lock, when_free: Callable[[], object], share: float = SHARE) -> None:
        self.lock, self.share = lock, share
        self._when_free = when_free
        self._holder: int | None = None
        self._since = 0.0
        self._waiting: deque[_Waiting] = deque()

    def is_free(self) -> bool:
        """Whether a thread may take the turn; with the lock held."""
        return self._holder is None or time.monotonic() - self._since >= self.share

    def take_for_next(self) -> bool:
        """Have the turn for the next request, with the lock held; False if another thread has it, or has waited for it."""
        thread = threading.get_ident()
        if self._holder == thread:
            if self._waiting:
                self._pass_on()
                return False
        elif not self.is_free():
            return False
        self._hold(thread)
        return True

    def take(self) -> None:
        """Wait for the turn."""
        waiting = _Waiting(threading.get_ident())
        with self.lock:
            if self.is_free():
                self._hold(waiting.thread)
                return
            self._waiting.append(waiting)
        while not waiting.given.acquire(timeout=self.share):
            with self.lock:
                if waiting not in self._waiting:  # it was given at this moment
                    return
                if self.is_free():
                    self._waiting.remove(waiting)
                    self._hold(waiting.thread)
                    return

    def end(self) -> bool:
        """End the turn of this thread, with the lock held; False if it has none, or none any more."""
        if self._holder != threading.get_ident():
            return False
        self._pass_on()
        return True

    def _pass_on(self) -> None:
        if self._waiting:
            waiting = self._waiting.popleft()
            self._hold(waiting.thread)
            waiting.given.release()
        else:
            self._holder = None
            self._when_free()

    def _hold(self, thread: int) -> None:
        self._holder, self._since = thread, time.monotonic()


class _Own(threading.local):
    """The turns in which this thread answers a request, and whether it has left its own."""

    turns: RequestTurns | None = None
    has_left = False


_own = _Own()


def begin_request(turns: RequestTurns) -> None:
    """Note that this thread answers a request, and has taken its turn."""
    _own.turns, _own.has_left = turns, False


def end_request() -> None:
    """Note that this thread answers no request any more, and has no turn."""
    leave_turn()
    _own.turns, _own.has_left = None, False


def leave_turn() -> bool:
    """Let another request begin, because this thread is about to wait; whether it had a turn."""
    turns = _own.turns
    if turns is None or _own.has_left:
        return False
    with turns.lock:
        _own.has_left = turns.end()
    return _own.has_left


def come_back() -> None:
    """Wait for a turn again, if this thread has left its own."""
    if _own.has_left and _own.turns is not None:
        _own.turns.take()
        _own.has_left = False


@contextmanager
def waiting() -> Iterator[None]:
    """Let other requests go on while this thread waits for something."""
    had_turn = leave_turn()
    try:
        yield
    finally:
        if had_turn:
            come_back()
