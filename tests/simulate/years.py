"""Two years of training, of which the second is measured: the first leads up to the renewal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from course.content.library import Library
from course.refreshers.actions import page_minutes
from course.refreshers.rules.boosters import BOOSTER_QUESTIONS, SentBooster, is_booster_due, weakest_points
from course.refreshers.rules.composition import QUESTION_MINUTES, REREAD_SHARE, TimeBudget, compose_plan
from course.refreshers.rules.memory_model import Memory, MemoryReview, memory_estimates, memory_from_reviews
from tests.simulate.learners import Kind, Learner

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
YEAR = 365
LOOKED_AT = 7  # days between two looks at what is remembered
ANSWERS_BOOSTERS = 0.6
MOST_TRIES = 6


@dataclass(frozen=True)
class Course:
    """The numbers of the real course that the simulation rests on."""

    points: tuple[str, ...]
    critical: frozenset[str]
    pages: dict[str, float]
    minutes: float
    budget: float


def course_of(library: Library) -> Course:
    critical = frozenset(p for p in library.taught_points if library.points[p].safety_critical)
    share = library.course.refresher_share / 100
    return Course(library.taught_points, critical, page_minutes(library), library.minutes, library.minutes * share)


@dataclass
class Person:
    """A learner on their way, with what the course knows of them: first answers, never what they remember."""

    learner: Learner
    course: Course
    memory: Memory = field(default_factory=dict)
    spent: list[tuple[float, float]] = field(default_factory=list)  # (day, minutes)
    boosters: list[SentBooster] = field(default_factory=list)

    def ask(self, point: str, day: float) -> bool:
        right, sure = self.learner.answer(point, day)
        self.memory = memory_from_reviews([MemoryReview(point, moment(day), right, sure)], self.memory)
        return right

    def until_right(self, point: str, questions: int, day: float) -> float:
        """The questions of a point, each miss explained, its page offered, and asked again; minutes spent."""
        minutes, wanted = 0.0, questions
        for _ in range(questions + MOST_TRIES):
            if not wanted:
                break
            minutes += QUESTION_MINUTES
            if self.ask(point, day):
                wanted -= 1
            elif self.learner.chance.random() < REREAD_SHARE:
                minutes += self.course.pages[point]
                self.learner.practise(point, day)
        return minutes

    def whole_course(self, day: float) -> None:
        """Every page, the checks, and the final assessment the day after."""
        for point in self.course.points:
            self.learner.practise(point, day)
            self.ask(point, day + 0.02)
        for point in self.course.points:
            self.ask(point, day + 1)
        self.spent.append((day, self.course.minutes))


def moment(day: float) -> datetime:
    return START + timedelta(days=day)


def on(day: float) -> date:
    return moment(day).date()


Renewal = Callable[[Person, float], None]


def full_repeat(person: Person, day: float) -> None:
    person.whole_course(day)


def random_refresher(person: Person, day: float) -> None:
    """The same time as ours, with points drawn by chance."""
    minutes = 0.0
    for point in person.learner.chance.sample(person.course.points, len(person.course.points)):
        if minutes >= person.course.budget:
            break
        minutes += person.until_right(point, 1, day)
    person.spent.append((day, minutes))


def our_refresher(person: Person, day: float) -> None:
    course = person.course
    known = memory_estimates(person.memory, course.points, moment(day))
    plan = compose_plan(course.points, course.critical, frozenset(), known, TimeBudget(course.pages, 0, course.budget))
    minutes = sum(person.until_right(ask.point, ask.questions, day) for ask in plan.planned_points)
    person.spent.append((day, minutes))


def _booster(person: Person, day: float, since: float) -> None:
    """A booster, if one is due; some are left unanswered."""
    known = memory_estimates(person.memory, person.course.points, moment(day))
    if not is_booster_due(on(since), person.boosters, known, on(day)):
        return
    answered = person.learner.chance.random() < ANSWERS_BOOSTERS
    person.boosters.append(SentBooster(on(day), answered))
    if answered:
        for point in weakest_points(known, person.course.points):
            person.ask(point, day)
        person.spent.append((day, BOOSTER_QUESTIONS * QUESTION_MINUTES / 2))


@dataclass(frozen=True)
class Way:
    """A way of keeping people trained: what is done at the renewal, and whether boosters are sent in between."""

    name: str
    renewal: Renewal
    boosters: bool = False


WAYS = (
    Way("full repeat", full_repeat),
    Way("random refresher", random_refresher),
    Way("ours", our_refresher, boosters=True),
    Way("ours without boosters", our_refresher),
)


@dataclass(frozen=True)
class Measured:
    """The second year: minutes spent for each person, and the share of points remembered, on average over the year,
    on its worst day, and for the safety-critical points on average."""

    minutes: float
    average: float
    worst: float
    critical: float


def year(course: Course, kind: Kind, way: Way, people: int, seed: int) -> Measured:
    """Some people of a kind, renewing in one way. The same seed gives every way the same people."""
    looks = range(YEAR + 2, 2 * YEAR, LOOKED_AT)
    shares = dict.fromkeys(looks, 0.0)
    critical, spent = 0.0, 0.0
    for number in range(people):
        person = Person(Learner(kind, course.points, random.Random(f"{seed}:{number}")), course)
        person.whole_course(0)
        since = 1.0
        for day in range(2, 2 * YEAR):
            if day == YEAR:
                way.renewal(person, day)
                since, person.boosters = day, []
            elif way.boosters and day % LOOKED_AT == 0 and not day % YEAR >= YEAR - 60:
                _booster(person, day, since)
            if day in shares:
                known = {point: person.learner.remembers(point, day) for point in course.points}
                shares[day] += mean(known.values()) / people
                critical += mean(known[p] for p in course.critical) / people / len(looks)
        spent += sum(minutes for day, minutes in person.spent if day >= YEAR) / people
    return Measured(spent, mean(shares.values()), min(shares.values()), critical)


def mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
