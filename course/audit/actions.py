"""Recording audit events: in the same transaction as the action, and as the last statements of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event, func, insert, select, update
from sqlalchemy.orm import Session, SessionTransaction

from course.audit import queries
from course.audit.catalogue import event_kind
from course.audit.models import AuditEntry, AuditHead
from course.audit.rules import CONNECTION, REPRESENTED, EventSubject, canonical_json, entry_hash
from course.context import Context

_PENDING_KEY = "audit"  # the key of a session's events that are not written yet
_ADVISORY_LOCK = 7_241_131  # the advisory lock of writers on PostgreSQL: an arbitrary number that nothing else uses
# Every action runs them: built once, because that takes longer.
_LOCK_LOG = select(func.pg_advisory_xact_lock(_ADVISORY_LOCK))
_entry, _head = (t.metadata.tables[t.__tablename__] for t in (AuditEntry, AuditHead))
_INSERT_ENTRIES, _SET_HEAD = insert(_entry), update(_head)


@dataclass(frozen=True)
class _PendingEvent:
    """An event that is not written yet, and the transaction or savepoint that it belongs to."""

    transaction: SessionTransaction | None
    at: datetime
    actor_id: int | None
    kind: str
    subject: EventSubject | None
    details: str

    def belongs_to(self, transaction: SessionTransaction) -> bool:
        outer = self.transaction
        while outer is not None and outer is not transaction:
            outer = outer.parent
        return outer is transaction


def record_event(context: Context, what: str, subject: EventSubject | None, details: Mapping[str, Any]) -> None:
    """Record an audit event. It is written at the commit of the transaction, and discarded with a rollback.

    `what` is the name of an event that a feature declares in its `events.py`; A GET commits nothing, so
    downloads that are recorded are POSTs.

    Details never hold passwords, tokens, answers or notes, nor names and addresses of people: the log can never be
    erased. For the same reason a `reason` about a person is left out: it is stored with the fact, and may be about
    health. Where a deputy acts the managers for whom it is done are added. Raises ValueError for an event that no feature declares.
    """
    session = context.session
    if event_kind(what) is None:
        raise ValueError(f"no feature declares the audit event {what!r}")
    if not session.in_transaction():
        session.begin()
    if subject is not None and subject[0] == "person":
        details = {name: value for name, value in details.items() if name != "reason"}
    if context.connection is not None:
        details = {**details, CONNECTION: context.connection}
    managers = context.represented(subject)
    if managers:
        details = {**details, REPRESENTED: list(managers)}
    transaction = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(_PENDING_KEY, []).append(
        _PendingEvent(transaction, context.now, context.actor, what, subject, canonical_json(details))
    )


# Each entry holds the hash of the one before, so only one transaction at a time can write to the log. The log is
# written last before the commit: others wait for the commit only and not for a long import, and the holder of this lock
# never waits for another lock.
@event.listens_for(Session, "before_commit")
def _write_events(session: Session) -> None:
    events: list[_PendingEvent] | None = session.info.get(_PENDING_KEY)
    if not events or session.in_nested_transaction():
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # On SQLite there is only one writer at a time anyway.
        session.execute(_LOCK_LOG)
    # The hash is that of the entry that was written last, even if it was removed: the gap shows then.
    number, previous = queries.newest_number_and_hash(session)
    rows = []
    for pending in events:
        number += 1
        digest = entry_hash(
            number, pending.at, pending.actor_id, pending.kind, pending.subject, pending.details, previous
        )
        subject_kind, subject_id = pending.subject or (None, None)
        rows.append(
            {"number": number, "at": pending.at, "actor_id": pending.actor_id, "what": pending.kind, "subject_kind": subject_kind,
             "subject_id": subject_id, "details": pending.details, "previous": previous, "hash": digest}
        )  # fmt: skip
        previous = digest
    session.execute(_INSERT_ENTRIES, rows)
    session.execute(_SET_HEAD, {"number": number, "hash": previous})
    events.clear()


@event.listens_for(Session, "after_soft_rollback")
def _discard_rolled_back(session: Session, rolled_back: SessionTransaction) -> None:
    """Discard the events of a savepoint that is rolled back."""
    events: list[_PendingEvent] | None = session.info.get(_PENDING_KEY)
    if events:
        events[:] = [pending for pending in events if not pending.belongs_to(rolled_back)]


@event.listens_for(Session, "after_transaction_end")
def _discard_uncommitted(session: Session, ended: SessionTransaction) -> None:
    """Discard the events of a session that is closed without a commit."""
    if ended.parent is None:
        session.info.pop(_PENDING_KEY, None)
