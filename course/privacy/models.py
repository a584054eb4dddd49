"""The schedule of retention, what was asked to be erased, and what was. Rows are added and never changed; they hold
numbers of people and counts, no names but that of whoever answers questions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class RetentionSchedule(Base):
    """One version of the schedule (see rules/schedule.py); the newest holds."""

    __tablename__ = "retention_schedule"

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_months: Mapped[int]
    proof_months: Mapped[int]
    mail_months: Mapped[int]
    sign_in_days: Mapped[int]
    contact_name: Mapped[str] = mapped_column(String(200))
    contact_email: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ErasureRequest(Base):
    """Somebody asked for what is kept about them to be erased. It is carried out by the worker. `number` counts the
    requests about a person, so that two at once are one."""

    __tablename__ = "erasure_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[int] = mapped_column(server_default="1")
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("uq_erasure_request_number", "person_id", "number", unique=True),)


class Erasure(Base):
    """What went of a person at one stage (rules/schedule.py): `counts` by table, `total` their sum, which may be 0.

    All rows of one run have the same moment. `request_id` is the request that it carried out, if it was not the
    schedule.
    """

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stage: Mapped[str] = mapped_column(String(20))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("erasure_request.id"))
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    total: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_erasure_person", "person_id", "stage", "made_at"), Index("ix_erasure_run", "made_at"))
