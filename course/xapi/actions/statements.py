"""Claiming statements, recording what became of them, and sending again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.training_records.actions import log_record_export
from course.training_records.rules import EXPORT
from course.translation import lazy_gettext as _
from course.xapi.models import XapiEndpoint, XapiStatement
from course.xapi.queries import DueStatement, EndpointView, current_endpoint
from course.xapi.queries.statements import DUE_COLUMNS, may_be_claimed
from course.xapi.rules import (
    CLAIM_DURATION,
    LOOK,
    MODULE,
    STARTED,
    STATEMENT_RETENTION,
    BatchAnswer,
    pause_after_failure,
)


@dataclass(frozen=True)
class StatementResult:
    """What became of a statement: it has arrived, or was refused with this answer."""

    row: DueStatement
    has_arrived: bool
    answer: BatchAnswer


@dataclass(frozen=True)
class RoundResult:
    """What became of the statements that a worker claimed: those with an answer, those about erased facts, those that wait
    again, and (if any do) why the store takes none."""

    done: Sequence[StatementResult]
    gone: Sequence[DueStatement] = ()
    waiting: Sequence[DueStatement] = ()
    failure: BatchAnswer | None = None


def claim_statements(session: Session, ids: Sequence[int], at: datetime) -> list[DueStatement]:
    """Reserve statements for one worker; those that another has not taken meanwhile, in the order of their ids."""
    claim = update(XapiStatement).where(XapiStatement.id.in_(ids), may_be_claimed(at))
    rows = session.execute(claim.values(next_try_at=at + CLAIM_DURATION).returning(*DUE_COLUMNS))
    return sorted((DueStatement(*row) for row in rows), key=lambda one: one.id)


def record_results(context: Context, endpoint: EndpointView, result: RoundResult) -> None:
    """Record what became of claimed statements, and what follows for the store. The people see in their access log that
    something about them was sent."""
    session = context.session
    arrived = [one for one in result.done if one.has_arrived]
    for one in result.done:
        failure = "" if one.has_arrived else (one.answer.answer or one.answer.failure)[:500]
        values: dict[str, Any] = {"next_try_at": None, "status": one.answer.status, "failure": failure}
        if one.has_arrived:
            values["arrived_at"] = func.coalesce(XapiStatement.arrived_at, context.now)
        session.execute(update(XapiStatement).where(*_still([one.row])).values(values))
    session.execute(delete(XapiStatement).where(*_still(result.gone)))
    session.execute(update(XapiStatement).where(*_still(result.waiting)).values(next_try_at=context.now))
    if result.failure is not None:
        _record_failure(context, endpoint, result.failure)
    elif result.done and (endpoint.failing_since is not None or endpoint.failures):
        works = {"failing_since": None, "failures": 0, "failure": "", "not_before": None}
        session.execute(update(XapiEndpoint).where(XapiEndpoint.id == endpoint.id).values(works))
    if arrived:
        people = {one.row.person_id for one in arrived}
        words = _("sent to %(host)s", host=endpoint.host)
        log_record_export(replace(context, actor=endpoint.made_by), people, EXPORT, words)


def _still(rows: Sequence[DueStatement]) -> tuple[ColumnElement[bool], ...]:
    """That it is these rows, and none that got the number of one that was erased while it was being sent."""
    return XapiStatement.id.in_([one.id for one in rows]), XapiStatement.mark.in_([one.mark for one in rows])


def _record_failure(context: Context, endpoint: EndpointView, answer: BatchAnswer) -> None:
    failures = endpoint.failures + 1
    values = {
        "failing_since": func.coalesce(XapiEndpoint.failing_since, context.now),
        "failures": failures,
        "failure": (answer.failure or answer.answer)[:500],
        "not_before": pause_after_failure(failures, context.now, answer.retry_after),
    }
    context.session.execute(update(XapiEndpoint).where(XapiEndpoint.id == endpoint.id).values(values))


def repeat_statements(context: Context, ids: Sequence[int] | None = None) -> int:
    """Send statements again at once: these, or (None) all that were refused. Returns how many there were."""
    found = current_endpoint(context.session)
    if found is None:
        return 0
    chosen = update(XapiStatement).where(XapiStatement.endpoint_id == found.id, XapiStatement.kind != LOOK)
    if ids is None:
        chosen = chosen.where(XapiStatement.arrived_at.is_(None), XapiStatement.next_try_at.is_(None))
    else:
        chosen = chosen.where(XapiStatement.id.in_(ids))
    rows = context.session.execute(chosen.values(next_try_at=context.now).returning(XapiStatement.id)).all()
    if rows:
        record_event(context, "xapi.repeated", ("xapi", found.id), {"host": found.host, "statements": len(rows)})
    return len(rows)


def try_now(context: Context) -> bool:
    """Try a store again that is left alone for a while because it took nothing. False if it is not."""
    waiting = XapiEndpoint.slot == 1, XapiEndpoint.not_before.is_not(None)
    changing = update(XapiEndpoint).where(*waiting).values(not_before=None).returning(XapiEndpoint.id)
    if context.session.execute(changing).first() is None:
        return False
    found = current_endpoint(context.session)
    if found is not None:
        record_event(context, "xapi.tried", ("xapi", found.id), {"host": found.host})
    return True


def forget_old_statements(session: Session, at: datetime) -> int:
    """Delete statements that have arrived, or were refused, and are older than STATEMENT_RETENTION. That somebody started, or
    completed a module, is kept: it says what was sent already. Returns how many were deleted."""
    old = (
        XapiStatement.noted_at <= at - STATEMENT_RETENTION,
        XapiStatement.next_try_at.is_(None),
        XapiStatement.kind.not_in((STARTED, MODULE)),
    )
    return len(session.execute(delete(XapiStatement).where(*old).returning(XapiStatement.id)).all())
