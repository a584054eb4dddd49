"""The figures of groups that were published, and the discussions that teams held about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, UniqueConstraint
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


class FigureRelease(Base):
    """The publication of group figures on one Monday, which is recorded once for each Monday and is never changed.

    `scope` is "teams" (team results) or "items" (item analysis). The figures count what was answered before `cutoff`, the
    beginning of the day. People of the teams `excluded` (0: no team) did not count for the whole organisation. Of the
    groups `suppressed` no figures are shown from that Monday on, until they are in no later list. A group that is in
    no list and has no row in `published_figure` for that Monday kept the figures that it had.
    """

    __tablename__ = "figure_release"

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(10))
    monday: Mapped[date] = mapped_column(Date)
    cutoff: Mapped[datetime] = mapped_column(UtcDateTime)
    excluded: Mapped[list[int]] = mapped_column(JSON)
    suppressed: Mapped[list[int]] = mapped_column(JSON)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("scope", "monday"),
        CheckConstraint("scope in ('teams', 'items')", name="scope"),
    )


class PublishedFigure(Base):
    """The figures of a group (a team with all teams below it; 0: the whole organisation) that were published on a Monday.

    `counts` is everything that could be seen (see rules.published_figures): counts only, and nothing by which a row
    belongs to a person. So erasure leaves the rows alone, and later figures are checked against what people saw.
    `rest_teams`, `rest_people` and `rest_answers` are the rest beside the groups below that were published on the same
    day (see rules.differencing.PublishedRest). Team ids have no foreign key: a row outlives whatever becomes of a team.
    Triggers refuse to change or to delete a row.
    """

    __tablename__ = "published_figure"

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("figure_release.id"))
    group_id: Mapped[int] = mapped_column(index=True)
    rest_teams: Mapped[list[int]] = mapped_column(JSON)
    rest_people: Mapped[int]
    rest_answers: Mapped[int]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("release_id", "group_id"),)
