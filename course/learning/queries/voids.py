"""What counts for nothing, or for nothing any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.db import RowSource
from course.learning.models import AttemptVoid, Completion, Enrolment, ScenarioRunVoid

_AttemptVoid = AttemptVoid.__table__
_RunVoid = ScenarioRunVoid.__table__


def is_void(attempt_id: InstrumentedAttribute[int] | int) -> ColumnElement[bool]:
    """SQL: whether an attempt counts for nothing, because it was entered wrongly from paper."""
    return exists().where(AttemptVoid.attempt_id == attempt_id)


def is_attempt_void(session: RowSource, attempt_id: int) -> bool:
    """Whether one attempt counts for nothing."""
    return bool(session.execute(select(is_void(attempt_id))).scalar_one())


def is_run_void(run_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """SQL: whether a scenario run counts for nothing, for the same reason."""
    return exists().where(ScenarioRunVoid.run_id == run_id)


def attempt_counts(attempt_id: ColumnElement[int], at: datetime | None = None) -> ColumnElement[bool]:
    """SQL: whether an attempt counts, or counted at the moment `at`: what was made void later counted until then."""
    void = exists().where(_AttemptVoid.c.attempt_id == attempt_id)
    return ~(void if at is None else void.where(_AttemptVoid.c.made_at <= at))


def run_counts(run_id: ColumnElement[int], at: datetime | None = None) -> ColumnElement[bool]:
    """SQL: the same of a scenario run."""
    void = exists().where(_RunVoid.c.run_id == run_id)
    return ~(void if at is None else void.where(_RunVoid.c.made_at <= at))


def is_enrolment_over(session: Session, enrolment_id: int) -> bool:
    """Whether nothing that is answered in a refresher or an update leads anywhere any more: a newer one of its kind was begun, or
    something was completed since it was. False for the whole course."""
    own = session.get(Enrolment, enrolment_id)
    if own is None or own.kind == "initial":
        return False
    newer = exists().where(Enrolment.person_id == own.person_id, Enrolment.kind == own.kind, Enrolment.id > own.id)
    completed = (
        exists()
        .where(Completion.enrolment_id == Enrolment.id, Enrolment.person_id == own.person_id)
        .where(Completion.completed_at > own.opened_at)
    )
    return bool(session.execute(select(newer | completed)).scalar_one())
