"""When a statement to a platform is tried again, and when a session that was left open ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

ATTEMPT_SECONDS = 10.0  # for one request, from resolving the name to the last byte
MAX_ANSWER_BYTES = 64 * 1024
CLAIM_DURATION = timedelta(minutes=2)  # longer than a try can take
# Without anything that was answered, decided or read: then the learner has gone, and the platform is told so.
IDLE_END = timedelta(hours=2)
SESSION_RETENTION = timedelta(days=90)  # how long the statements of a session are kept
TOKEN_RETENTION = timedelta(days=1)  # how long the token of a session is kept after its end
RETRY_DELAYS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    *(timedelta(hours=hours) for hours in (1, 4, 12, 24, 24)),
)
Outcome = Literal["arrived", "refused", "later"]


@dataclass(frozen=True)
class PlatformAnswer:
    """The status and body of an answer, or in words why there is none."""

    status: int | None
    body: bytes = b""
    failure: str = ""


def statement_outcome(status: int | None) -> Outcome:
    """What follows from the answer to a statement. A conflict (409) says that it is there already. The token of a session ends
    with it, so a refusal (4xx) is final: nothing that is sent again would be taken."""
    if status is not None and (200 <= status < 300 or status == 409):
        return "arrived"
    if status is not None and 400 <= status < 500 and status not in (408, 429):
        return "refused"
    return "later"


def next_try(tries: int, at: datetime) -> datetime | None:
    """When to try again after so many tries in vain, the last of them at `at`; None to give up."""
    return at + RETRY_DELAYS[tries - 1] if tries <= len(RETRY_DELAYS) else None
