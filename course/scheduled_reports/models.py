"""Subscriptions to reports by mail, and the reports that were sent. Rows are added; only the end of a subscription is
written later."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class ReportSubscription(Base):
    """`person_id` gets the report of a team and all below it (without a team: of all people they see) every week or
    month. `since` is the day on which the subscription began."""

    __tablename__ = "report_subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    every: Mapped[str] = mapped_column(String(10))
    since: Mapped[date] = mapped_column(Date)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("every in ('week', 'month')", name="every"),)


class SentReport(Base):
    """A report that was queued: one for a subscription and a period. `key` is the key of its mail; `counts` are the
    counts of the day by status group, and `people` the number of people that it names."""

    __tablename__ = "report_bulletin"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("report_subscription.id"))
    period: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(200))
    day: Mapped[date] = mapped_column(Date)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    people: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("subscription_id", "period"),)
