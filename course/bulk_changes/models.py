"""Changes of many people at once: what was chosen for whom, what became of each, and what is needed to undo it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class BulkChange(Base):
    """One change of many people. Until `applied_at` it is a preview. `sealed_at` is when the values were `chosen` and the
    people were looked at; `back` is the query string of the list that they were chosen from.

    From `applied_at` to `finished_at` it is being written, from `undone_at` to `undo_finished_at` it is being undone.
    """

    __tablename__ = "bulk_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    chosen: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undo_finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    back: Mapped[str] = mapped_column(String(500))


class BulkChangePerson(Base):
    """One of the people of a change. `seen` is the fingerprint of their entry when the preview was made.

    `outcome` is empty until their turn has come; `note` says in words why nothing was done. `before` is what undoing
    needs: see actions/undoing.py.
    """

    __tablename__ = "bulk_change_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("bulk_change.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    seen: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    undo_outcome: Mapped[str | None] = mapped_column(String(20))
    undo_note: Mapped[str] = mapped_column(String(300))

    __table_args__ = (UniqueConstraint("change_id", "person_id"),)
