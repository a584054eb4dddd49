"""The reminder policy, and every queued reminder. Rows are added and never changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class ReminderPolicyVersion(Base):
    """One version of the reminder policy (see rules/policy.py); the newest is in force.

    `closed` has pairs of ISO dates.
    """

    __tablename__ = "reminder_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    before: Mapped[list[int]] = mapped_column(JSON)
    every_days: Mapped[int]
    digest_weekday: Mapped[int]
    lead_days: Mapped[int]
    opens: Mapped[int]
    closes: Mapped[int]
    closed: Mapped[list[list[str]]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reminder(Base):
    """A reminder to a learner, or a digest to a manager or to the safeguarding lead (who is no person in the database).

    `key` is the key of its mail in the outbox, which knows the state of delivery. `named` are the ids of the people
    whom a digest names. There is one of a kind for a person and day. A reminder that a person asked for (kind `asked`)
    has `made_by`; once it is withdrawn there may be another on that day.
    """

    __tablename__ = "reminder"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    step: Mapped[str] = mapped_column(String(20))
    due: Mapped[date | None] = mapped_column(Date)
    leaves_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(300))
    named: Mapped[list[int]] = mapped_column(JSON)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_reminder_day",
            "person_id",
            "kind",
            "leaves_on",
            unique=True,
            sqlite_where=text("kind <> 'asked'"),
            postgresql_where=text("kind <> 'asked'"),
        ),
        # The unique index above is partial.
        Index("ix_reminder_person", "person_id", "id"),
        # Whom a report can still remind today: few reminders are of today.
        Index("ix_reminder_made_at", "made_at"),
        CheckConstraint("kind in ('learner', 'manager', 'lead', 'asked')", name="kind"),
        CheckConstraint("(kind = 'lead') = (person_id is null)", name="person"),
    )
