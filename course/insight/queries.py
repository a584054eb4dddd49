"""Counting first answers and first decisions. Nothing here gives a name, and no row is about one person's answer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    String,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from course.insight.rules.findings import Tally
from course.insight.rules.groups import Month
from course.insight.rules.items import Result
from course.insight.rules.privacy import open_teams
from course.learning.models import Answer, Attempt, AttemptItem, Decision, Enrolment, ScenarioRun
from course.people.models import Membership, Person
from course.people.queries import TeamView, teams
from course.teams.rules import below

KINDS = ("check", "final", "refresher", "update", "booster")


def members(session: Session) -> tuple[dict[int, set[int]], set[int]]:
    """Of the people who are here now and have answered something: who is directly in which team, and all of them."""
    answered = (
        select(Answer.item_id)
        .join(AttemptItem, AttemptItem.id == Answer.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Enrolment.person_id == Person.id, Attempt.kind.in_(KINDS))
        .exists()
    )
    rows = session.execute(
        select(Person.id, Membership.team_id)
        .outerjoin(Membership, (Membership.person_id == Person.id) & Membership.until.is_(None))
        .where(Person.left_at.is_(None), answered)
    )
    teams: dict[int, set[int]] = defaultdict(set)
    everybody = set()
    for person, team in rows:
        everybody.add(person)
        if team is not None:
            teams[team].add(person)
    return dict(teams), everybody


@dataclass(frozen=True)
class Groups:
    """The teams that are open now in the order of their tree, the ids below each (with its own), and those whose
    answers may be shown; ALL stands for everybody."""

    teams: list[TeamView]
    below: dict[int, set[int]]
    open: set[int]


def groups(session: Session) -> Groups:
    """Which groups may be told what they get wrong, so that nobody can be worked out from two of them."""
    every = teams(session)
    parents = {one.id: one.parent_id for one in every}
    inside = {one.id: below(one.id, parents) for one in every}
    direct, answered = members(session)
    people = {team: set[int]().union(*(direct.get(one, set()) for one in ids)) for team, ids in inside.items()}
    return Groups(every, inside, open_teams(parents, people, answered))


def _among(teams: Collection[int] | None) -> ColumnElement[bool]:
    """Enrolments of the people who are here now: all of them, or those in one of the teams."""
    here = select(Person.id).where(Person.left_at.is_(None))
    if teams is not None:
        inside = select(Membership.person_id).where(Membership.until.is_(None), Membership.team_id.in_(teams))
        here = here.where(Person.id.in_(inside))
    return Enrolment.person_id.in_(here)


def _first_answers(of: ColumnElement[bool]) -> CTE:
    """The first answer of each person to each question: items are numbered in the order in which they are asked.

    `of` says whose enrolments count.
    """
    return (
        select(func.min(Answer.item_id).label("item_id"), Enrolment.person_id.label("person_id"))
        .select_from(Enrolment)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .where(Attempt.kind.in_(KINDS), of)
        .group_by(Enrolment.person_id, AttemptItem.question_id)
        .cte("first_answer")
    )


@dataclass(frozen=True)
class Counted:
    """The first answers of a group: how each question was answered, how many people answered each point, and what
    was answered in each month, in order."""

    tallies: tuple[Tally, ...]
    people: dict[str, int]
    months: tuple[Month, ...]


def answers(session: Session, teams: Collection[int] | None) -> Counted:
    """The first answers of those who are now in these teams (None: of everybody), in one query.

    Months are those of UTC.
    """
    first = _first_answers(_among(teams))
    read = (
        select(
            first.c.person_id, AttemptItem.point, AttemptItem.question_id, AttemptItem.version, Answer.given,
            case((Answer.correct, 1), else_=0).label("right"),
            case((Answer.correct, 0), (Answer.sureness == "sure", 1), else_=0).label("sure"),
            (extract("year", Answer.answered_at) * 12 + extract("month", Answer.answered_at) - 1).label("month"),
        )
        .join(AttemptItem, AttemptItem.id == first.c.item_id)
        .join(Answer, Answer.item_id == first.c.item_id)
        .cte("read_answer")
    )  # fmt: skip
    no_text, no_number = cast(null(), String), cast(null(), Integer)
    n, right, sure = func.count(), func.sum(read.c.right), func.sum(read.c.sure)
    groups = read.c.point, read.c.question_id, read.c.version, read.c.given
    month = cast(read.c.month, Integer)
    rows = session.execute(
        union_all(
            select(literal("tally").label("what"), *groups, no_number.label("month"), n, right, sure).group_by(*groups),
            select(literal("people"), read.c.point, no_text, no_text, no_text, no_number,
                   func.count(read.c.person_id.distinct()), no_number, no_number).group_by(read.c.point),
            select(literal("month"), no_text, no_text, no_text, cast(read.c.person_id, String), month, n, right, sure)
            .group_by(read.c.person_id, month),
        )
    )  # fmt: skip
    tallies, people, months = [], {}, defaultdict(list)
    for what, point, question, version, given, number, count, of_right, of_sure in rows:
        if what == "tally":
            tallies.append(Tally(point, question, version, tuple(json.loads(given)), count, of_right, of_sure))
        elif what == "people":
            people[point] = count
        else:
            months[number].append((int(given), of_right, count))
    return Counted(tuple(tallies), people, tuple(_month(number, months[number]) for number in sorted(months)))


def _month(number: int, rows: list[tuple[int, int, int]]) -> Month:
    name = f"{number // 12:04}-{number % 12 + 1:02}"
    return Month(
        name, name, frozenset(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)
    )


def decisions(session: Session, teams: Collection[int] | None) -> dict[tuple[str, str], dict[tuple[str, str], int]]:
    """How many people chose what in the first run of each scenario, the first time they came to a scene.

    By scenario (reference and version), then by scene and choice. One query.
    """
    runs = (
        select(func.min(ScenarioRun.id).label("run_id"))
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .where(_among(teams))
        .group_by(Enrolment.person_id, ScenarioRun.ref)
        .cte("first_run")
    )
    first = (
        select(func.min(Decision.id).label("id"))
        .join(runs, runs.c.run_id == Decision.run_id)
        .group_by(Decision.run_id, Decision.scene_id)
        .cte("first_decision")
    )
    groups = ScenarioRun.ref, ScenarioRun.version, Decision.scene_id, Decision.choice_id
    rows = session.execute(
        select(*groups, func.count())
        .join(ScenarioRun, ScenarioRun.id == Decision.run_id)
        .join(first, first.c.id == Decision.id)
        .group_by(*groups)
    )
    found: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for ref, version, scene, choice, count in rows:
        found[ref, version][scene, choice] = count
    return dict(found)


def results(session: Session) -> dict[tuple[str, str], list[Result]]:
    """Every first answer that was ever given, by question and version, also of people who have left. One query.

    The database counts answers that are alike, so that few rows come back. What was chosen is told as it was given:
    only for questions that are answered by choosing are these options.
    """
    first = _first_answers(true())
    right = case((Answer.correct, 1), else_=0)
    scores = (
        select(AttemptItem.attempt_id, func.count().label("n"), func.sum(right).label("right"))
        .join(Answer, Answer.item_id == AttemptItem.id)
        .group_by(AttemptItem.attempt_id)
        .cte("score")
    )
    groups = AttemptItem.question_id, AttemptItem.version, Answer.given, right, scores.c.right, scores.c.n
    rows = session.execute(
        select(*groups, func.count())
        .join(first, first.c.item_id == AttemptItem.id)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .join(scores, scores.c.attempt_id == AttemptItem.attempt_id)
        .group_by(*groups)
    )
    found: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for question, version, given, mark, of_right, n, count in rows:
        rest = (of_right - mark) / (n - 1) if n > 1 else None
        chosen = tuple(index for index in json.loads(given) if isinstance(index, int))
        found[question, version] += [Result(mark, rest, chosen)] * count
    return dict(found)
