"""Rate limits of public pages and of expensive requests, counted by the library `limits`.

Forms are counted in the database, in the rows of sign-in attempts: a limit holds exactly across all threads and processes.
Pages that only read are counted in the memory of each process, which writes to the same rows rarely.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from flask import current_app
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage.base import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from course.auth import actions, queries
from course.auth.rules import ATTEMPT_RETENTION, AttemptLimit, attempt_key
from course.clock import now
from course.web.unit_of_work import read_only_session, unit_of_work, write_if_free

PAGE_ATTEMPTS_KEY = "course.page_attempts"
_LOG = logging.getLogger("course")


class AttemptStorage(Storage, MovingWindowSupport):
    """The storage of `limits` on the table of attempts. Keys are stored as keyed hashes only.

    The table keeps attempts for ATTEMPT_RETENTION, which is therefore the longest window.
    """

    STORAGE_SCHEME = ["course-attempts"]  # noqa: RUF012 (as the base class declares it)

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What the database raises when it cannot count, such as for a lock that is not given up."""
        return OperationalError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Record `amount` attempts if so many more are allowed within `expiry` seconds; whether they are."""
        allowed = AttemptLimit(limit - amount + 1, timedelta(seconds=expiry))
        # A transaction of its own, kept whatever becomes of the request; it does not claim the request's form.
        with unit_of_work(claim_form_key=False) as session:
            if allowed.count < 1 or not actions.take_attempt(session, _hashed(key), allowed, now()):
                return False
            for _ in range(amount - 1):
                actions.count_attempt(session, [_hashed(key)], now())
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest attempt that counts was made (seconds since the epoch), and how many attempts count."""
        times = self._times(key, timedelta(seconds=expiry), limit)
        return (times[-1] if times else now()).timestamp(), len(times)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:  # noqa: ARG002 (attempts have one retention)
        """Record attempts without a limit; how many count now."""
        with unit_of_work(claim_form_key=False) as session:
            for _ in range(amount):
                actions.count_attempt(session, [_hashed(key)], now())
        return self.get(key)

    def get(self, key: str) -> int:
        """How many attempts are on record."""
        return len(self._times(key, ATTEMPT_RETENTION))

    def get_expiry(self, key: str) -> float:
        """When the newest attempt stops counting, in seconds since the epoch."""
        times = self._times(key, ATTEMPT_RETENTION, 1)
        return ((times[0] if times else now()) + ATTEMPT_RETENTION).timestamp()

    def check(self) -> bool:
        """Whether the database can be read."""
        self.get("")
        return True

    def reset(self) -> int | None:
        """Forget all attempts; how many there were."""
        with unit_of_work(claim_form_key=False) as session:
            return actions.delete_attempts(session)

    def clear(self, key: str) -> None:
        """Forget the attempts of a key."""
        with unit_of_work(claim_form_key=False) as session:
            actions.delete_attempts(session, _hashed(key))

    def _times(self, key: str, window: timedelta, count: int | None = None) -> list[datetime]:
        with read_only_session() as session:
            return queries.attempt_times(session, _hashed(key), now() - window, count)


@dataclass
class _Window:
    """The requests of one key: those that are in the database, of all processes, as they were last read there; those that
    are being written there; and those that only this process knows."""

    shared: list[datetime] = field(default_factory=list)
    sharing: list[datetime] = field(default_factory=list)
    unshared: list[datetime] = field(default_factory=list)

    def count(self, since: datetime) -> int:
        """How many requests were made after `since`; earlier ones are dropped, unless they are being written."""
        self.shared = [moment for moment in self.shared if moment > since]
        self.unshared = [moment for moment in self.unshared if moment > since]
        return len(self.shared) + len(self.sharing) + len(self.unshared)


