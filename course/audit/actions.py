"""Writing to the log: in the same transaction as the deed, and as the last thing in it."""

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
from course.audit.rules import INITIAL_HASH, EventSubject, canonical_json, entry_hash

_PENDING_KEY = "audit"  # where a session keeps what is still to be written
_ADVISORY_LOCK = 7_241_131  # PostgreSQL's advisory lock of whoever writes to the log; any number that nobody else uses


@dataclass(frozen=True)
class _PendingEvent:
    """What `record` was told, and the transaction or savepoint that it belongs to."""

    within: SessionTransaction | None
    at: datetime
    actor_id: int | None
    what: str
    subject: EventSubject | None
    details: str

    def belongs_to(self, transaction: SessionTransaction) -> bool:
        outer = self.within
        while outer is not None and outer is not transaction:
            outer = outer.parent
        return outer is transaction


def record_event(
    session: Session, what: str, subject: EventSubject | None, details: Mapping[str, Any], by: int | None, at: datetime
) -> None:
    """Write a deed to the log when the transaction is committed; if it is undone, so is this.

    `what` is a name that a feature declares in its `events.py`; `by` is the id of the person who did it (None: a
    command or a job).
    A GET commits nothing, so nothing can be recorded in one: downloads that are recorded are posts.
    Details never hold passwords, tokens, answers or notes, nor the names and addresses of people: nothing
    can be taken out of the log again. So a `reason` about a person is left out: it stands beside the fact, and may say
    something about their health. Raises ValueError for an unknown deed.
    """
    if event_kind(what) is None:
        raise ValueError(f"no feature declares the audit event {what!r}")
    if not session.in_transaction():
        session.begin()
    if subject is not None and subject[0] == "person":
        details = {name: value for name, value in details.items() if name != "reason"}
    within = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(_PENDING_KEY, []).append(
        _PendingEvent(within, at, by, what, subject, canonical_json(details))
    )


# Each entry holds the hash of the one before, so only one transaction at a time can write to the log. It
# does so as the last thing before its commit: whoever else waits, waits for the commit alone, not for a long
# import, and nobody who holds this lock ever waits for another one.
@event.listens_for(Session, "before_commit")
def _write_events(session: Session) -> None:
    deeds: list[_PendingEvent] | None = session.info.get(_PENDING_KEY)
    if not deeds or session.in_nested_transaction():
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # On SQLite whoever writes at all is the only one.
        session.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    # The hash is that of the entry that was written last, even if somebody has removed it: that shows then.
    (number, _), (_, previous) = queries.log_head(session), queries.recorded_head(session) or (0, INITIAL_HASH)
    rows = []
    for deed in deeds:
        number += 1
        mark = entry_hash(number, deed.at, deed.actor_id, deed.what, deed.subject, deed.details, previous)
        kind, subject_id = deed.subject or (None, None)
        rows.append(
            {"number": number, "at": deed.at, "actor_id": deed.actor_id, "what": deed.what, "subject_kind": kind,
             "subject_id": subject_id, "details": deed.details, "previous": previous, "hash": mark}
        )  # fmt: skip
        previous = mark
    session.execute(insert(AuditEntry), rows)
    session.execute(update(AuditHead).values(number=number, hash=previous))
    deeds.clear()


@event.listens_for(Session, "after_soft_rollback")
def _discard_rolled_back(session: Session, undone: SessionTransaction) -> None:
    """What belongs to a savepoint that is undone was not done."""
    deeds: list[_PendingEvent] | None = session.info.get(_PENDING_KEY)
    if deeds:
        deeds[:] = [deed for deed in deeds if not deed.belongs_to(undone)]


@event.listens_for(Session, "after_transaction_end")
def _discard_uncommitted(session: Session, ended: SessionTransaction) -> None:
    """A session that is closed without a commit has done nothing."""
    if ended.parent is None:
        session.info.pop(_PENDING_KEY, None)
