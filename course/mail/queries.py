"""What waits to be sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from course.mail.models import OutboxMail


@dataclass(frozen=True)
class Waiting:
    """A mail that is due: `seen` is the time it was due at, which a sender must find unchanged to claim it."""

    id: int
    key: str
    recipient: str
    subject: str
    text: str
    tries: int
    seen: datetime
    queued_at: datetime


@dataclass(frozen=True)
class MailState:
    """How far a mail has come. Its text is not part of it: there are links in it that let somebody in."""

    recipient: str
    subject: str
    queued_at: datetime
    sent_at: datetime | None
    next_try_at: datetime | None
    tries: int
    failure: str | None


def due(session: Session, at: datetime, limit: int = 20) -> list[Waiting]:
    """The mails to be sent by `at`, those that have waited longest first."""
    statement = (
        select(OutboxMail)
        .where(OutboxMail.next_try_at <= at)
        .order_by(OutboxMail.next_try_at, OutboxMail.id)
        .limit(limit)
    )
    return [
        Waiting(m.id, m.key, m.recipient, m.subject, m.text, m.tries, m.next_try_at, m.queued_at)
        for m in session.execute(statement).scalars()
        if m.next_try_at is not None
    ]


_outbox = OutboxMail.__table__


def newest_failure(recipient: ColumnElement[str]) -> ScalarSelect[str]:
    """Why the newest mail to an address has not left, as part of another query; null if it has, or still may."""
    earlier = _outbox.alias()
    newest = select(func.max(earlier.c.id)).where(earlier.c.recipient == recipient).scalar_subquery()
    return select(_outbox.c.failure).where(_outbox.c.id == newest).scalar_subquery()


def latest(session: Session, limit: int = 50) -> list[MailState]:
    """The newest mails, newest first."""
    statement = select(OutboxMail).order_by(OutboxMail.id.desc()).limit(limit)
    return [
        MailState(m.recipient, m.subject, m.queued_at, m.sent_at, m.next_try_at, m.tries, m.failure)
        for m in session.execute(statement).scalars()
    ]
