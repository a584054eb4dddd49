"""What waits to be sent, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from course.mail.models import AddressFault, MailChoice, OutboxMail


@dataclass(frozen=True)
class Waiting:
    """A mail that is due: `seen` is the time it was due at, which a sender must find unchanged to claim it."""

    id: int
    key: str
    mark: str
    recipient: str
    subject: str
    text: str
    html: str | None
    headers: dict[str, str]
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
    withheld: str | None
    bounced_at: datetime | None


def due(session: Session, at: datetime, limit: int = 100) -> list[Waiting]:
    """The mails to be sent by `at`, those that have waited longest first."""
    statement = (
        select(OutboxMail)
        .where(OutboxMail.next_try_at <= at)
        .order_by(OutboxMail.next_try_at, OutboxMail.id)
        .limit(limit)
    )
    return [
        Waiting(
            m.id, m.key, m.mark, m.recipient, m.subject, m.text, m.html, m.headers or {}, m.tries, m.next_try_at,
            m.queued_at,
        )
        for m in session.execute(statement).scalars()
        if m.next_try_at is not None
    ]  # fmt: skip


_outbox = OutboxMail.__table__


def newest_failure(recipient: ColumnElement[str]) -> ScalarSelect[str]:
    """Why the newest mail to an address has not left, as part of another query; null if it has, or still may."""
    earlier = _outbox.alias()
    newest = (
        select(func.max(earlier.c.id))
        .where(earlier.c.recipient == recipient, earlier.c.withheld.is_(None))
        .scalar_subquery()
    )
    return select(_outbox.c.failure).where(_outbox.c.id == newest).scalar_subquery()


def latest(session: Session, limit: int = 50) -> list[MailState]:
    """The newest mails, newest first."""
    statement = select(OutboxMail).order_by(OutboxMail.id.desc()).limit(limit)
    return [_state(mail) for mail in session.execute(statement).scalars()]


def states(session: Session, keys: Collection[str]) -> dict[str, MailState]:
    """What became of the mails with these keys; those that are not in the outbox are missing."""
    found = session.execute(select(OutboxMail).where(OutboxMail.key.in_(keys))).scalars()
    return {mail.key: _state(mail) for mail in found}


def by_mark(session: Session, mark: str) -> MailState | None:
    """The mail whose Message-ID begins with this mark."""
    found = session.execute(select(OutboxMail).where(OutboxMail.mark == mark)).scalar_one_or_none()
    return None if found is None else _state(found)


def _state(m: OutboxMail) -> MailState:
    return MailState(
        m.recipient, m.subject, m.queued_at, m.sent_at, m.next_try_at, m.tries, m.failure, m.withheld, m.bounced_at
    )


def dead_addresses(session: Session, among: Collection[str] | None = None) -> dict[str, str]:
    """The addresses that take no mail (all, or those among the given ones), and why, as far as is known today."""
    newest = select(func.max(AddressFault.id)).group_by(AddressFault.address)
    if among is not None:
        newest = newest.where(AddressFault.address.in_(among))
    rows = session.execute(
        select(AddressFault.address, AddressFault.reason).where(
            AddressFault.id.in_(newest), AddressFault.kind != "cleared"
        )
    )
    return {str(row.address): str(row.reason) for row in rows}


def declined(session: Session, kind: str, among: Collection[int] | None = None) -> set[int]:
    """The people (all, or among the given ones) who chose not to get a kind of optional mail."""
    newest = select(func.max(MailChoice.id)).where(MailChoice.kind == kind).group_by(MailChoice.person_id)
    if among is not None:
        newest = newest.where(MailChoice.person_id.in_(among))
    statement = select(MailChoice.person_id).where(MailChoice.id.in_(newest), MailChoice.wanted.is_(False))
    return set(session.execute(statement).scalars())
