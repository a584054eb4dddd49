"""How long a delivery may take, when it is tried again, and when a webhook is turned off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

# After each try in vain, as Standard Webhooks proposes: a little more than three days together.
RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
ATTEMPT_SECONDS = 10.0  # in all, from resolving the name to the last byte
MAX_ANSWER_BYTES = 500  # bytes of an answer that are read and kept
MAX_AT_ONCE = 4  # deliveries that are on their way at the same time
MAX_AT_ONCE_EACH = 2  # of them to one webhook, so that a slow one leaves room for others
# Longer than a try can take. A claim that is older is from a worker that died: the delivery is tried again, even though it
# may have arrived.
CLAIM_DURATION = timedelta(minutes=2)
# Between two tries at an address that does not take what is sent. How much waits for it does not matter.
FAILING_PAUSE = timedelta(seconds=30)
STOP_AFTER = timedelta(days=3)  # without one delivery that arrived
MAX_WAITED_FOR = timedelta(days=1)  # the longest time that a server may ask for in Retry-After
# What waits for longer was put off by a clock that was wrong; with clocks of several machines that differ.
MAX_DELIVERY_WAIT = max(*RETRY_DELAYS, MAX_WAITED_FOR) + timedelta(hours=1)
SECRET_OVERLAP = timedelta(days=1)  # in which the secret before the newest signs as well
DELIVERY_RETENTION = timedelta(
    days=30
)  # how long deliveries are listed, and how long they wait for a webhook that is off
ROUND_SECONDS = 300.0  # after which a round of delivering ends; the rest is for the next one

StopReason = Literal["gone", "failing"]


@dataclass(frozen=True)
class AttemptResult:
    """What became of a try: the status and the beginning of the answer, or in words why there is none. `retry_after` is what
    the server asked for."""

    status: int | None
    answer: str
    failure: str
    milliseconds: int
    retry_after: timedelta = timedelta()

    @property
    def arrived(self) -> bool:
        """Whether the other system has taken it. A redirect is not followed, so it has not."""
        return self.status is not None and 200 <= self.status < 300


def next_try(tries: int, at: datetime, result: AttemptResult) -> datetime | None:
    """When to try again after `tries` tries in vain, the last of them at `at`; None to give up."""
    if tries > len(RETRY_DELAYS):
        return None
    return at + max(RETRY_DELAYS[tries - 1], min(result.retry_after, MAX_WAITED_FOR))


def pause_until(at: datetime, result: AttemptResult) -> datetime:
    """Until when nothing is sent to an address that has just failed."""
    return at + max(FAILING_PAUSE, min(result.retry_after, MAX_WAITED_FOR))


def stop_reason(failing_since: datetime, at: datetime, result: AttemptResult) -> StopReason | None:
    """Why a webhook is turned off after a try in vain; None if it goes on. By Standard Webhooks, 410 means "send no more"."""
    if result.status == 410:
        return "gone"
    return "failing" if at - failing_since >= STOP_AFTER else None
