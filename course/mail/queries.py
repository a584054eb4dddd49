"""What waits to be sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, select
from sqlalchemy.orm import Session

from course.mail.models import OutboxMail
from course.mail.rules import CLAIM, State


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
    """How far a mail has come. Its text is not part of it: there are links in it that let somebody in.

    `kept` says whether the text is still there, so that it can be sent again.
    """

    id: int
    recipient: str
    subject: str
    queued_at: datetime
    sent_at: datetime | None
    next_try_at: datetime | None
    tries: int
    failure: str | None
    kept: bool

    @property
    def state(self) -> State:
        """`failed` once it was given up."""
        return "sent" if self.sent_at else "waiting" if self.next_try_at else "failed"

    def can_be_retried(self, at: datetime) -> bool:
        """Whether it was given up, or waits so long that no sender can be busy with it now."""
        waits = self.next_try_at is not None and self.next_try_at <= at + CLAIM
        return self.kept and self.sent_at is None and not waits


@dataclass(frozen=True)
class Outbox:
    """How outgoing mail stands: how many wait and how many were given up, since when the oldest that is
    due has waited, and when the newest left."""

    waiting: int
    failed: int
    due_since: datetime | None
    newest_sent: datetime | None


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
_IN_STATE: dict[State, ColumnElement[bool]] = {
    "waiting": _outbox.c.next_try_at.is_not(None),
    "failed": and_(_outbox.c.next_try_at.is_(None), _outbox.c.sent_at.is_(None)),
    "sent": _outbox.c.sent_at.is_not(None),
}


def newest_failure(recipient: ColumnElement[str]) -> ScalarSelect[str]:
    """Why the newest mail to an address has not left, as part of another query; null if it has, or still may."""
    earlier = _outbox.alias()
    newest = select(func.max(earlier.c.id)).where(earlier.c.recipient == recipient).scalar_subquery()
    return select(_outbox.c.failure).where(_outbox.c.id == newest).scalar_subquery()


def latest(
    session: Session, limit: int = 50, state: State | None = None, before: int | None = None, key: str | None = None
) -> list[MailState]:
    """The newest mails, newest first: in a state, below the id `before`, with a key that begins with `key`."""
    columns = (_outbox.c.id, _outbox.c.recipient, _outbox.c.subject, _outbox.c.queued_at, _outbox.c.sent_at,
               _outbox.c.next_try_at, _outbox.c.tries, _outbox.c.failure, _outbox.c.text != "")  # fmt: skip
    terms = [
        *([_IN_STATE[state]] if state else []),
        *([_outbox.c.id < before] if before else []),
        *([_outbox.c.key.startswith(key, autoescape=True)] if key else []),
    ]
    statement = select(*columns).where(*terms).order_by(_outbox.c.id.desc()).limit(limit)
    return [MailState(*row) for row in session.execute(statement)]


def outbox(session: Session, at: datetime) -> Outbox:
    """How outgoing mail stands at this moment, in one query."""
    row = session.execute(
        select(
            func.count().filter(_IN_STATE["waiting"]),
            func.count().filter(_IN_STATE["failed"]),
            func.min(_outbox.c.next_try_at).filter(_outbox.c.next_try_at <= at),
            func.max(_outbox.c.sent_at),
        )
    ).one()
    return Outbox(*row)
