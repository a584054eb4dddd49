"""What waits to be sent, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, null, or_, select, true
from sqlalchemy.orm import Session

from course.mail.models import AddressFault, MailOutage, OutboxMail
from course.mail.rules import (
    CLAIM_DURATION,
    CLOCK_TOLERANCE,
    FURTHEST_AHEAD,
    SERVER_CHECK_DELAYS,
    STALLED_AFTER,
    DeliveryProblem,
    DeliveryState,
    FaultReason,
)
from course.translation import SOURCE_LANGUAGE

# What keeps mail from an address, if it is the newest that is known of it.
_SUPPRESSING_KINDS = ("refused", "bounced")
# An end of the range that makes SQLite use the index of what waits: most mails of an outbox have left.
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
DOUBT_ALERT_PERIOD = timedelta(days=7)


@dataclass(frozen=True)
class DueMail:
    """A mail that is due: `seen` is the time it was due at, which a sender must find unchanged to claim it. `claimed_at` is
    set if a sender claimed the mail and died."""

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
    claimed_at: datetime | None = None


@dataclass(frozen=True)
class MailState:
    """How far a mail has come. Its text is not part of it: there are links in it that let somebody in.

    `kept` says whether the text, or what it is rendered from, is still there, so that it can be sent again.
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
    withheld: str | None
    bounced_at: datetime | None
    claimed_at: datetime | None = None

    @property
    def state(self) -> DeliveryState:
        """`failed` once it was given up or came back, `withheld` if it was not sent because it was true no more,
        `unknown` if the sender died while it handed the mail over."""
        if self.withheld:
            return "withheld"
        if self.sent_at and not self.bounced_at:
            return "sent"
        if self.next_try_at:
            return "waiting"
        return "unknown" if self.claimed_at and not self.sent_at else "failed"

    @property
    def untouched(self) -> bool:
        """Whether it waits and no sender has tried it yet."""
        return self.next_try_at is not None and self.tries == 0

    def can_be_retried(self, at: datetime) -> bool:
        """Whether it was given up, or waits so long that no sender can be busy with it now."""
        waits = self.next_try_at is not None and self.next_try_at <= at + CLAIM_DURATION
        return self.kept and self.sent_at is None and not waits


@dataclass(frozen=True)
class UnrenderedMail:
    """A mail that waits and is not rendered yet: what it is rendered from."""

    id: int
    template: str
    values: dict[str, Any]
    language: str


@dataclass(frozen=True)
class OutboxSummary:
    """How outgoing mail stands: how many wait, how many were given up and of how many it is unknown whether they left,
    since when the oldest that is due has waited, and when the newest left."""

    waiting: int
    failed: int
    unknown: int
    due_since: datetime | None
    newest_sent: datetime | None


def due_mail(session: Session, at: datetime, limit: int = 100) -> list[DueMail]:
    """The rendered mails to be sent by `at`, those that have waited longest first."""
    statement = (
        select(OutboxMail).where(is_due(at), is_rendered()).order_by(OutboxMail.next_try_at, OutboxMail.id).limit(limit)
    )
    return [
        DueMail(
            m.id, m.key, m.mark, m.recipient, m.subject, m.text, m.html, m.headers or {}, m.tries, m.next_try_at,
            m.queued_at, m.claimed_at,
        )
        for m in session.execute(statement).scalars()
        if m.next_try_at is not None
    ]  # fmt: skip


def unrendered_mail(session: Session, limit: int = 100) -> list[UnrenderedMail]:
    """The mails that wait and are not rendered yet, those that are due first."""
    statement = select(OutboxMail.id, OutboxMail.template, OutboxMail.template_values, OutboxMail.language)
    rows = session.execute(
        statement.where(*waits_for_rendering()).order_by(OutboxMail.next_try_at, OutboxMail.id).limit(limit)
    )
    return [UnrenderedMail(row[0], row[1] or "", row[2] or {}, row[3] or SOURCE_LANGUAGE) for row in rows]


def is_due(at: datetime) -> ColumnElement[bool]:
    """The condition on a mail that is to leave now, also because a wrong clock named the moment it waits for: it was queued or
    claimed in the future, or waits for longer than any rule puts it off. Only what waits is looked at."""
    tries, ahead = OutboxMail.next_try_at, at + CLOCK_TOLERANCE
    by_wrong_clock = or_(OutboxMail.queued_at > ahead, OutboxMail.claimed_at > ahead)
    return and_(tries > LONG_AGO, or_(tries <= at, tries > at + FURTHEST_AHEAD, and_(tries > ahead, by_wrong_clock)))


def is_rendered() -> ColumnElement[bool]:
    """The condition on a mail that is rendered, or was queued as text."""
    return OutboxMail.template_values.is_(null())


def waits_for_rendering() -> tuple[ColumnElement[bool], ...]:
    """The conditions on a mail that waits and is not rendered yet."""
    return OutboxMail.template_values.is_not(null()), OutboxMail.next_try_at.is_not(None)


