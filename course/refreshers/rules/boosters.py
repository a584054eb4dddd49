"""When a booster is due: five questions by mail between two certificates, on the points that the person is likely to
forget."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

BOOSTER_QUESTIONS = 5
FIRST_BOOSTER_AFTER = timedelta(days=30)
MIN_BOOSTER_INTERVAL = timedelta(days=30)
# After the first booster the memory model decides: a booster is due once the average estimate of the five points
# remembered least is below this.
ESTIMATE_THRESHOLD = 0.7
# After so many unanswered boosters in a row a person is sent no more before the next certificate.
MAX_UNANSWERED = 2
# How long the link in the mail works.
LINK_VALIDITY = timedelta(days=28)


@dataclass(frozen=True)
class SentBooster:
    """A booster that was sent on a day, and whether any of its questions was answered."""

    on: date
    answered: bool


def weakest_points(estimate: Mapping[str, float], points: Sequence[str]) -> tuple[str, ...]:
    """The five points that are remembered least; points with equal estimates come in the order of the course."""
    order = {point: number for number, point in enumerate(points)}
    return tuple(sorted(points, key=lambda p: (estimate[p], order[p]))[:BOOSTER_QUESTIONS])


def points_to_ask(estimate: Mapping[str, float], points: Sequence[str], asked: Collection[str]) -> tuple[str, ...]:
    """The points of a booster that a learner begins: of `points`, those that they were asked about before and remember
    least. What was never asked cannot be forgotten."""
    return weakest_points(estimate, tuple(point for point in points if point in asked))


def interval_allows_booster(completed: date, sent: Sequence[SentBooster], on: date) -> bool:
    """Whether the intervals allow a booster, before the memory model is asked. `sent` are the boosters since the
    completion, oldest first."""
    if not sent:
        return on >= completed + FIRST_BOOSTER_AFTER
    are_ignored = len(sent) >= MAX_UNANSWERED and not any(one.answered for one in sent[-MAX_UNANSWERED:])
    return on >= sent[-1].on + MIN_BOOSTER_INTERVAL and not are_ignored


def is_booster_due(completed: date, sent: Sequence[SentBooster], estimate: Mapping[str, float], on: date) -> bool:
    """Whether a booster is due: the first about a month after the completion, later ones when the memory model says so."""
    if not interval_allows_booster(completed, sent, on):
        return False
    if not sent:
        return True
    weakest = [estimate[point] for point in weakest_points(estimate, tuple(estimate))]
    return sum(weakest) / len(weakest) < ESTIMATE_THRESHOLD
