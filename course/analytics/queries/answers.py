"""Counts of first answers and first decisions. No query returns a name, and no row is about one person's answer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    Subquery,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.analytics.models import TeamDiscussion
from course.analytics.rules.discussions import DiscussionView
from course.analytics.rules.findings import AnswerTally, QuestionKey
from course.analytics.rules.groups import MonthlyAnswers
from course.analytics.rules.placement_history import MembershipSpell, PersonHistory
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.context import ZONE_KEY
from course.dates import civil_date, start_of_day
from course.db import dialect_name
from course.learning.models import Answer, Attempt, AttemptItem, Decision, Enrolment, ScenarioRun
from course.learning.queries import is_run_void, is_void
from course.people.models import Employment, Membership, Person, Team
from course.people.queries import names_told_apart
from course.translation import lazy_gettext as _

ATTEMPT_KINDS = ("check", "final", "refresher", "update", "booster")


def _team_placements(at: datetime, zone: str, excluded: Collection[int]) -> CTE:
    """The team in which each person who was employed at that moment counts: the team joined last; 0 for no team. People
    of the teams `excluded` are left out.

    A person counts in one team only: the difference between figures of teams that share people could disclose a few.
    The same rule in Python is rules.placement_history.placement_changes.
    """
    newest = (
        select(Membership.person_id, func.max(Membership.id).label("id"))
        .where(Membership.since <= at, or_(Membership.until.is_(None), Membership.until > at))
        .group_by(Membership.person_id)
        .subquery()
    )
    # Employment is taken from what was recorded by then, not from what became known later.
    known = (
        select(Employment.person_id, func.max(Employment.id).label("id"))
        .where(Employment.made_at <= at)
        .group_by(Employment.person_id)
        .subquery()
    )
    has_records = select(Employment.id).where(Employment.person_id == Person.id).correlate(Person).exists()
    on = civil_date(at, zone)
    left_unrecorded = and_(~has_records, Person.left_at.is_not(None), Person.left_at <= at)
    team = func.coalesce(Membership.team_id, 0)
    return (
        select(Person.id.label("person_id"), team.label("team_id"))
        .outerjoin(newest, newest.c.person_id == Person.id)
        .outerjoin(Membership, Membership.id == newest.c.id)
        .outerjoin(known, known.c.person_id == Person.id)
        .outerjoin(Employment, Employment.id == known.c.id)
        .where(Person.created_at <= at, not_(left_unrecorded))
        # A last day may be recorded beforehand: the person counts until its end, where the organisation is.
        .where(or_(Employment.end.is_(None), and_(Employment.end > Employment.recorded, Employment.end >= on)))
        .where(team.not_in(excluded))
        .cte("home")
    )


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


def _first_runs() -> CTE:
    """The first run of each person through each scenario, of those that count."""
    return (
        select(func.min(ScenarioRun.id).label("run_id"), Enrolment.person_id)
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .where(~is_run_void(ScenarioRun.id))
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


@dataclass(frozen=True)
class AnswerCounts:
    """Counts of the first answers of everybody, by team (0: no team).

    `tallies` are the answers of the people of each team, `people` counts the people who answered each point, `asked` the
    people who were asked each question; `months` gives the answers of each person in each month.
    """

    tallies: dict[int, list[AnswerTally]]
    people: dict[str, dict[int, int]]
    asked: dict[QuestionKey, dict[int, int]]
    months: tuple[MonthlyAnswers, ...]


def answer_counts(session: Session, before: datetime, excluded: Collection[int] = frozenset()) -> AnswerCounts:
    """Count the first answers before that moment of the people who were employed then. One query.

    People of the teams `excluded` do not count. Months are those of UTC.
    """
    home, first = _team_placements(before, session.info[ZONE_KEY], excluded), _first_answers(before)
    # PostgreSQL would take the month in the zone of its server.
    is_zoned = dialect_name(session) == "postgresql"
    in_utc = func.timezone("UTC", Answer.answered_at) if is_zoned else Answer.answered_at
    read = (
        select(
            first.c.person_id, home.c.team_id, AttemptItem.point, AttemptItem.question_id, AttemptItem.version,
            Answer.given,
            case((Answer.correct, 1), else_=0).label("right"),
            case((Answer.correct, 0), (Answer.sureness == "sure", 1), else_=0).label("sure"),
            (extract("year", in_utc) * 12 + extract("month", in_utc) - 1).label("month"),
        )
        .join(home, home.c.person_id == first.c.person_id)
        .join(AttemptItem, AttemptItem.id == first.c.item_id)
        .join(Answer, Answer.item_id == first.c.item_id)
        .cte("read_answer")
    )  # fmt: skip
    no_text, no_number = cast(null(), String), cast(null(), Integer)
    count, right, sure = func.count(), func.sum(read.c.right), func.sum(read.c.sure)
    question = read.c.point, read.c.question_id, read.c.version
    month = cast(read.c.month, Integer)
    rows = session.execute(
        union_all(
            select(literal("tally").label("what"), *question, read.c.given, read.c.team_id.label("team"),
                   no_number.label("month"), count, right, sure)
            .group_by(*question, read.c.given, read.c.team_id),
            select(literal("people"), read.c.point, no_text, no_text, no_text, read.c.team_id, no_number,
                   func.count(read.c.person_id.distinct()), no_number, no_number)
            .group_by(read.c.point, read.c.team_id),
            select(literal("month"), no_text, no_text, no_text, cast(read.c.person_id, String), read.c.team_id,
                   month, count, right, sure)
            .group_by(read.c.person_id, read.c.team_id, month),
        )
    )  # fmt: skip
    return _collect_answer_counts(rows)


def _collect_answer_counts(rows: Iterable[Any]) -> AnswerCounts:
    tallies: dict[int, list[AnswerTally]] = defaultdict(list)
    people: dict[str, dict[int, int]] = defaultdict(dict)
    # A person answers a question for the first time once, so that the answers to it are the people who were asked.
    asked: dict[QuestionKey, dict[int, int]] = defaultdict(dict)
    months = []
    for kind, point, question, version, given, team, month, count, right, sure in rows:
        if kind == "tally":
            tally = AnswerTally(point, question, version, tuple(json.loads(given)), count, right, sure)
            tallies[team].append(tally)
            asked[tally.key][team] = asked[tally.key].get(team, 0) + count
        elif kind == "people":
            people[point][team] = count
        else:
            months.append(MonthlyAnswers(f"{month // 12:04}-{month % 12 + 1:02}", team, int(given), right, count))
    return AnswerCounts(dict(tallies), dict(people), dict(asked), tuple(months))


# People by team: by scenario (reference and version), scene, and choice.
DecisionCounts = dict[tuple[str, str], dict[str, dict[str, dict[int, int]]]]


def decision_counts(session: Session, before: datetime, excluded: Collection[int] = frozenset()) -> DecisionCounts:
    """Count the choices before that moment in the first run of each scenario, the first time a person came to a scene,
    of the same people as `answer_counts`. One query."""
    home, first_runs = _team_placements(before, session.info[ZONE_KEY], excluded), _first_runs()
    runs = (
        select(first_runs.c.run_id, home.c.team_id)
        .join(home, home.c.person_id == first_runs.c.person_id)
        .cte("counted_run")
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
    counts: DecisionCounts = {}
    for ref, version, scene, choice, team, count in rows:
        counts.setdefault((ref, version), {}).setdefault(scene, {}).setdefault(choice, {})[team] = count
    return counts


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
