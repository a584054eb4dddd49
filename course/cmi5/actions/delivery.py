"""Claiming statements, recording what became of each, and sending again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.cmi5.models import Cmi5Session, Cmi5Statement
from course.cmi5.queries import DueSessionStatement, SessionParcel, finished_sessions_query
from course.cmi5.rules.delivery import (
    CLAIM_DURATION,
    SESSION_RETENTION,
    TOKEN_RETENTION,
    PlatformAnswer,
    next_try,
    statement_outcome,
)
from course.context import Context


def token_purpose(session_id: int) -> str:
    """What the token of a session is for, to which its encryption is bound."""
    return f"cmi5 session {session_id}"


def claim_session_statement(session: Session, due: DueSessionStatement, at: datetime) -> bool:
    """Reserve a statement for one worker, which tries it next; False if another was quicker."""
    claim = update(Cmi5Statement).where(Cmi5Statement.id == due.id, Cmi5Statement.next_try_at == due.seen)
    values = {"next_try_at": at + CLAIM_DURATION, "tries": Cmi5Statement.tries + 1}
    return session.execute(claim.values(values).returning(Cmi5Statement.id)).first() is not None


def record_answer_of_platform(context: Context, parcel: SessionParcel, answer: PlatformAnswer) -> None:
    """Record what became of a try, and what follows for the statement."""
    outcome = statement_outcome(answer.status)
    again = next_try(parcel.tries, context.now) if outcome == "later" else None
    values = {
        "next_try_at": again,
        "status": answer.status,
        "failure": "" if outcome == "arrived" else answer.failure[:500],
    }
    changing = update(Cmi5Statement).where(Cmi5Statement.id == parcel.statement_id)
    if outcome == "arrived":
        changing = changing.values(arrived_at=func.coalesce(Cmi5Statement.arrived_at, context.now))
    context.session.execute(changing.values(values))


def repeat_session_statement(context: Context, statement_id: int) -> bool:
    """Send a statement again that was refused or given up. False if it is not such a one."""
    failed = (
        Cmi5Statement.id == statement_id, Cmi5Statement.next_try_at.is_(None), Cmi5Statement.arrived_at.is_(None),
        Cmi5Statement.session_id.in_(select(Cmi5Session.id).where(Cmi5Session.token != b"")),
    )  # fmt: skip
    again = update(Cmi5Statement).where(*failed).values(next_try_at=context.now, tries=0)
    row = context.session.execute(again.returning(Cmi5Statement.session_id, Cmi5Statement.verb)).first()
    if row is None:
        return False
    record_event(context, "cmi5.repeated", ("cmi5_session", row.session_id), {"verb": row.verb})
    return True


def forget_old_sessions(session: Session, at: datetime) -> int:
    """Forget the tokens of sessions that ended a day ago and of which nothing waits, and the sessions after SESSION_RETENTION.
    What says that something was sent for a registration is kept with its session. Returns how many tokens were forgotten."""
    done = finished_sessions_query(at - TOKEN_RETENTION)
    forgotten = update(Cmi5Session).where(Cmi5Session.id.in_(done), Cmi5Session.token != b"").values(token=b"")
    count = len(session.execute(forgotten.returning(Cmi5Session.id)).all())
    old = finished_sessions_query(at - SESSION_RETENTION)
    kept = Cmi5Statement.verb.in_(("completed", "passed"))
    session.execute(delete(Cmi5Statement).where(Cmi5Statement.session_id.in_(old), ~kept))
    return count