def has_content() -> ColumnElement[bool]:
    """The condition on a mail whose text, or what it is rendered from, is not erased."""
    return or_(OutboxMail.text != "", OutboxMail.template_values.is_not(null()))


def has_deliverable_mail(session: Session, server: str, at: datetime) -> bool:
    """Whether a sender has anything to do: a mail is to be rendered, or is due and the server is not left alone for a
    while."""
    if session.execute(select(exists().where(*waits_for_rendering()))).scalar_one():
        return True
    outage = open_outage(session, server)
    # A clock that was set back must not keep the sender from looking.
    if outage and timedelta() < outage.next_look_at - at <= SERVER_CHECK_DELAYS[-1]:
        return False
    return bool(session.execute(select(exists().where(is_due(at)))).scalar_one())


_outbox = OutboxMail.__table__
_STATE_TERMS: dict[DeliveryState, ColumnElement[bool]] = {
    "waiting": _outbox.c.next_try_at.is_not(None),
    "failed": and_(
        _outbox.c.next_try_at.is_(None),
        _outbox.c.withheld.is_(None),
        or_(and_(_outbox.c.sent_at.is_(None), _outbox.c.claimed_at.is_(None)), _outbox.c.bounced_at.is_not(None)),
    ),
    "unknown": and_(
        _outbox.c.next_try_at.is_(None),
        _outbox.c.withheld.is_(None),
        _outbox.c.sent_at.is_(None),
        _outbox.c.claimed_at.is_not(None),
    ),
    "sent": and_(_outbox.c.sent_at.is_not(None), _outbox.c.bounced_at.is_(None)),
    "withheld": _outbox.c.withheld.is_not(None),
}
# What a MailState is made of.
_STATE_COLUMNS = (
    *(
        _outbox.c[name]
        for name in ("id", "recipient", "subject", "queued_at", "sent_at", "next_try_at", "tries", "failure")
    ),
    or_(_outbox.c.text != "", _outbox.c.template_values.is_not(null())).label("kept"),
    _outbox.c.withheld,
    _outbox.c.bounced_at,
    _outbox.c.claimed_at,
)


def unknown_outcome() -> tuple[ColumnElement[bool], ...]:
    """The conditions on a mail of which nobody can know whether it left."""
    return (_STATE_TERMS["unknown"],)


def newest_failure(recipient: ColumnElement[str]) -> ScalarSelect[str]:
    """Why the newest mail to an address has not left, as part of another query; null if it has, or still may."""
    earlier = _outbox.alias()
    newest = (
        select(func.max(earlier.c.id))
        .where(earlier.c.recipient == recipient, earlier.c.withheld.is_(None))
        .scalar_subquery()
    )
    return select(_outbox.c.failure).where(_outbox.c.id == newest).scalar_subquery()


def latest_mail(
    session: Session,
    limit: int = 50,
    state: DeliveryState | None = None,
    before: int | None = None,
    key: str | None = None,
) -> list[MailState]:
    """The newest mails, newest first: in a state, below the id `before`, with a key that begins with `key`."""
    terms = [
        *([_STATE_TERMS[state]] if state else []),
        *([_outbox.c.id < before] if before else []),
        *([_outbox.c.key.startswith(key, autoescape=True)] if key else []),
    ]
    statement = select(*_STATE_COLUMNS).where(*terms).order_by(_outbox.c.id.desc()).limit(limit)
    return [MailState(*row) for row in session.execute(statement)]


def outbox_summary(session: Session, at: datetime) -> OutboxSummary:
    """How outgoing mail stands at this moment, in one query."""
    row = session.execute(
        select(
            func.count().filter(_STATE_TERMS["waiting"]),
            func.count().filter(_STATE_TERMS["failed"]),
            func.count().filter(_STATE_TERMS["unknown"]),
            func.min(_outbox.c.next_try_at).filter(_outbox.c.next_try_at <= at),
            func.max(_outbox.c.sent_at),
        )
    ).one()
    return OutboxSummary(*row)


def mail_states(session: Session, keys: Collection[str]) -> dict[str, MailState]:
    """What became of the mails with these keys; those that are not in the outbox are missing."""
    rows = session.execute(select(_outbox.c.key, *_STATE_COLUMNS).where(_outbox.c.key.in_(keys)))
    return {key: MailState(*row) for key, *row in rows}


def mail_by_message_id(session: Session, mark: str) -> MailState | None:
    """The mail whose Message-ID begins with this mark."""
    row = session.execute(select(*_STATE_COLUMNS).where(_outbox.c.mark == mark)).one_or_none()
    return None if row is None else MailState(*row)


def suppressed_address_query() -> Select[str]:
    """The addresses that take no mail, as part of another query."""
    newest = select(func.max(AddressFault.id)).group_by(AddressFault.address)
    return select(AddressFault.address).where(AddressFault.id.in_(newest), AddressFault.kind.in_(_SUPPRESSING_KINDS))


