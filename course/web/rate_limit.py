"""Slowing down who asks too often: so many times in a while, from one place in the network."""

from __future__ import annotations

from collections import deque
from threading import Lock

MAX_KEYS = 10_000  # more are not remembered at once


class RateLimiter:
    """At most `count` times within `seconds` for each key. Kept in memory: what it protects is open to
    anyone anyway, and a restart may forget it."""

    def __init__(self, count: int, seconds: float) -> None:
        self.count, self.seconds = count, seconds
        self._times: dict[str, deque[float]] = {}
        self._lock = Lock()

    def allows(self, key: str, now: float) -> bool:
        """Whether the key may do it once more at `now` (seconds, of a clock that never goes back)."""
        with self._lock:
            if len(self._times) >= MAX_KEYS:
                self._times = {k: t for k, t in self._times.items() if t and t[-1] > now - self.seconds}
            times = self._times.setdefault(key, deque())
            while times and times[0] <= now - self.seconds:
                times.popleft()
            if len(times) >= self.count:
                return False
            times.append(now)
            return True
