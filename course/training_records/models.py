"""The access log of training records: who looked at a record or took it away in a file. Rows are added and never
changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class RecordView(Base):
    """`viewer_id` saw pages of the training record of `person_id` (what: page), or took the person away in a file
    (export) or in an evidence pack (pack); `detail` says which file. Page views have a `day`: one row for a viewer, a
    person and a day."""

    __tablename__ = "record_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    viewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    what: Mapped[str] = mapped_column(String(10))
    detail: Mapped[str] = mapped_column(String(200))
    day: Mapped[date | None] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("person_id", "viewer_id", "day"),
        CheckConstraint("what in ('page', 'export', 'pack')", name="what"),
        CheckConstraint("(what = 'page') = (day is not null)", name="day"),
        Index("ix_record_view_person", "person_id", "id"),
    )