def suppressed_addresses(session: Session, among: Collection[str] | None = None) -> dict[str, str]:
    """The addresses that take no mail (all, or those among the given ones), and why, as far as is known today."""
    newest = select(func.max(AddressFault.id)).group_by(AddressFault.address)
    if among is not None:
        newest = newest.where(AddressFault.address.in_(among))
    rows = session.execute(
        select(AddressFault.address, AddressFault.reason).where(
            AddressFault.id.in_(newest), AddressFault.kind.in_(_SUPPRESSING_KINDS)
        )
    )
    return {str(row.address): str(row.reason) for row in rows}


@dataclass(frozen=True)
class OutageView:
    """A time, which goes on, in which the mail server takes no mail."""

    id: int
    server: str
    reason: FaultReason
    detail: str
    began_at: datetime
    looks: int
    next_look_at: datetime


def open_outage(session: Session, server: str) -> OutageView | None:
    """The outage of this server that goes on; None if there is none."""
    statement = select(MailOutage).where(MailOutage.server == server, MailOutage.ended_at.is_(None))
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        return None
    return OutageView(
        row.id, row.server, cast("FaultReason", row.reason), row.detail, row.began_at, row.looks, row.next_look_at
    )


def delivery_problem(session: Session, server: str, at: datetime) -> DeliveryProblem | None:
    """Why no mail leaves by this server, for administrators; None if it does, or if none waits to leave."""
    return mail_alert(session, server, at).trouble


@dataclass(frozen=True)
class MailAlert:
    """What administrators have to know about mail: why none leaves, and how many addresses were said not to exist
    lately, by a server that said so of too many."""

    trouble: DeliveryProblem | None
    doubted: int


def mail_alert(session: Session, server: str, at: datetime) -> MailAlert:
    """Both in one query: it is asked on the first page."""
    waits = select(func.count()).where(_STATE_TERMS["waiting"]).scalar_subquery()
    first = select(func.min(_outbox.c.next_try_at)).scalar_subquery()
    newest = select(func.max(AddressFault.id)).where(AddressFault.made_at > at - DOUBT_ALERT_PERIOD)
    doubts = select(func.count()).where(
        AddressFault.id.in_(newest.group_by(AddressFault.address)), AddressFault.kind == "doubted"
    )
    outage = select(MailOutage).where(MailOutage.server == server, MailOutage.ended_at.is_(None)).subquery()
    asked = select(waits.label("waits"), first.label("first"), doubts.scalar_subquery().label("doubts")).subquery()
    row = session.execute(select(asked, outage).outerjoin(outage, true())).one()
    found: DeliveryProblem | None = None
    if row.id is not None:
        found = DeliveryProblem(row.began_at, row.reason, row.server, row.detail, row.waits, row.next_look_at)
    elif row.first is not None and at - row.first > STALLED_AFTER:
        found = DeliveryProblem(row.first, "stopped", "", "", row.waits, None)
    return MailAlert(found, row.doubts)


def count_failing_mail(session: Session, but: Collection[int]) -> int:
    """How many mails, without those with the ids `but`, wait after a try in vain and were queued after the last one
    that was accepted."""
    newest = select(func.max(_outbox.c.sent_at)).scalar_subquery()
    statement = select(func.count()).where(
        _STATE_TERMS["waiting"],
        _outbox.c.failure.is_not(None),
        _outbox.c.id.not_in(but),
        or_(newest.is_(None), _outbox.c.queued_at >= newest),
    )
    return session.execute(statement).scalar_one()


def reported_dead_addresses(session: Session, since: datetime, among: Collection[str] | None = None) -> dict[str, str]:
    """The addresses (all, or those among the given ones) that were said not to exist after `since` and not cleared
    again, and what is known of each."""
    newest = select(func.max(AddressFault.id)).group_by(AddressFault.address)
    if among is not None:
        newest = newest.where(AddressFault.address.in_(among))
    rows = session.execute(
        select(AddressFault.address, AddressFault.kind).where(
            AddressFault.id.in_(newest), AddressFault.made_at > since, AddressFault.kind != "cleared"
        )
    )
    return {str(row.address): str(row.kind) for row in rows}


def accepting_addresses(session: Session, since: datetime) -> set[str]:
    """The addresses to which mail was accepted after `since`, and has not come back."""
    rows = select(_outbox.c.recipient).where(_outbox.c.sent_at > since, _outbox.c.bounced_at.is_(None)).distinct()
    return set(session.execute(rows).scalars())


@dataclass(frozen=True)
class AddressSuppression:
    """An address that takes no mail: what was said, and when."""

    address: str
    kind: str
    reason: str
    at: datetime


def suppression_list(session: Session) -> list[AddressSuppression]:
    """The addresses that get no mail, and those that were said not to exist and are doubted; the newest first."""
    newest = select(func.max(AddressFault.id)).group_by(AddressFault.address)
    rows = session.execute(
        select(AddressFault.address, AddressFault.kind, AddressFault.reason, AddressFault.made_at)
        .where(AddressFault.id.in_(newest), AddressFault.kind != "cleared")
        .order_by(AddressFault.id.desc())
    )
    return [AddressSuppression(*row) for row in rows]
