"""When somebody is sent a booster: five questions between two certificates, on what is likely to slip away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

BOOSTER_QUESTIONS = 5
FIRST_BOOSTER_AFTER = timedelta(days=30)
MIN_BOOSTER_INTERVAL = timedelta(days=30)
# After the first one the model asks, once the five points remembered least are on average less likely known than this.
ESTIMATE_THRESHOLD = 0.7
# Who left so many in a row unanswered is not sent more before the next certificate.
MAX_UNANSWERED = 2
# For how long the link in the mail works.
LINK_VALIDITY = timedelta(days=28)


@dataclass(frozen=True)
class SentBooster:
    """A booster that was sent, and whether any of its questions was answered."""

    on: date
    answered: bool


def weakest_points(estimate: Mapping[str, float], points: Sequence[str]) -> tuple[str, ...]:
    """The points that are remembered least, in the order of the course where they are equal."""
    order = {point: number for number, point in enumerate(points)}
    return tuple(sorted(points, key=lambda p: (estimate[p], order[p]))[:BOOSTER_QUESTIONS])


def interval_allows_booster(completed: date, sent: Sequence[SentBooster], on: date) -> bool:
    """Whether the calendar allows a booster, before the model is asked. `sent` are those since the completion,
    oldest first."""
    if not sent:
        return on >= completed + FIRST_BOOSTER_AFTER
    ignored = len(sent) >= MAX_UNANSWERED and not any(one.answered for one in sent[-MAX_UNANSWERED:])
    return on >= sent[-1].on + MIN_BOOSTER_INTERVAL and not ignored


def is_booster_due(completed: date, sent: Sequence[SentBooster], estimate: Mapping[str, float], on: date) -> bool:
    """Whether a booster is due: the first about a month after the completion, later ones when the model asks."""
    if not interval_allows_booster(completed, sent, on):
        return False
    if not sent:
        return True
    least = [estimate[point] for point in weakest_points(estimate, tuple(estimate))]
    return sum(least) / len(least) < ESTIMATE_THRESHOLD


def sign_booster_token(attempt_id: int, secret: str) -> str:
    """What stands in the link to a booster: its number, signed, so that nobody can make up another."""
    return str(URLSafeSerializer(secret, salt="booster").dumps(attempt_id))


def read_booster_token(token: str, secret: str) -> int | None:
    """The number in a link; None if it was not made by `sealed` with this secret."""
    try:
        found = URLSafeSerializer(secret, salt="booster").loads(token)
    except BadSignature:
        return None
    return found if isinstance(found, int) else None
