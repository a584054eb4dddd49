"""Platforms that may launch the course, the accounts there that are people here, and what is sent of each session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_WAITING, _OPEN = text("next_try_at is not null"), text("ended_at is null")


class Cmi5Platform(Base):
    """A learning platform that may launch the course. `hosts` are the servers of its record store and its tokens, one a line.
    With `makes_accounts` whoever is not known yet becomes a person, in the team `team_id` if there is one."""

    __tablename__ = "cmi5_platform"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    hosts: Mapped[str] = mapped_column(Text)
    makes_accounts: Mapped[bool]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    active: Mapped[bool]
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Cmi5Account(Base):
    """An account at a platform (its `home_page` and `name`) belongs to a person, from `linked_at` to `ended_at`. `ended_by` is the
    administrator who ended it."""

    __tablename__ = "cmi5_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("cmi5_platform.id"))
    home_page: Mapped[str] = mapped_column(String(500))
    name: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (
        Index(
            "uq_cmi5_account_name", "platform_id", "home_page", "name", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
    )  # fmt: skip


class Cmi5Session(Base):
    """One launch of `unit`: course, refresher, or module- with the id of a module. `registration`, `mark` (the session id of the
    platform), `activity_id`, `endpoint`, `actor`, `context`, `mode`, `mastery_score` and `return_address` are what the platform
    said. `token` is encrypted (course/encryption), and forgotten when everything has been sent. `used_at` is when the person last
    did something, `ended_at` when the session ended; until `looked_at` it is known whether the module is complete."""

    __tablename__ = "cmi5_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("cmi5_platform.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit: Mapped[str] = mapped_column(String(120), default="course")
    registration: Mapped[str] = mapped_column(String(36))
    mark: Mapped[str] = mapped_column(String(255))
    activity_id: Mapped[str] = mapped_column(String(500))
    endpoint: Mapped[str] = mapped_column(String(500))
    token: Mapped[bytes] = mapped_column(LargeBinary)
    actor: Mapped[dict[str, Any]] = mapped_column(JSON)
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    mode: Mapped[str] = mapped_column(String(10))
    mastery_score: Mapped[int | None]  # in ten-thousandths: cmi5 has four decimal places
    return_address: Mapped[str] = mapped_column(String(1000))
    launched_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("platform_id", "registration", "mark"),
        CheckConstraint("mode in ('Normal', 'Browse', 'Review')", name="mode"),
        Index("ix_cmi5_session_open", "person_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )


class Cmi5Statement(Base):
    """A statement about a session. `mark` is its id, by which it exists once (rules.statement_mark). It waits as long as it has a
    `next_try_at`, which is in the future while a worker has claimed it; without one it has arrived, or was refused or given
    up, for the reason `failure`."""

    __tablename__ = "cmi5_statement"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("cmi5_session.id"), index=True)
    verb: Mapped[str] = mapped_column(String(12))
    mark: Mapped[str] = mapped_column(String(36), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[int | None]
    points_right: Mapped[int | None]
    points_asked: Mapped[int | None]
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    failure: Mapped[str] = mapped_column(String(500))

    __table_args__ = (
        CheckConstraint("verb in ('initialized', 'completed', 'passed', 'failed', 'terminated')", name="verb"),
        Index("ix_cmi5_statement_due", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )
