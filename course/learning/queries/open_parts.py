"""What a person has begun: the first step in an enrolment, and the scenario runs and attempts that are not finished."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, bindparam, func, literal, or_, select, union_all

from course.db import RowSource
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Decision,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
)
from course.learning.rules.carry_on import BOOSTER, OpenPart

_PERSON = bindparam("person", type_=Integer)
_NEWEST = (
    select(func.max(Enrolment.id)).where(Enrolment.person_id == _PERSON, Enrolment.kind == "initial").scalar_subquery()
)
# One statement for both kinds, because the reader's home asks it each time.
_OPEN_PARTS = union_all(
    select(
        Attempt.kind, Attempt.id, Attempt.ref, func.count(Answer.item_id), func.count(AttemptItem.id),
        Attempt.opened_at, func.max(Answer.answered_at),
    )
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
    .outerjoin(Answer, Answer.item_id == AttemptItem.id)
    .outerjoin(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
    .where(Enrolment.person_id == _PERSON, AttemptOutcome.attempt_id.is_(None),
           or_(Attempt.enrolment_id == _NEWEST, Attempt.kind == BOOSTER))
    .group_by(Attempt.id, Attempt.kind, Attempt.ref, Attempt.opened_at),
    select(
        literal("run"), ScenarioRun.id, ScenarioRun.ref, func.count(Decision.id), literal(0),
        ScenarioRun.opened_at, func.max(Decision.decided_at),
    )
    .outerjoin(Decision, Decision.run_id == ScenarioRun.id)
    .outerjoin(RunOutcome, RunOutcome.run_id == ScenarioRun.id)
    .where(ScenarioRun.enrolment_id == _NEWEST, RunOutcome.run_id.is_(None))
    .group_by(ScenarioRun.id, ScenarioRun.ref, ScenarioRun.opened_at),
)  # fmt: skip


def open_parts(session: RowSource, person_id: int) -> list[OpenPart]:
    """The runs and attempts that the person has not finished: those of the newest enrolment for the whole course, and
    boosters. One query."""
    rows = session.execute(_OPEN_PARTS, {"person": person_id})
    return [
        OpenPart(kind, part, ref, done, total, newest or opened)
        for kind, part, ref, done, total, opened, newest in rows
    ]


def first_step_at(session: RowSource, enrolment: int) -> datetime | None:
    """When a person took the first step in an enrolment: read a page, or opened an attempt or a run. None before it. Boosters
    belong to what was completed before, and are none."""
    steps = union_all(
        select(func.min(PageRead.read_at).label("at")).where(PageRead.enrolment_id == enrolment),
        select(func.min(Attempt.opened_at)).where(Attempt.enrolment_id == enrolment, Attempt.kind != BOOSTER),
        select(func.min(ScenarioRun.opened_at)).where(ScenarioRun.enrolment_id == enrolment),
    ).subquery()
    first: datetime | None = session.execute(select(func.min(steps.c.at))).scalar()
    return first
