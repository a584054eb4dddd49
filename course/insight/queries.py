"""Counting first answers and first decisions. Nothing here gives a name, and no row is about one person's answer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    String,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from course.insight.models import TeamTalk
from course.insight.rules.findings import Asked, Tally
from course.insight.rules.groups import Answered
from course.insight.rules.items import Result
from course.insight.rules.privacy import ALL
from course.insight.rules.talks import Talk
from course.learning.models import Answer, Attempt, AttemptItem, Decision, Enrolment, ScenarioRun
from course.people.models import Membership, Person, Team

KINDS = ("check", "final", "refresher", "update", "booster")


def _homes(then: datetime | None) -> CTE:
    """In which team each person who is here now, or was at the moment `then`, counts: the one that they had joined
    last; 0 if they are in none.

    In one only: figures of teams that share people could be taken from each other and leave few.
    """
    member: ColumnElement[bool] = Membership.until.is_(None)
    if then is not None:
        member = and_(Membership.since <= then, or_(member, Membership.until > then))
    newest = (
        select(Membership.person_id, func.max(Membership.id).label("id"))
        .where(member)
        .group_by(Membership.person_id)
        .subquery()
    )
    here: ColumnElement[bool] = Person.left_at.is_(None)
    if then is not None:
        # Whoever was in a team had not left as far as was known: memberships end when leaving is written down.
        here = and_(Person.created_at <= then, or_(here, Person.left_at > then, newest.c.id.is_not(None)))
    return (
        select(Person.id.label("person_id"), func.coalesce(Membership.team_id, 0).label("team_id"))
        .outerjoin(newest, newest.c.person_id == Person.id)
        .outerjoin(Membership, Membership.id == newest.c.id)
        .where(here)
        .cte("home")
    )


def members(session: Session, before: datetime, then: datetime | None = None) -> dict[int, set[int]]:
    """Who of the people who are here now (or were `then`), and answered something before that moment, counts in which
    team."""
    home = _homes(then)
    answered = (
        select(Answer.item_id)
        .join(AttemptItem, AttemptItem.id == Answer.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Enrolment.person_id == home.c.person_id, Attempt.kind.in_(KINDS), Answer.answered_at < before)
        .exists()
    )
    found: dict[int, set[int]] = defaultdict(set)
    for person, team in session.execute(select(home.c.person_id, home.c.team_id).where(answered)):
        found[team].add(person)
    return dict(found)


def _first_answers(*of: ColumnElement[bool]) -> CTE:
    """The first answer of each person to each question: items are numbered in the order in which they are asked.

    `of` says which answers count.
    """
    return (
        select(func.min(Answer.item_id).label("item_id"), Enrolment.person_id.label("person_id"))
        .select_from(Enrolment)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .where(Attempt.kind.in_(KINDS), *of)
        .group_by(Enrolment.person_id, AttemptItem.question_id)
        .cte("first_answer")
    )


@dataclass(frozen=True)
class Counted:
    """First answers: how each question was answered in a group; and of everybody, by team, how many people answered
    each point and were asked each question for it, and what each person answered in each month."""

    tallies: tuple[Tally, ...]
    people: dict[str, dict[int, int]]
    asked: dict[Asked, dict[int, int]]
    months: tuple[Answered, ...]


def answers(session: Session, teams: Collection[int] | None, before: datetime, then: datetime | None = None) -> Counted:
    """The first answers before that moment: tallies of those who count in these teams (None: of everybody), and what
    tells whether they may be shown; of the people who are here now, or were `then`. One query.

    Months are those of UTC.
    """
    home, first = _homes(then), _first_answers(Answer.answered_at < before)
    read = (
        select(
            first.c.person_id, home.c.team_id, AttemptItem.point, AttemptItem.question_id, AttemptItem.version,
            Answer.given,
            case((Answer.correct, 1), else_=0).label("right"),
            case((Answer.correct, 0), (Answer.sureness == "sure", 1), else_=0).label("sure"),
            (extract("year", Answer.answered_at) * 12 + extract("month", Answer.answered_at) - 1).label("month"),
        )
        .join(home, home.c.person_id == first.c.person_id)
        .join(AttemptItem, AttemptItem.id == first.c.item_id)
        .join(Answer, Answer.item_id == first.c.item_id)
        .cte("read_answer")
    )  # fmt: skip
    no_text, no_number = cast(null(), String), cast(null(), Integer)
    n, right, sure = func.count(), func.sum(read.c.right), func.sum(read.c.sure)
    question = read.c.point, read.c.question_id, read.c.version
    of_group = true() if teams is None else read.c.team_id.in_(teams)
    month = cast(read.c.month, Integer)
    rows = session.execute(
        union_all(
            select(literal("tally").label("what"), *question, read.c.given, no_number.label("team"),
                   no_number.label("month"), n, right, sure)
            .where(of_group).group_by(*question, read.c.given),
            select(literal("people"), read.c.point, no_text, no_text, no_text, read.c.team_id, no_number,
                   func.count(read.c.person_id.distinct()), no_number, no_number)
            .group_by(read.c.point, read.c.team_id),
            select(literal("asked"), *question, no_text, read.c.team_id, no_number, n, no_number, no_number)
            .group_by(*question, read.c.team_id),
            select(literal("month"), no_text, no_text, no_text, cast(read.c.person_id, String), read.c.team_id,
                   month, n, right, sure)
            .group_by(read.c.person_id, read.c.team_id, month),
        )
    )  # fmt: skip
    return _counted(rows)


def _counted(rows: Iterable[Any]) -> Counted:
    tallies, months = [], []
    people: dict[str, dict[int, int]] = defaultdict(dict)
    asked: dict[Asked, dict[int, int]] = defaultdict(dict)
    for what, point, question, version, given, team, month, count, right, sure in rows:
        if what == "tally":
            tallies.append(Tally(point, question, version, tuple(json.loads(given)), count, right, sure))
        elif what == "people":
            people[point][team] = count
        elif what == "asked":
            asked[point, question, version][team] = count
        else:
            months.append(Answered(f"{month // 12:04}-{month % 12 + 1:02}", team, int(given), right, count))
    return Counted(tuple(tallies), dict(people), dict(asked), tuple(months))


# How many people of each team chose what: by scenario (reference and version), scene, and choice.
Decisions = dict[tuple[str, str], dict[str, dict[str, dict[int, int]]]]


def decisions(session: Session, before: datetime) -> Decisions:
    """What everybody chose before that moment in the first run of each scenario, the first time they came to a scene.
    One query."""
    home = _homes(None)
    runs = (
        select(func.min(ScenarioRun.id).label("run_id"), home.c.team_id)
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .join(home, home.c.person_id == Enrolment.person_id)
        .group_by(Enrolment.person_id, home.c.team_id, ScenarioRun.ref)
        .cte("first_run")
    )
    first = (
        select(func.min(Decision.id).label("id"), runs.c.team_id)
        .join(runs, runs.c.run_id == Decision.run_id)
        .where(Decision.decided_at < before)
        .group_by(Decision.run_id, runs.c.team_id, Decision.scene_id)
        .cte("first_decision")
    )
    groups = ScenarioRun.ref, ScenarioRun.version, Decision.scene_id, Decision.choice_id, first.c.team_id
    rows = session.execute(
        select(*groups, func.count())
        .join(ScenarioRun, ScenarioRun.id == Decision.run_id)
        .join(first, first.c.id == Decision.id)
        .group_by(*groups)
    )
    found: Decisions = {}
    for ref, version, scene, choice, team, count in rows:
        found.setdefault((ref, version), {}).setdefault(scene, {}).setdefault(choice, {})[team] = count
    return found


def results(session: Session, before: datetime) -> dict[tuple[str, str], list[Result]]:
    """Every first answer that was given before that moment, by question and version, also of people who have left. One query.

    The database counts answers that are alike, so that few rows come back. What was chosen is told as it was given:
    only for questions that are answered by choosing are these options.
    """
    first = _first_answers(Answer.answered_at < before)
    right = case((Answer.correct, 1), else_=0)
    scores = (
        select(AttemptItem.attempt_id, func.count().label("n"), func.sum(right).label("right"))
        .join(Answer, Answer.item_id == AttemptItem.id)
        .where(Answer.answered_at < before)
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


def talks(session: Session, at: datetime | None = None) -> list[Talk]:
    """The talks that teams had, as they were known at that moment (None: now), the newest first. One query."""
    known: ColumnElement[bool] = TeamTalk.ended_at.is_(None)
    if at is not None:
        known = and_(TeamTalk.made_at <= at, or_(known, TeamTalk.ended_at > at))
    rows = session.execute(
        select(TeamTalk, Team.name, Person.name)
        .outerjoin(Team, Team.id == TeamTalk.team_id)
        .join(Person, Person.id == TeamTalk.made_by)
        .where(known)
        .order_by(TeamTalk.held_on.desc(), TeamTalk.id.desc())
    )
    return [
        Talk(row.id, row.team_id or ALL, team or "Everybody", row.point, row.held_on, row.people, row.agreed, by,
             row.made_at)
        for row, team, by in rows
    ]  # fmt: skip
