"""What is to be sent now, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Person
from course.xapi.models import XapiEndpoint, XapiStatement
from course.xapi.rules import LOOK, MAX_STATEMENT_WAIT, MAX_STORE_WAIT, VOID


class DueStatement(NamedTuple):
    """A row of the outbox that may be sent now."""

    id: int
    kind: str
    fact: str
    mark: str
    person_id: int
    enrolment_id: int
    at: datetime


DUE_COLUMNS = (
    XapiStatement.id, XapiStatement.kind, XapiStatement.fact, XapiStatement.mark, XapiStatement.person_id,
    XapiStatement.enrolment_id, XapiStatement.at,
)  # fmt: skip


def may_be_claimed(at: datetime) -> ColumnElement[bool]:
    """The condition on a statement that waits no longer for its moment, also because a wrong clock named it."""
    return or_(XapiStatement.next_try_at <= at, XapiStatement.next_try_at > at + MAX_STATEMENT_WAIT)


def _is_due(at: datetime) -> ColumnElement[bool]:
    # A statement is taken back after it has arrived. One that was forgotten has arrived long ago.
    taken_back = aliased(XapiStatement)
    not_there_yet = exists().where(
        taken_back.endpoint_id == XapiStatement.endpoint_id,
        taken_back.mark == XapiStatement.fact,
        taken_back.arrived_at.is_(None),
    )
    wait = XapiEndpoint.not_before
    may_send = or_(wait.is_(None), wait <= at, wait > at + MAX_STORE_WAIT)
    return and_(
        may_be_claimed(at),
        XapiStatement.kind != LOOK,
        or_(XapiStatement.kind != VOID, ~not_there_yet),
        XapiEndpoint.slot == 1,
        XapiEndpoint.paused_at.is_(None),
        may_send,
    )


def _joined(*columns: Any) -> Select[*tuple[Any, ...]]:
    return select(*columns).select_from(XapiStatement).join(XapiEndpoint)


def due_statements(session: Session, at: datetime, limit: int) -> list[int]:
    """The ids of the statements that may be sent now, in the order in which things were done."""
    rows = _joined(XapiStatement.id).where(_is_due(at)).order_by(XapiStatement.id).limit(limit)
    return list(session.execute(rows).scalars())


def has_due_statement(session: Session, at: datetime) -> bool:
    """Whether a worker would find something to send."""
    return session.execute(_joined(XapiStatement.id).where(_is_due(at)).limit(1)).first() is not None


def has_look(session: Session) -> bool:
    """Whether a step was finished after which nobody has looked for a complete module."""
    rows = select(XapiStatement.id).where(XapiStatement.next_try_at.is_not(None), XapiStatement.kind == LOOK)
    return session.execute(rows.limit(1)).first() is not None


class WaitingCounts(NamedTuple):
    """How many statements wait, have arrived (in the last 30 days), and were refused."""

    waiting: int
    arrived: int
    refused: int


def waiting_counts(session: Session, endpoint_id: int) -> WaitingCounts:
    """The numbers of statements by what became of them. One query."""
    waits, arrived = func.count(XapiStatement.next_try_at), func.count(XapiStatement.arrived_at)
    row = session.execute(
        select(waits, arrived, func.count()).where(XapiStatement.endpoint_id == endpoint_id, XapiStatement.kind != LOOK)
    ).one()
    return WaitingCounts(row[0], row[1], row[2] - row[0] - row[1])


class StatementView(NamedTuple):
    """A statement as administrators see it."""

    id: int
    kind: str
    mark: str
    person_id: int
    person: str
    at: datetime
    state: Literal["waiting", "arrived", "refused"]
    status: int | None
    failure: str


def latest_statements(
    session: Session, endpoint_id: int, limit: int, refused: bool = False, before: int | None = None
) -> list[StatementView]:
    """The newest statements to a store, newest first: only those that were refused if `refused`, below the id `before`."""
    rows = (
        select(XapiStatement, Person.name)
        .join(Person, Person.id == XapiStatement.person_id)
        .where(XapiStatement.endpoint_id == endpoint_id, XapiStatement.kind != LOOK)
        .order_by(XapiStatement.id.desc())
        .limit(limit)
    )
    if refused:
        rows = rows.where(XapiStatement.next_try_at.is_(None), XapiStatement.arrived_at.is_(None))
    if before is not None:
        rows = rows.where(XapiStatement.id < before)
    return [
        StatementView(
            one.id, one.kind, one.mark, one.person_id, name, one.at, _state(one), one.status, one.failure
        )
        for one, name in session.execute(rows)
    ]  # fmt: skip


def _state(row: XapiStatement) -> Literal["waiting", "arrived", "refused"]:
    if row.arrived_at is not None:
        return "arrived"
    return "waiting" if row.next_try_at is not None else "refused"
