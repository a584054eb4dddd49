"""The reminder policy, every queued reminder, and what is told in person. Rows are added and never changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Date, Dialect, ForeignKey, Index, String, TypeDecorator, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime
from course.translation import text_as_data, text_from_data


class Sentences(TypeDecorator[list[str]]):
    """Sentences, some with values, each a LazyText once it is read: whoever reads them may speak another language than whoever
    caused them. Rows from before have them as plain texts."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> object:  # noqa: ARG002
        return None if value is None else list(map(text_as_data, value))

    def process_result_value(self, value: list[object] | None, dialect: Dialect) -> list[str] | None:  # noqa: ARG002
        return None if value is None else list(map(text_from_data, value))


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
    """A reminder to a learner, or a digest to a manager, to an administrator or to a safeguarding lead (who is no person in
    the database).

    `key` is the key of its mail in the outbox, which knows the state of delivery. `named` are the ids of the people
    whom a digest names. The `step` of a digest is "weekly", and "site" with the id of the team for the lead of a site.
    There is one of a kind for a person and day. A reminder that a person asked for (kind `asked`) has `made_by`; once it
    is withdrawn there may be another on that day.
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
        CheckConstraint("kind in ('learner', 'manager', 'administrator', 'lead', 'asked')", name="kind"),
        CheckConstraint("(kind = 'lead') = (person_id is null)", name="person"),
    )


class InPersonNotice(Base):
    """What a person without an e-mail address would have been mailed, and is told in person instead.

    `kind` is update, booster, deputy or manager (see rules/in_person.py), `lines` are sentences to say. `key` is unique, as
    that of the mail would be, so that nothing is noted twice.
    """

    __tablename__ = "in_person_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    lines: Mapped[list[str]] = mapped_column(Sentences)
    due: Mapped[date | None] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('update', 'booster', 'deputy', 'manager')", name="kind"),)


class InPersonReminder(Base):
    """A person was reminded in person: by whom, when, and of what.

    `about` is the key of the reminder step or of the notice, `task`, `lines` and `due` say it as it was then.
    """

    __tablename__ = "in_person_reminder"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    about: Mapped[str] = mapped_column(String(200))
    task: Mapped[str] = mapped_column(String(20))
    lines: Mapped[list[str]] = mapped_column(Sentences)
    due: Mapped[date | None] = mapped_column(Date)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InPersonWithdrawal(Base):
    """A record that somebody was reminded in person was a mistake: it counts no more from then on."""

    __tablename__ = "in_person_withdrawal"

    reminder_id: Mapped[int] = mapped_column(ForeignKey("in_person_reminder.id"), primary_key=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
