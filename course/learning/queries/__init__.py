"""Queries on what learners did. Every query that takes a person's id returns that person's rows only."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from course.db import RowSource
from course.id_lists import is_in_ids
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Completion,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
)
from course.learning.queries.module_facts import module_facts as module_facts
from course.learning.queries.runs import RunView as RunView
from course.learning.queries.runs import is_followed as is_followed
from course.learning.queries.runs import run as run
from course.learning.queries.runs import runs as runs
from course.learning.queries.voids import attempt_counts, run_counts
from course.learning.queries.voids import is_attempt_void as is_attempt_void
from course.learning.queries.voids import is_enrolment_over as is_enrolment_over
from course.learning.queries.voids import is_run_void as is_run_void
from course.learning.queries.voids import is_void as is_void
from course.learning.rules.drawing import PointAnswer, QuestionHistory, failed_points
from course.learning.rules.grading import GivenAnswer
from course.learning.rules.progress import ProgressFacts

# Tables, not classes: these queries run on every page and need rows only, without the cost of mapped objects.
_Answer = Answer.__table__
_Attempt = Attempt.__table__
_AttemptItem = AttemptItem.__table__
_AttemptOutcome = AttemptOutcome.__table__
_Completion = Completion.__table__
_Enrolment = Enrolment.__table__
_PageRead = PageRead.__table__
_RunOutcome = RunOutcome.__table__
_ScenarioRun = ScenarioRun.__table__
# What an attempt is about that is about no module: the whole course, or a booster that its learner began.
OWN_BOOSTER = "own"
NOT_MODULES = frozenset({"course", OWN_BOOSTER})
_PERSON: BindParameter[int] = bindparam("person", type_=Integer)
# Whether an attempt counts: its answers were not entered wrongly from paper.
_COUNTS = attempt_counts(_Attempt.c.id)


def _facts_query(
    enrolment_filter: Callable[[ColumnElement[int]], ColumnElement[bool]], void_by: datetime | None = None
) -> Select[*tuple[Any, ...]]:
    """One statement for every fact on which progress rests, of the enrolments that pass `enrolment_filter`, without what is
    void, or was by the moment `void_by`.

    Rows are (enrolment, what, ref, point, value, at).
    """
    none, counts = literal(""), attempt_counts(_Attempt.c.id, void_by)
    point = (
        select(
            _Attempt.c.enrolment_id,
            case((func.min(case((_Answer.c.sureness == "guessing", 0), else_=1)) == 1, "proven"), else_="shown").label("what"),
            _Attempt.c.ref, _AttemptItem.c.point, literal(True).label("value"), func.max(_Answer.c.answered_at).label("at"),
        )
        .join(_AttemptItem, _AttemptItem.c.attempt_id == _Attempt.c.id)
        .outerjoin(_Answer, _Answer.c.item_id == _AttemptItem.c.id)
        .where(enrolment_filter(_Attempt.c.enrolment_id), _Attempt.c.kind == "check", counts)
        .group_by(_Attempt.c.id, _Attempt.c.enrolment_id, _Attempt.c.ref, _AttemptItem.c.point)
        .having(func.count(_Answer.c.item_id) == func.count(_AttemptItem.c.id))
        .having(func.min(case((_Answer.c.correct, 1), else_=0)) == 1)
    )  # fmt: skip
    rows = union_all(
        select(_Enrolment.c.id.label("enrolment"), literal("enrolled").label("what"), none.label("ref"), none.label("point"),
               literal(True).label("value"), _Enrolment.c.opened_at.label("at")).where(enrolment_filter(_Enrolment.c.id)),
        select(_PageRead.c.enrolment_id, literal("page"), _PageRead.c.ref, none, literal(True), _PageRead.c.read_at)
        .where(enrolment_filter(_PageRead.c.enrolment_id)),
        select(_ScenarioRun.c.enrolment_id, literal("scenario"), _ScenarioRun.c.ref, none, literal(True), _RunOutcome.c.finished_at)
        .join(_RunOutcome, _RunOutcome.c.run_id == _ScenarioRun.c.id)
        .where(enrolment_filter(_ScenarioRun.c.enrolment_id), run_counts(_ScenarioRun.c.id, void_by)),
        select(_Attempt.c.enrolment_id, _Attempt.c.kind, _Attempt.c.ref, none, _AttemptOutcome.c.passed,
               _AttemptOutcome.c.finished_at)
        .join(_AttemptOutcome, _AttemptOutcome.c.attempt_id == _Attempt.c.id)
        .where(enrolment_filter(_Attempt.c.enrolment_id), counts),
        select(_Attempt.c.enrolment_id, literal("begun"), _Attempt.c.ref, none, literal(True), _Attempt.c.opened_at)
        .where(enrolment_filter(_Attempt.c.enrolment_id)),
        select(_ScenarioRun.c.enrolment_id, literal("begun"), _ScenarioRun.c.ref, none, literal(True), _ScenarioRun.c.opened_at)
        .where(enrolment_filter(_ScenarioRun.c.enrolment_id)),
        select(_Completion.c.enrolment_id, literal("completed"), none, none, literal(True), _Completion.c.completed_at)
        .where(enrolment_filter(_Completion.c.enrolment_id)),
        point,
    ).subquery()  # fmt: skip
    return select(rows.c.enrolment, rows.c.what, rows.c.ref, rows.c.point, rows.c.value, rows.c.at)


_NEWEST_ENROLMENT = (
    select(func.max(_Enrolment.c.id))
    .where(_Enrolment.c.person_id == _PERSON, _Enrolment.c.kind == "initial")
    .scalar_subquery()
)
_FACTS_STATEMENT = _facts_query(lambda enrolment: enrolment == _NEWEST_ENROLMENT)
_INITIAL = select(func.max(_Enrolment.c.id), _Enrolment.c.person_id).group_by(_Enrolment.c.person_id).where(
    is_in_ids(_Enrolment.c.person_id), _Enrolment.c.kind == "initial"
)  # fmt: skip
_FACTS_OF_MANY = _facts_query(is_in_ids)


def progress_facts(session: RowSource, person_id: int) -> ProgressFacts:
    """What the person's newest enrolment for the whole course holds, in one query."""
    return _progress_facts(row[1:] for row in session.execute(_FACTS_STATEMENT, {"person": person_id}))


