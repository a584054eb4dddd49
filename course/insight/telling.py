"""What a group gets wrong, with the words of the course: for the page, and for whoever takes it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.queries import part
from course.content.shapes import Option, Point, Question
from course.dates import begin_of
from course.insight import queries
from course.insight.queries import Counted
from course.insight.rules.findings import PointFinding, by_point, misconception
from course.insight.rules.privacy import ALL, open_teams, people_shown
from course.people.queries import TeamView, teams
from course.teams.queries import tree
from course.teams.rules import below

People = frozenset[tuple[int, frozenset[int]]]  # who counts in which team


@dataclass(frozen=True)
class Tree:
    """The teams that may be seen; of all teams the people, what each is part of, the ids below each, and those whose
    answers may be shown. Answers count that were given before the moment `before`, by the people who are here now, or
    who were here at the moment `then`."""

    teams: list[TeamView]
    people: People
    parents: dict[int, int | None]
    below: dict[int, set[int]]
    open: set[int]
    before: datetime
    then: datetime | None = None

    def among(self, group: int) -> frozenset[int] | None:
        """The ids of the teams of a group; None for everybody."""
        return None if group == ALL else frozenset(self.below[group])


def tree_of(session: Session, until: date, zone: str, *, as_then: bool = False) -> Tree:
    """All teams that are open now, and of which of them something may be told; answers count that were given before
    the day `until` began. `as_then`: the teams and the people are those of that moment."""
    before = begin_of(until, zone)
    then = before if as_then else None
    every = tree(session, then) if then else teams(session)
    parents = {one.id: one.parent_id for one in every}
    inside = {one.id: below(one.id, parents) for one in every}
    people = frozenset((team, frozenset(ids)) for team, ids in queries.members(session, before, then).items())
    direct = {team: len(ids) for team, ids in people}
    return Tree(every, people, parents, inside, open_teams(parents, direct), before, then)


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
