"""Facts about renewal: versions of the policy, extensions and pauses. Rows are added and never changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class RenewalPolicy(Base):
    """One version of the rule of renewal (see rules/policy.py)."""

    __tablename__ = "renewal_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(Date)
    recorded: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(20))
    period_months: Mapped[int]
    window_days: Mapped[int]
    lapse_months: Mapped[int]
    starter_days: Mapped[int]
    minimum_days: Mapped[int]
    fixed_day: Mapped[int]
    fixed_month: Mapped[int]
    minimum_months: Mapped[int]
    import_age_months: Mapped[int | None]
    progress_months: Mapped[int]
    applies: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('anniversary', 'fixed')", name="kind"),)


class RenewalExtension(Base):
    """More time for one person. A row with `withdrawn` takes back the one with the same day, end and reason."""

    __tablename__ = "renewal_extension"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    recorded: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    withdrawn: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RenewalPause(Base):
    """A long leave of one person. What is learned later about its end is another row with the same beginning."""

    __tablename__ = "renewal_pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    recorded: Mapped[date] = mapped_column(Date)
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    re_enter_days: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