def progress_facts_of_many(
    session: Session, ids: Collection[int], at: datetime | None = None, void_by: datetime | None = None
) -> dict[int, ProgressFacts]:
    """For many people the facts that are recorded, or were up to the moment `at`, by person id; without what is void today,
    or was by the moment `void_by`. Two queries."""
    connection, known = session.connection(), _INITIAL if at is None else _INITIAL.where(_Enrolment.c.opened_at <= at)
    person_by_enrolment = {row[0]: row[1] for row in connection.execute(known, {"ids": list(ids)})}
    rows: dict[int, list[tuple[Any, ...]]] = {person: [] for person in person_by_enrolment.values()}
    facts = _FACTS_OF_MANY if void_by is None else _facts_query(is_in_ids, void_by)
    for enrolment, *row in connection.execute(facts, {"ids": list(person_by_enrolment)}):
        if at is None or row[-1] <= at:
            rows[person_by_enrolment[enrolment]].append(tuple(row))
    return {person: _progress_facts(person_rows) for person, person_rows in rows.items()}


def _progress_facts(rows: Iterable[tuple[Any, ...]]) -> ProgressFacts:
    """The facts of one enrolment from its rows of (what, ref, point, value, at)."""
    refs: dict[str, set[str]] = {"page": set(), "scenario": set(), "timeline": set()}
    points: dict[str, set[tuple[str, str]]] = {"shown": set(), "proven": set()}
    final, completed = False, None
    last: tuple[datetime, str] | None = None
    touched: dict[str, datetime] = {}
    for what, ref, point, value, at in rows:
        module = ref.partition("/")[0]
        touched[module] = max(at, touched.get(module, at))
        if what in refs:
            refs[what].add(ref)
        elif what in points:
            points["shown"].add((ref, point))
            if what == "proven":
                points["proven"].add((ref, point))
        elif what == "final":
            final = final or value
        elif what == "completed":
            completed = at
        if ref and ref not in NOT_MODULES and (last is None or at >= last[0]):
            last = (at, ref.split("/")[0])
    return ProgressFacts(
        pages=frozenset(refs["page"]),
        scenarios=frozenset(refs["scenario"]),
        timelines=frozenset(refs["timeline"]),
        shown=frozenset(points["shown"]),
        proven=frozenset(points["proven"]),
        final_passed=final,
        completed_at=completed,
        last_module=last[1] if last else None,
        touched=touched,
    )


_FINAL_PASSED = (
    select(_AttemptOutcome.c.attempt_id)
    .join(_Attempt, _Attempt.c.id == _AttemptOutcome.c.attempt_id)
    .where(
        _Attempt.c.enrolment_id == bindparam("enrolment"), _Attempt.c.kind == "final", _AttemptOutcome.c.passed, _COUNTS
    )
    .limit(1)
)


