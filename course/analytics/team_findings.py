"""What a group gets wrong, with the words of the course: for the page, and for whoever takes it elsewhere."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.queries import Counted
from course.analytics.rules.findings import PointFinding, by_point, misconception
from course.analytics.rules.release_schedule import Life, Timeline, stands, timeline
from course.analytics.rules.suppression import ALL, monday_of, people_shown
from course.content.library import Library
from course.content.queries import part
from course.content.schema import Option, Point, Question
from course.dates import begin_of, civil_date
from course.teams.queries import changes_at as tree_changes
from course.teams.queries import tree
from course.teams.rules import below


@dataclass(frozen=True)
class Tree:
    """Of whom figures are: of the people who were here at the moment `before`, in the teams of that moment, and what they
    had answered by then. `parents` says what each team was part of, `below` the ids below each; nobody of the teams
    `out` counts."""

    parents: dict[int, int | None]
    below: dict[int, set[int]]
    before: datetime
    out: frozenset[int]

    def among(self, group: int) -> frozenset[int] | None:
        """The ids of the teams of a group; None for everybody."""
        return None if group == ALL else frozenset(self.below[group])


def timeline_until(session: Session, today: date, zone: str) -> Timeline:
    """What is told of each group on each day until today."""
    lives = queries.lives(session, begin_of(monday_of(today), zone))
    mondays, moments = _mondays(lives, today, zone)
    grown = {0, *(bisect_left(moments, at) for at in tree_changes(session))}
    trees = {index: parents_at(session, moments[index]) for index in grown if index < len(moments)}
    return timeline(mondays, trees, (stand for life in lives for stand in stands(life, moments)))


def questions_until(session: Session, today: date, zone: str) -> date | None:
    """Answers to questions before this day may be told of, together with those of people who have left: a Monday; None
    if there are too few."""
    lives = queries.lives(session, begin_of(monday_of(today), zone), decided=False)
    mondays, moments = _mondays(lives, today, zone)
    ever = (replace(life, came=min(at for at, _ in life.answered), written=(), stays=()) for life in lives)
    told = timeline(mondays, {}, (stand for life in ever for stand in stands(life, moments))).of(ALL, today)
    return told[0] if told else None


def _mondays(lives: Sequence[Life], today: date, zone: str) -> tuple[list[date], list[datetime]]:
    """The Mondays from the first answer until today, and when they begin."""
    if not lives:
        return [], []
    first = civil_date(min(at for life in lives for at, _ in life.answered), zone)
    weeks = (monday_of(today) - monday_of(first)).days // 7
    mondays = [monday_of(first) + timedelta(weeks=week) for week in range(1, weeks + 1)]
    return mondays, [begin_of(day, zone) for day in mondays]


def parents_at(session: Session, at: datetime) -> dict[int, int | None]:
    """What each team that was open at that moment was part of."""
    return {one.id: one.parent_id for one in tree(session, at)}


def tree_of(session: Session, told: tuple[date, frozenset[int]], zone: str) -> Tree:
    """Of whom figures of a Monday are: see rules.moving.Timeline.of."""
    day, out = told
    parents = parents_at(session, begin_of(day, zone))
    inside = {one: below(one, parents) for one in parents}
    return Tree(parents, inside, begin_of(day, zone), out)


@dataclass(frozen=True)
class Row:
    """A learning point and what was found; `wrong` is the wrong answer chosen most to `question`, `module` that of
    its discussion sheet."""

    point: Point
    finding: PointFinding
    question: Question | None
    wrong: Option | None
    module: str | None


def told(
    session: Session, library: Library, counted: Counted, parents: Mapping[int, int | None], group: int
) -> list[Row]:
    """The points of the course of which something may be told of that group, weakest first."""
    forms = {question.id: question.form for question in library.answerable.values()}
    people = {point: people_shown(parents, direct, group) for point, direct in counted.people.items()}
    asked = {key: people_shown(parents, direct, group) for key, direct in counted.asked.items()}
    found = by_point(counted.tallies, people, asked, forms)
    return [_row(session, library, finding) for finding in found if finding.point in library.points]


def _row(session: Session, library: Library, finding: PointFinding) -> Row:
    favourite = finding.favourite
    question = part(session, library, Question, favourite.question_id, favourite.version) if favourite else None
    wrong = misconception(question, favourite) if favourite else None
    module = next((one.id for one in library.modules.values() if finding.point in one.points), None)
    sheet = module if module in library.discussions else None
    return Row(library.points[finding.point], finding, question, wrong, sheet)
