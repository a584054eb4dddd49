"""Reading the audit log: all of it in order, and its newest entry."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry, AuditHead
from course.audit.rules import INITIAL_HASH, AuditLogEntry

_log, _head = AuditEntry.__table__, AuditHead.__table__
_RECORDED_HEAD = select(_head.c.number, _head.c.hash)
_LOG_HEAD = select(_log.c.number, _log.c.hash).order_by(_log.c.number.desc()).limit(1)
# Every action asks this: one statement, built once, because that takes longer than running it.
_NEXT_ENTRY = select(
    _LOG_HEAD.with_only_columns(_log.c.number).scalar_subquery(), select(_head.c.hash).scalar_subquery()
)
FETCH_SIZE = 2000  # rows per fetch when all are read


def set_read_only(session: Session) -> None:
    """Make the session read-only, before any other statement: reading the whole log must not block writers, and reads it as
    it was at one moment."""
    session.connection(execution_options={"writes": False, "snapshot": True})


def recorded_head(session: Session) -> tuple[int, str] | None:
    """Number and hash of the entry that was written last, even if it was removed since; (0, INITIAL_HASH) before the
    first.

    None if that record was removed as well.
    """
    row = session.execute(_RECORDED_HEAD).one_or_none()
    return (row.number, row.hash) if row else None


def log_head(session: Session) -> tuple[int, str]:
    """Number and hash of the newest entry; (0, INITIAL_HASH) before the first."""
    row = session.execute(_LOG_HEAD).first()
    return (row.number, row.hash) if row else (0, INITIAL_HASH)


def newest_number_and_hash(session: Session) -> tuple[int, str]:
    """The number of the newest entry, and the hash of the one that was written last, which differ if the newest was removed.
    What the next entry follows."""
    number, digest = session.execute(_NEXT_ENTRY).one()
    return number or 0, digest or INITIAL_HASH


def all_entries(session: Session) -> Iterator[AuditLogEntry]:
    """Every entry in the order of the numbers, read in parts: the log may be larger than the memory."""
    rows = session.execute(select(_log).order_by(_log.c.number), execution_options={"yield_per": FETCH_SIZE})
    return (AuditLogEntry(*row) for row in rows)
