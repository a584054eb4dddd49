"""Compose a refresher for one person: first what must be in it, then the points that they are most likely to have
forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

REASON_CRITICAL = "critical"
REASON_CHANGED = "changed"
REASON_FORGOTTEN = "forgotten"
# Half a minute to answer the question, and half a minute to read the explanation.
QUESTION_MINUTES = 1.0
# After a wrong answer the page is offered; this share of people is assumed to read it again.
REREAD_SHARE = 0.5
QUESTIONS_PER_CRITICAL = 2


@dataclass(frozen=True)
class PlannedPoint:
    """A point to ask, with the number of questions and the reason: critical, changed or (likely) forgotten."""

    point: str
    questions: int
    reason: str


@dataclass(frozen=True)
class RefresherPlan:
    """The points in the order in which they were chosen, and the approximate duration of the whole refresher in
    minutes, including the changed pages and the scenario."""

    planned_points: tuple[PlannedPoint, ...]
    minutes: float

    def points(self, reason: str) -> tuple[str, ...]:
        """The points that are asked for this reason."""
        return tuple(point.point for point in self.planned_points if point.reason == reason)


def point_minutes(questions: int, estimate: float, page_minutes: float) -> float:
    """The approximate duration of a point in minutes: its questions and, in proportion to how likely a wrong answer is,
    one more question and the page."""
    return questions * QUESTION_MINUTES + (1 - estimate) * (QUESTION_MINUTES + REREAD_SHARE * page_minutes)


@dataclass(frozen=True)
class TimeBudget:
    """The time of a refresher in minutes: how long the page of each point takes, how long the changed pages and the
    scenario take (`fixed`), and how long the whole refresher may take (`budget`)."""

    page_minutes: Mapping[str, float]
    fixed: float
    budget: float


def compose_plan(
    points: Sequence[str],
    critical: frozenset[str],
    changed: frozenset[str],
    estimate: Mapping[str, float],
    time: TimeBudget,
) -> RefresherPlan:
    """Choose the points of a refresher. `points` are all points that are taught, `estimate` says how likely each is
    remembered (0 to 1).

    Critical and changed points are always included, however long that takes. The other points follow, the least
    remembered first, until the next one would exceed the budget. There is always at least one point.
    """
    planned = [PlannedPoint(p, QUESTIONS_PER_CRITICAL, REASON_CRITICAL) for p in points if p in critical]
    planned += [PlannedPoint(p, 1, REASON_CHANGED) for p in points if p in changed and p not in critical]
    minutes = time.fixed + sum(
        point_minutes(ask.questions, estimate[ask.point], time.page_minutes[ask.point]) for ask in planned
    )
    chosen = {ask.point for ask in planned}
    order = {point: number for number, point in enumerate(points)}
    for point in sorted(points, key=lambda p: (estimate[p], order[p])):
        if point in chosen:
            continue
        extra = point_minutes(1, estimate[point], time.page_minutes[point])
        if minutes + extra > time.budget and planned:
            break
        planned.append(PlannedPoint(point, 1, REASON_FORGOTTEN))
        minutes += extra
    return RefresherPlan(tuple(planned), minutes)


@dataclass(frozen=True)
class ScenarioCandidate:
    """A scenario that could be in a refresher: its distance from the person's work (0 their own setting, 1 a near one,
    2 another), and how often the person has finished it."""

    ref: str
    distance: int
    points: tuple[str, ...]
    run_count: int


def next_scenario(candidates: Iterable[ScenarioCandidate], estimate: Mapping[str, float]) -> ScenarioCandidate | None:
    """The scenario for the next refresher, so that it differs from year to year: of the scenarios run least often the
    nearest to the person's work, and of these the one whose points are remembered least. None if there is no scenario.
    """

    def rank(candidate: ScenarioCandidate) -> tuple[float, ...]:
        estimates = [estimate.get(point, 0.0) for point in candidate.points]
        return candidate.run_count, candidate.distance, sum(estimates) / len(estimates)

    return min(candidates, key=lambda candidate: (rank(candidate), candidate.ref), default=None)
