"""Rate limits of public pages and of expensive requests, counted in the database by the library `limits`.

The rows are those of sign-in attempts: a limit holds across all threads and processes of the course.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from flask import current_app
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage.base import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy.exc import OperationalError

from course.auth import actions, queries
from course.auth.rules import ATTEMPT_RETENTION, AttemptLimit, attempt_key
from course.clock import now
from course.web.unit_of_work import read_only_session, unit_of_work

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


class RateLimiter:
    """At most `count` requests within `seconds` for each key. `name` tells the limits of the course apart."""

    def __init__(self, name: str, count: int, seconds: int) -> None:
        if timedelta(seconds=seconds) > ATTEMPT_RETENTION:
            raise ValueError(f"attempts are kept for {ATTEMPT_RETENTION} only")
        self._item = RateLimitItemPerSecond(count, seconds, namespace=name)
        self._strategy = MovingWindowRateLimiter(AttemptStorage(wrap_exceptions=True))

    def is_allowed(self, key: str) -> bool:
        """Whether one more request is allowed for the key now; it is counted then.

        A request is allowed as well if it cannot be counted: a busy database must not close the page.
        """
        try:
            return self._strategy.hit(self._item, key)
        except StorageError:
            _LOG.warning("a request could not be counted for its rate limit", exc_info=True)
            return True


def _hashed(key: str) -> str:
    return attempt_key(str(current_app.config["SECRET_KEY"]), "rate limit", key)