def is_final_passed(session: RowSource, enrolment: int) -> bool:
    """Whether the final assessment is passed in an enrolment: `final_passed` of its progress, without the rest."""
    return session.execute(_FINAL_PASSED, {"enrolment": enrolment}).first() is not None


_NEWEST_ID = select(func.max(_Enrolment.c.id)).where(_Enrolment.c.person_id == _PERSON, _Enrolment.c.kind == "initial")


def enrolment_id(session: RowSource, person_id: int) -> int | None:
    """The id of a person's newest enrolment for the whole course; None if there is none."""
    return session.execute(_NEWEST_ID, {"person": person_id}).scalar()


def enrolment_kind(session: Session, enrolment: int) -> str | None:
    """The kind of an enrolment: initial (the whole course), refresher or update; None if it does not exist."""
    return session.execute(select(Enrolment.kind).where(Enrolment.id == enrolment)).scalar()


@dataclass(frozen=True)
class AttemptItemView:
    """A question of an attempt with its answer, if there is one. `sureness` is the confidence, `again` as in AttemptItem."""

    id: int
    position: int
    question_id: str
    version: str
    point: str
    given: GivenAnswer | None
    correct: bool | None
    sureness: str | None
    answered_at: datetime | None = None
    again: bool | None = None


@dataclass(frozen=True)
class AttemptView:
    """An attempt of this person, with its items in order. `passed` is None while it is open."""

    id: int
    enrolment_id: int
    kind: str
    ref: str
    number: int
    seed: int
    opened_at: datetime
    finished_at: datetime | None
    passed: bool | None
    points_right: int | None
    points_asked: int | None
    pass_mark: int | None
    items: tuple[AttemptItemView, ...]

    @property
    def next(self) -> AttemptItemView | None:
        """The first question without an answer."""
        return next((item for item in self.items if item.given is None), None)

    @property
    def answered(self) -> int:
        return sum(item.given is not None for item in self.items)

    @property
    def points_failed(self) -> tuple[str, ...]:
        """The points of a refresher or an update on which every question was missed; empty while it is open."""
        if self.next is not None:
            return ()
        by_time = sorted(self.items, key=lambda item: (item.answered_at or self.opened_at, item.position))
        return failed_points(PointAnswer(item.point, bool(item.correct), item.again) for item in by_time)


# Built once, because building a statement of twenty columns takes longer than running it.
_ATTEMPTS: Select[*tuple[Any, ...]] = (
    select(
        *(_Attempt.c[name] for name in ("id", "enrolment_id", "kind", "ref", "number", "seed", "opened_at")),
        *(_AttemptOutcome.c[name] for name in ("finished_at", "passed", "points_right", "points_asked", "pass_mark")),
        _AttemptItem.c.id.label("item"),
        *(_AttemptItem.c[name] for name in ("position", "question_id", "version", "point", "again")),
        *(_Answer.c[name] for name in ("given", "correct", "sureness", "answered_at")),
    )
    .join(_Enrolment, _Enrolment.c.id == _Attempt.c.enrolment_id)
    .join(_AttemptItem, _AttemptItem.c.attempt_id == _Attempt.c.id)
    .outerjoin(_Answer, _Answer.c.item_id == _AttemptItem.c.id)
    .outerjoin(_AttemptOutcome, _AttemptOutcome.c.attempt_id == _Attempt.c.id)
    .order_by(_Attempt.c.id, _AttemptItem.c.position)
)
_ONE_ATTEMPT = _ATTEMPTS.where(_Attempt.c.id == bindparam("attempt"), _Enrolment.c.person_id == _PERSON)


def attempt(session: RowSource, person_id: int, attempt_id: int) -> AttemptView | None:
    """An attempt with its items and answers; None if it is not this person's."""
    rows = session.execute(_ONE_ATTEMPT, {"attempt": attempt_id, "person": person_id}).all()
    return _attempt_view(rows) if rows else None


_FIRST_ANSWER = select(_Answer.c.given, _Answer.c.sureness).where(_Answer.c.item_id == bindparam("item"))


def first_answer(session: RowSource, item_id: int) -> tuple[GivenAnswer, str | None] | None:
    """What was answered to an item, and how sure the learner was; None before it is answered."""
    row = session.execute(_FIRST_ANSWER, {"item": item_id}).first()
    return (json.loads(row.given), row.sureness) if row else None


