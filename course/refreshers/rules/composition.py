"""Composing a refresher for one person: what must be in it, then what they are likeliest to have forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

REASON_CRITICAL = "critical"
REASON_CHANGED = "changed"
REASON_FORGOTTEN = "forgotten"
# Half a minute to answer, half a minute to read why.
QUESTION_MINUTES = 1.0
# The page is offered after a miss; this share of people is taken to read it again.
REREAD_SHARE = 0.5
QUESTIONS_PER_CRITICAL = 2


@dataclass(frozen=True)
class PlannedPoint:
    """A point to ask, with how many questions, and why: critical, changed or (likely) forgotten."""

    point: str
    questions: int
    reason: str


@dataclass(frozen=True)
class RefresherPlan:
    """The points in the order in which they were taken up, and about how many minutes all of it takes, with what
    had to be read anyway."""

    planned_points: tuple[PlannedPoint, ...]
    minutes: float

    def points(self, why: str) -> tuple[str, ...]:
        return tuple(ask.point for ask in self.planned_points if ask.reason == why)


def point_minutes(questions: int, estimate: float, page_minutes: float) -> float:
    """About how many minutes a point takes: its questions and, as often as it is missed, another one and its page."""
    return questions * QUESTION_MINUTES + (1 - estimate) * (QUESTION_MINUTES + REREAD_SHARE * page_minutes)


def compose_plan(
    points: Sequence[str],
    critical: frozenset[str],
    changed: frozenset[str],
    estimate: Mapping[str, float],
    page_minutes: Mapping[str, float],
    fixed: float,
    budget: float,
) -> RefresherPlan:
    """Which points are asked. `points` are all that are taught, `estimate` says how likely each is remembered,
    `page_minutes` how long its page takes, `fixed` what the changed pages and the scenario take, `budget` what all of
    it may take, in minutes.

    Critical and changed points are always in, however long that takes; then the others, the least remembered first,
    until the next would go over the budget. There is always at least one point.
    """
    asks = [PlannedPoint(p, QUESTIONS_PER_CRITICAL, REASON_CRITICAL) for p in points if p in critical]
    asks += [PlannedPoint(p, 1, REASON_CHANGED) for p in points if p in changed and p not in critical]
    minutes = fixed + sum(point_minutes(ask.questions, estimate[ask.point], page_minutes[ask.point]) for ask in asks)
    taken = {ask.point for ask in asks}
    order = {point: number for number, point in enumerate(points)}
    for point in sorted(points, key=lambda p: (estimate[p], order[p])):
        if point in taken:
            continue
        more = point_minutes(1, estimate[point], page_minutes[point])
        if minutes + more > budget and asks:
            break
        asks.append(PlannedPoint(point, 1, REASON_FORGOTTEN))
        minutes += more
    return RefresherPlan(tuple(asks), minutes)


@dataclass(frozen=True)
class ScenarioCandidate:
    """A scenario that could be in a refresher: how near it is to the person's work (0 their own, 1 close to it, 2
    another), and how often they have been through it."""

    ref: str
    distance: int
    points: tuple[str, ...]
    run_count: int


def next_scenario(stories: Iterable[ScenarioCandidate], estimate: Mapping[str, float]) -> ScenarioCandidate | None:
    """Another one each year: of those seen least often the nearest to the person's work, and of these the one whose
    points are the least remembered."""

    def rank(story: ScenarioCandidate) -> tuple[float, ...]:
        known = [estimate.get(point, 0.0) for point in story.points]
        return story.run_count, story.distance, sum(known) / len(known)

    return min(stories, key=lambda story: (rank(story), story.ref), default=None)
