"""How many statements are sent at once, what follows from the answer, and when a store that takes nothing is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

BATCH_SIZE = 50
ATTEMPT_SECONDS = 15.0  # for one request, from resolving the name to the last byte
MAX_ANSWER_BYTES = 1000
# Longer than a batch can take that is split down to single statements. A claim that is older is from a worker that died.
CLAIM_DURATION = timedelta(minutes=30)
ROUND_SECONDS = 300.0  # after which a round of sending ends; the rest is for the next one
STATEMENT_RETENTION = timedelta(days=30)  # how long statements that have arrived, or were refused, are listed
# What waits for longer was put off by a clock that was wrong; with clocks of several machines that differ.
MAX_STATEMENT_WAIT = 2 * CLAIM_DURATION
_PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
)
_MAX_WAITED_FOR = timedelta(days=1)  # the longest time that a server may ask for in Retry-After
MAX_STORE_WAIT = _MAX_WAITED_FOR + CLAIM_DURATION  # see MAX_STATEMENT_WAIT

Verdict = Literal["arrived", "split", "refused", "later"]


@dataclass(frozen=True)
class BatchAnswer:
    """What became of a request: the status and the beginning of the answer, or in words why there is none."""

    status: int | None
    answer: str = ""
    failure: str = ""
    retry_after: timedelta = timedelta()


def resource_address(endpoint: str, name: str) -> str:
    """The address of a resource of a record store, such as its statements, whether or not its own address ends with a slash."""
    return (endpoint if endpoint[-1:] == "/" else endpoint + "/") + name


def batch_verdict(status: int | None, size: int) -> Verdict:
    """What follows for the `size` statements that were sent together.

    By xAPI 1.0.3 a store takes all statements of a request or none. One that it has already (409) has arrived; one that
    it does not understand (400) is found by sending halves. Everything else is no fault of the statements."""
    if status is not None and 200 <= status < 300:
        return "arrived"
    if status in (400, 409, 413, 422):
        if size > 1:
            return "split"
        return "arrived" if status == 409 else "refused"
    return "later"


def pause_after_failure(failures: int, at: datetime, retry_after: timedelta) -> datetime:
    """Until when a store is left alone after so many failures in a row, the last of them at `at`. It is never given up:
    what was done must not be missing there because the store was away."""
    pause = _PAUSES[min(failures, len(_PAUSES)) - 1]
    return at + max(pause, min(retry_after, _MAX_WAITED_FOR))
