"""Everybody's standing as rows, which are derived from the facts and can be dropped at any time.

Nothing but a report reads them. They are written by the catch-up only (see jobs.py), whose one writer at a time moves the
mark in the same transaction.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
_EMPLOYED: Any = {"sqlite_where": text("is_employed = 1"), "postgresql_where": text("is_employed")}


class PersonStatus(Base):
    """One person as a report lists them from the day `derived_on` until the day before `changes_on`: see
    rules.Standing. There is an index for each order of the report, and one for teams."""

    __tablename__ = "person_status"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    is_employed: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(_BYTEWISE)
    name_key: Mapped[str] = mapped_column(_BYTEWISE)
    email: Mapped[str] = mapped_column(String(254))
    teams: Mapped[str] = mapped_column(Text)
    pathway: Mapped[str] = mapped_column(String(20))
    employment_start: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(20))
    group_rank: Mapped[int]
    due: Mapped[date | None] = mapped_column(Date)
    due_order: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    started: Mapped[date | None] = mapped_column(Date)
    course: Mapped[str] = mapped_column(String(20))
    modules_done: Mapped[int | None]
    has_certificate: Mapped[bool] = mapped_column(Boolean)
    is_long_overdue: Mapped[bool] = mapped_column(Boolean)
    derived_on: Mapped[date] = mapped_column(Date)
    changes_on: Mapped[date | None] = mapped_column(Date, index=True)

    __table_args__ = (
        Index("ix_person_status_worst", "group_rank", "due_order", "name_key", "person_id", **_EMPLOYED),
        Index("ix_person_status_name", "name_key", "name", "person_id", **_EMPLOYED),
        Index("ix_person_status_due", "due_order", "group_rank", "name_key", "person_id", **_EMPLOYED),
        Index(
            "ix_person_status_start",
            text("employment_start DESC"),
            "group_rank",
            "due_order",
            "name_key",
            "person_id",
            **_EMPLOYED,
        ),
        # Of the people of some teams all orders can be made without reading a row.
        Index(
            "ix_person_status_teams",
            "teams",
            "group_rank",
            "due_order",
            "name_key",
            "person_id",
            "name",
            "employment_start",
            **_EMPLOYED,
        ),
    )


class StandingCount(Base):
    """How many employed people are in a cell (see rules.Cell). It always equals the count of the rows of PersonStatus."""

    __tablename__ = "standing_count"

    teams: Mapped[str] = mapped_column(Text, primary_key=True)
    group_rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    has_certificate: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    is_long_overdue: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    people: Mapped[int]


class StandingChange(Base):
    """Something about a person is to be derived again; the row is deleted in the transaction that does it."""

    __tablename__ = "standing_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


class StandingsMark(Base):
    """The one row that says up to which facts the rows are derived.

    `version` counts the writes, so that what was derived from an older state is not written over a newer one. The newest
    rows are those of the tables that a status depends on; beside each stands how many rows the last MARK_WINDOW numbers
    hold, because on PostgreSQL a row may become visible later than one with a higher number. While everybody is derived
    again, `cursor` is the person up to whom that is done. `latest_day` is the last day of which a row was derived.
    """

    __tablename__ = "standings_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    audit_event: Mapped[int]
    completion: Mapped[int]
    completion_count: Mapped[int]
    enrolment: Mapped[int]
    enrolment_count: Mapped[int]
    page: Mapped[int]
    page_count: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(String(64))
    cursor: Mapped[int | None]
    latest_day: Mapped[date] = mapped_column(Date)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_people: Mapped[int | None]
    differing_people: Mapped[int | None]
