"""Calendar feeds: who created one, when and why it ended, and on which days it was fetched. Rows are only added."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class CalendarFeed(Base):
    """A feed of a person's own dates, or of their team's. Only the hash of its secret token is stored."""

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("scope in ('own', 'team')", name="scope"),)


class CalendarFeedEnd(Base):
    """The end of a feed: its holder revoked it, or replaced it by another."""

    __tablename__ = "calendar_feed_end"

    feed_id: Mapped[int] = mapped_column(ForeignKey("calendar_feed.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("reason in ('revoked', 'replaced')", name="reason"),)


class CalendarFeedFetch(Base):
    """A feed was fetched on a day: one row, however often."""

    __tablename__ = "calendar_feed_fetch"

    feed_id: Mapped[int] = mapped_column(ForeignKey("calendar_feed.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
