"""The discussions that teams held about their results."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class TeamDiscussion(Base):
    """A discussion of ten minutes that a team (none: the whole organisation) held about a learning point.

    `agreed` is what the team agreed on, in the words of the person `made_by` who recorded it. `ended_at` is when the
    record was withdrawn, which is the only change of a row. The audit kinds are talk.held and talk.taken_back.
    """

    __tablename__ = "team_talk"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    point: Mapped[str] = mapped_column(String(100))
    held_on: Mapped[date] = mapped_column(Date)
    people: Mapped[int]
    agreed: Mapped[str] = mapped_column(String(500))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_reason: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        CheckConstraint("people > 1", name="people"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended"),
    )
