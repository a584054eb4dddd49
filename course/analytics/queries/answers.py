"""First answers and first decisions, from which figures of groups are counted. No query returns a name of somebody who answered."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    cast,
    extract,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.analytics.models import TeamDiscussion
from course.analytics.rules.discussions import DiscussionView
from course.analytics.rules.findings import AnswerKind
from course.analytics.rules.placement_history import MembershipSpell, PersonHistory
from course.analytics.rules.running_counts import ChoiceKind, FirstAnswers, FirstChoices
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.context import ZONE_KEY
from course.dates import start_of_day
from course.learning.models import Answer, Attempt, AttemptItem, Decision, Enrolment, ScenarioRun
from course.learning.queries import is_run_void, is_void
from course.people.models import Employment, Membership, Person, Team
from course.people.queries import names_told_apart
from course.translation import lazy_gettext as _

ATTEMPT_KINDS = ("check", "final", "refresher", "update", "booster")
PORTION = 500  # people whose answers are read at once: on PostgreSQL all rows of a statement are in memory together


def person_histories(session: Session, before: datetime, *, with_decisions: bool = True) -> list[PersonHistory]:
    """The histories of everybody who answered a question or, `with_decisions`, took a decision in a scenario before that
    moment. Four queries."""
    answered: dict[int, dict[int, int]] = defaultdict(dict)
    counts = [_answers_by_quarter(before), *([_decisions_by_quarter(before)] if with_decisions else [])]
    for person, quarter, count in session.execute(union_all(*counts)):
        answered[person][quarter] = answered[person].get(quarter, 0) + count
    memberships: dict[int, list[MembershipSpell]] = defaultdict(list)
    spells = select(Membership.person_id, Membership.team_id, Membership.since, Membership.until)
    for person, team, since, until in session.execute(spells.order_by(Membership.id)):
        memberships[person].append(MembershipSpell(team, since, until))
    employment = _employment_changes(session)
    moments: dict[int, datetime] = {}
    histories = []
    for person, joined, left in session.execute(select(Person.id, Person.created_at, Person.left_at)):
        if person in answered:
            by_quarter = tuple(
                (moments.setdefault(quarter, _quarter_start(quarter)), count)
                for quarter, count in answered[person].items()
            )
            changes = tuple(employment.get(person, [(left, False)] if left else []))
            histories.append(PersonHistory(person, joined, changes, tuple(memberships[person]), by_quarter))
    return histories


def _employment_changes(session: Session) -> dict[int, list[tuple[datetime, bool]]]:
    """For each person the moments from which on they had left or were here. A last day that was recorded beforehand counts
    from the day after it, unless something else was recorded until then."""
    changes: dict[int, list[tuple[datetime, bool]]] = defaultdict(list)
    zone = session.info[ZONE_KEY]
    records = select(Employment.person_id, Employment.made_at, Employment.recorded, Employment.end)
    for person, at, recorded, end in session.execute(records.order_by(Employment.id)):
        if changes[person] and changes[person][-1][0] > at:
            changes[person].pop()
        effective = at
        if end is not None and end > recorded:
            if changes[person] and not changes[person][-1][1]:
                changes[person].append((at, True))  # an earlier last day was over, and they stay after all
            effective = start_of_day(end + timedelta(days=1), zone)
        changes[person].append((effective, end is None))
    return changes


def first_counted_moment(session: Session) -> datetime | None:
    """The moment of the first answer or decision that is in the database; None if there is none. Two queries."""
    answered = session.execute(
        select(func.min(Answer.answered_at))
        .join(AttemptItem, AttemptItem.id == Answer.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.kind.in_(ATTEMPT_KINDS), ~is_void(Attempt.id))
    ).scalar()
    decided = session.execute(select(func.min(Decision.decided_at)).where(~is_run_void(Decision.run_id))).scalar()
    return min((at for at in (answered, decided) if at is not None), default=None)


def _quarter_start(quarter: int) -> datetime:
    return datetime.fromtimestamp(quarter * 900, UTC)


def _quarter_hour(at: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    """The number of the quarter of an hour since 1970. In every time zone days begin with a quarter."""
    return cast(extract("epoch", at) - extract("second", at), Integer) // 900


def _answers_by_quarter(before: datetime) -> Select[Any]:
    first = _first_answers(before)
    quarter = _quarter_hour(Answer.answered_at)
    return (
        select(first.c.person_id, quarter.label("quarter"), func.count().label("n"))
        .join(Answer, Answer.item_id == first.c.item_id)
        .group_by(first.c.person_id, quarter)
    )


def _decisions_by_quarter(before: datetime) -> Select[Any]:
    runs = _first_runs()
    quarter = _quarter_hour(Decision.decided_at)
    return (
        select(runs.c.person_id, quarter, func.count())
        .join(Decision, Decision.run_id == runs.c.run_id)
        .where(Decision.decided_at < before)
        .group_by(runs.c.person_id, quarter)
    )


def _first_runs(*among: ColumnElement[bool]) -> CTE:
    """The first run of each person through each scenario, of those that count, of the enrolments `among`."""
    return (
        select(func.min(ScenarioRun.id).label("run_id"), Enrolment.person_id)
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .where(~is_run_void(ScenarioRun.id), *among)
        .group_by(Enrolment.person_id, ScenarioRun.ref)
        .cte("first_run")
    )


def ranked_answers(
    before: datetime | BindParameter[datetime],
    *among: ColumnElement[bool],
    columns: Sequence[SQLColumnExpression[Any]] = (Answer.item_id, Enrolment.person_id),
) -> Subquery:
    """The answers before that moment of the enrolments `among`, as these columns, each with its place among the answers of the
    same person to the same question (`place`, from 1).

    The order is that of the answers, because a question that was opened earlier may be answered later: so a first answer
    never ceases to be the first, unless its attempt was entered wrongly from paper and made void.
    """
    return (
        select(
            *columns,
            func.row_number()
            .over(
                partition_by=(Enrolment.person_id, AttemptItem.question_id),
                order_by=(Answer.answered_at, Answer.item_id),
            )
            .label("place"),
        )
        .select_from(Enrolment)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .where(Attempt.kind.in_(ATTEMPT_KINDS), ~is_void(Attempt.id), Answer.answered_at < before, *among)
        .subquery()
    )


def _first_answers(before: datetime) -> CTE:
    """The first answer before that moment of each person to each question."""
    answered = ranked_answers(before)
    return select(answered.c.item_id, answered.c.person_id).where(answered.c.place == 1).cte("first_answer")


def first_answers(session: Session, people: Collection[int], moments: Sequence[datetime]) -> FirstAnswers:
    """The first answers of these people before the last of these moments. Months are those of UTC. One query for each PORTION
    people."""
    columns = (
        Enrolment.person_id, Answer.answered_at, AttemptItem.point, AttemptItem.question_id, AttemptItem.version, Answer.given,
        Answer.correct, Answer.sureness,
    )  # fmt: skip
    kinds: dict[tuple[Any, ...], int] = {}
    given = [array("i") for _ in moments]
    for first, last in _portions(people):
        answered = ranked_answers(moments[-1], Enrolment.person_id.between(first, last), columns=columns).c
        rows = select(*[column for column in answered if column is not answered.place]).where(answered.place == 1)
        for person, at, *words, right, sureness in session.execute(rows):
            kind = kinds.setdefault((*words, right, not right and sureness == "sure"), len(kinds))
            given[bisect_right(moments, at)].extend((person, kind, at.year * 12 + at.month - 1))
    return FirstAnswers(
        [
            AnswerKind((point, question, version), tuple(json.loads(text)), right, sure_and_wrong)
            for point, question, version, text, right, sure_and_wrong in kinds
        ],
        given,
    )


def first_choices(session: Session, people: Collection[int], moments: Sequence[datetime]) -> FirstChoices:
    """The choices of these people before the last of these moments in the first run of each scenario, the first time they came
    to a scene. One query for each PORTION people."""
    kinds: dict[tuple[str, ...], int] = {}
    taken = [array("i") for _ in moments]
    for lowest, highest in _portions(people):
        runs = _first_runs(Enrolment.person_id.between(lowest, highest))
        first = (
            select(func.min(Decision.id).label("id"), runs.c.person_id)
            .join(runs, runs.c.run_id == Decision.run_id)
            .where(Decision.decided_at < moments[-1])
            .group_by(Decision.run_id, runs.c.person_id, Decision.scene_id)
            .cte("first_decision")
        )
        choice = ScenarioRun.ref, ScenarioRun.version, Decision.scene_id, Decision.choice_id
        rows = (
            select(first.c.person_id, Decision.decided_at, *choice)
            .join(Decision, Decision.id == first.c.id)
            .join(ScenarioRun, ScenarioRun.id == Decision.run_id)
        )
        for person, at, *words in session.execute(rows):
            taken[bisect_right(moments, at)].extend((person, kinds.setdefault(tuple(words), len(kinds))))
    return FirstChoices([ChoiceKind((ref, version), scene, choice) for ref, version, scene, choice in kinds], taken)


def _portions(people: Collection[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of each PORTION people."""
    ordered = sorted(people)
    for start in range(0, len(ordered), PORTION):
        portion = ordered[start : start + PORTION]
        yield portion[0], portion[-1]


