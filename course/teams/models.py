"""What became of teams. A team's row says what it is called and where it stands now; these say what was before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class TeamChange(Base):
    """Something was done to a team: until `changed_at` it was called `name` and was part of `parent_id`.

    `into_id` is the team that it was merged into.
    """

    __tablename__ = "team_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    into_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    reason: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (
        CheckConstraint("kind in ('changed', 'merged', 'closed')", name="kind"),
        CheckConstraint("(kind = 'merged') = (into_id is not null)", name="into"),
    )
