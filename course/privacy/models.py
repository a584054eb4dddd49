"""Data protection: retention schedule, erasure requests and erasures.

Rows are added and never changed. They hold ids of people and counts, and no names but that of the contact for questions
about data.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class RetentionSchedule(Base):
    """One version of the retention schedule (see rules/retention_schedule.py); the newest is in force."""

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
    """A request to erase the data of a person, carried out by the worker.

    `number` counts the requests about a person: the unique index makes two simultaneous requests one.
    """

    __tablename__ = "erasure_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[int] = mapped_column(server_default="1")
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("uq_erasure_request_number", "person_id", "number", unique=True),)


class Erasure(Base):
    """What was erased of a person at one stage (see rules/retention_schedule.py).

    `counts` holds the number of rows by table, `total` their sum, which may be 0. All rows of one run have the same
    `made_at`. `request_id` is the request that the erasure carried out; None if the retention schedule asked for it.
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
