"""The queue of background jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_OPEN = text("state IN ('waiting', 'running')")


class Job(Base):
    """One piece of slow or regular work (see course/jobs/rules.py for the kinds).

    `made_by` is the owner; nobody owns regular work. `key` is unique among jobs that wait or run, so that 25 presses of
    a button make one job. `arguments` is what it was asked for, or what a regular job found. `due_at` is the interval of
    a regular job, and unique with the kind for good, so that several workers make each job once. A worker that runs a
    job renews `lease_until`; `claimed_by` is its name. `attempts` counts how often the job was begun since it was last
    put into the queue; `claims` counts all of them and is never reset, so that each claim makes the earlier ones void.
    `stage`, `done` and `total` are the progress, `failure` says in words why the job failed.
    """

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(10))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    key: Mapped[str | None] = mapped_column(String(200))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))
    stage: Mapped[str] = mapped_column(String(100))
    done: Mapped[int]
    total: Mapped[int]
    attempts: Mapped[int]
    claims: Mapped[int]
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    failure: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("state in ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
        UniqueConstraint("kind", "due_at"),
        Index("uq_job_open_key", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_job_open", "lane", "not_before", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_job_ended_at", "ended_at"),
    )