def attempts(
    session: RowSource, person_id: int, kind: str | None = None, ref: str | None = None, with_void: bool = True
) -> list[AttemptView]:
    """A person's attempts over all enrolments, oldest first, of one kind and reference if named; `with_void` says whether
    also those that count for nothing."""
    statement = _ATTEMPTS.where(_Enrolment.c.person_id == person_id)
    if not with_void:
        statement = statement.where(_COUNTS)
    if kind:
        statement = statement.where(_Attempt.c.kind == kind)
    if ref:
        statement = statement.where(_Attempt.c.ref == ref)
    grouped: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in session.execute(statement):
        grouped.setdefault(row.id, []).append(row)
    return [_attempt_view(rows) for rows in grouped.values()]


_NUMBERS: Select[*tuple[Any, ...]] = (
    select(_Attempt.c.id, _AttemptOutcome.c.finished_at)
    .outerjoin(_AttemptOutcome, _AttemptOutcome.c.attempt_id == _Attempt.c.id)
    .where(_Attempt.c.enrolment_id == bindparam("enrolment"), _Attempt.c.kind == bindparam("kind"),
           _Attempt.c.ref == bindparam("ref"))
    .order_by(_Attempt.c.id)
)  # fmt: skip


def attempt_numbers(session: RowSource, enrolment: int, kind: str, ref: str) -> list[tuple[int, bool]]:
    """The attempts of one kind and reference in an enrolment, oldest first: the id of each, and whether it is finished."""
    rows = session.execute(_NUMBERS, {"enrolment": enrolment, "kind": kind, "ref": ref})
    return [(row.id, row.finished_at is not None) for row in rows]


def _attempt_view(rows: Sequence[Row[*tuple[Any, ...]]]) -> AttemptView:
    first = rows[0]
    items = tuple(
        AttemptItemView(row.item, row.position, row.question_id, row.version, row.point,
             None if row.given is None else json.loads(row.given), row.correct, row.sureness,
             row.answered_at, row.again)
        for row in rows
    )  # fmt: skip
    return AttemptView(
        first.id, first.enrolment_id, first.kind, first.ref, first.number, first.seed, first.opened_at,
        first.finished_at, first.passed, first.points_right, first.points_asked, first.pass_mark, items,
    )  # fmt: skip


def final_attempts(session: RowSource, person_id: int) -> list[AttemptView]:
    """The attempts at the final assessment in the newest enrolment for the whole course, oldest first, that count."""
    enrolment = enrolment_id(session, person_id)
    return [one for one in attempts(session, person_id, "final", with_void=False) if one.enrolment_id == enrolment]


def _last_asked_query(person_id: int) -> Select[str, int]:
    """For each question the newest item in which a person was asked it, over all enrolments: (question id, item id)."""
    return (
        select(AttemptItem.question_id, func.max(AttemptItem.id))
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Enrolment.person_id == person_id)
        .group_by(AttemptItem.question_id)
    )


def question_history(session: Session, person_id: int, protected: frozenset[str] = frozenset()) -> QuestionHistory:
    """The questions that this person was asked so far, over all enrolments and in every kind of attempt."""
    return QuestionHistory({row[0]: row[1] for row in session.execute(_last_asked_query(person_id))}, protected)


def repeated_question_count(session: Session, person_id: int, attempt: AttemptView) -> int:
    """How many questions of an attempt this person had been asked before, in another attempt."""
    earlier = _last_asked_query(person_id).where(
        AttemptItem.attempt_id != attempt.id, AttemptItem.id < min(item.id for item in attempt.items)
    )
    asked_before = {row[0] for row in session.execute(earlier)}
    return sum(item.question_id in asked_before for item in attempt.items)


_COMPLETED_AT = select(_Completion.c.completed_at).where(_Completion.c.enrolment_id == bindparam("enrolment"))


def completed_at(session: RowSource, enrolment: int) -> datetime | None:
    """When an enrolment was completed; None while it is not complete."""
    return session.execute(_COMPLETED_AT, {"enrolment": enrolment}).scalar()


@dataclass(frozen=True)
class PageReadView:
    """A page that was read, with the version that was read."""

    id: int
    ref: str
    version: str
    read_at: datetime


def pages_read(session: Session, person_id: int) -> list[PageReadView]:
    """Every page that the person read, oldest first, over all enrolments."""
    rows = session.execute(
        select(PageRead.id, PageRead.ref, PageRead.version, PageRead.read_at)
        .join(Enrolment, Enrolment.id == PageRead.enrolment_id)
        .where(Enrolment.person_id == person_id)
        .order_by(PageRead.id)
    )
    return [PageReadView(*row) for row in rows]