def last_talk_days(session: Session) -> dict[int, date]:
    """The last day on which each group held a discussion that still counts, by group. One query."""
    rows = select(TeamDiscussion.team_id, func.max(TeamDiscussion.held_on)).where(TeamDiscussion.ended_at.is_(None))
    found = session.execute(rows.group_by(TeamDiscussion.team_id))
    return {team or WHOLE_ORGANISATION: day for team, day in found}


def team_discussions(session: Session, at: datetime | None = None) -> list[DiscussionView]:
    """The recorded discussions of teams, as they were known at that moment (None: now), the newest first. Their authors are
    told apart from others of the same name. Two queries, and two more where a name is shared."""
    active: ColumnElement[bool] = TeamDiscussion.ended_at.is_(None)
    if at is not None:
        active = and_(TeamDiscussion.made_at <= at, or_(active, TeamDiscussion.ended_at > at))
    rows = session.execute(
        select(TeamDiscussion, Team.name)
        .outerjoin(Team, Team.id == TeamDiscussion.team_id)
        .where(active)
        .order_by(TeamDiscussion.held_on.desc(), TeamDiscussion.id.desc())
    ).all()
    names = names_told_apart(session, {row.made_by for row, _team in rows}) if rows else {}
    return [
        DiscussionView(row.id, row.team_id or WHOLE_ORGANISATION, team or _("Everyone"), row.point, row.held_on, row.people,
                       row.agreed, names[row.made_by], row.made_at, row.made_by)
        for row, team in rows
    ]  # fmt: skip
