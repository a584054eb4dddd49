"""The audit log. Triggers in the database refuse to change or to remove an entry."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class AuditEntry(Base):
    """One audit event.

    `number` has no gaps; `hash` covers the entry and the hash of the entry before (`previous`). There are no foreign
    keys: the log outlives the rows that it names.
    """

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[int | None]
    what: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str | None] = mapped_column(String(20))
    subject_id: Mapped[int | None]
    details: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_entry_actor", "actor_id", "number"),
        Index("ix_audit_entry_what", "what", "number"),
        Index("ix_audit_entry_subject", "subject_kind", "subject_id", "number"),
    )


class AuditHead(Base):
    """Number and hash of the newest entry, in the only row, which is updated with each entry.

    It shows when the newest entries are removed. The row exists since the migration.
    """

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (CheckConstraint("id = 1", name="one"),)