class PageAttemptStorage(AttemptStorage):
    """The storage for pages that only read: counts in the memory of the process, and writes rarely.

    A process tells the database of its requests of a key, and learns of those of the other processes, each time that it
    has counted a tenth of the limit (at least one). A client far below the limit therefore causes no write at all. With
    one process the limit is exact; N processes together allow at most the limit and N tenths of it (a limit below ten is
    written each time, and allows at most N more). The write waits for the locks of others for a hundredth of a second only; while
    the database is busy it is put off for RETRY, and each process keeps the limit alone. The keys beyond MAX_KEYS that were
    used longest ago are forgotten with what was not written of them.
    """

    STORAGE_SCHEME = ["course-page-attempts"]  # noqa: RUF012 (as the base class declares it)
    RETRY = timedelta(seconds=1)
    MAX_KEYS = 10_000

    def __init__(self) -> None:
        super().__init__(wrap_exceptions=True)
        self._lock = Lock()
        self._next_share = datetime.min.replace(tzinfo=UTC)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests if so many more are allowed within `expiry` seconds; whether they are."""
        at, hashed = now(), _hashed(key)
        since = at - timedelta(seconds=expiry)
        with self._lock:
            window = self._window(hashed)
            if window.count(since) + amount > limit:
                return False
            window.unshared += [at] * amount
            if len(window.unshared) < max(1, limit // 10) or window.sharing or at < self._next_share:
                return True
            window.sharing, window.unshared = window.unshared, []
        self._share(hashed, window, since, at)
        return True

    def _window(self, hashed: str) -> _Window:
        windows = self.windows()
        window = windows.setdefault(hashed, _Window())
        windows.move_to_end(hashed)
        if len(windows) > self.MAX_KEYS:
            windows.popitem(last=False)
        return window

    def windows(self) -> OrderedDict[str, _Window]:
        """What this process counts for the application, by the hashes of keys; the key that was used longest ago comes
        first."""
        by_storage: dict[PageAttemptStorage, OrderedDict[str, _Window]]
        by_storage = current_app.extensions.setdefault(PAGE_ATTEMPTS_KEY, {})
        return by_storage.setdefault(self, OrderedDict())

    def _share(self, hashed: str, window: _Window, since: datetime, at: datetime) -> None:
        """Write the requests of a window that are to be shared, and read those of all processes."""
        shared: list[datetime] = []

        def write(session: Session) -> None:
            shared.extend(actions.share_attempts(session, hashed, window.sharing, since, at))

        is_written = False
        try:
            is_written = write_if_free(write)
        finally:
            with self._lock:
                if is_written:
                    window.shared = shared
                else:
                    window.unshared = window.sharing + window.unshared
                    self._next_share = at + self.RETRY
                window.sharing = []


class RateLimiter:
    """At most `count` requests within `seconds` for each key. `name` tells the limits of the course apart."""

    def __init__(self, name: str, count: int, seconds: int, storage: AttemptStorage | None = None) -> None:
        if timedelta(seconds=seconds) > ATTEMPT_RETENTION:
            raise ValueError(f"attempts are kept for {ATTEMPT_RETENTION} only")
        self._item = RateLimitItemPerSecond(count, seconds, namespace=name)
        self._strategy = MovingWindowRateLimiter(storage or AttemptStorage(wrap_exceptions=True))

    def is_allowed(self, key: str) -> bool:
        """Whether one more request is allowed for the key now; it is counted then.

        A request is allowed as well if it cannot be counted: a busy database must not close the page.
        """
        try:
            return self._strategy.hit(self._item, key)
        except StorageError:
            _LOG.warning("a request could not be counted for its rate limit", exc_info=True)
            return True


class PageRateLimiter(RateLimiter):
    """The rate limit of a page that only reads: a request costs no write and waits for nobody (see PageAttemptStorage for
    how far several processes may exceed it)."""

    def __init__(self, name: str, count: int, seconds: int) -> None:
        super().__init__(name, count, seconds, PageAttemptStorage())


def _hashed(key: str) -> str:
    return attempt_key(str(current_app.config["SECRET_KEY"]), "rate limit", key)
