"""Tokens of programs. Rows are only added, and only the hash of a token is stored."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class ApiToken(Base):
    """A token that a person made for a program: what it is for, what it may read (`scopes`), of which team and all below it
    (None: of everyone), and the last day on which it works. `hint` is the end of the token, by which it is recognised."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_day: Mapped[date] = mapped_column(Date)


class ApiTokenRevocation(Base):
    """A token was revoked before its last day."""

    __tablename__ = "api_token_revocation"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_token.id"), primary_key=True, autoincrement=False)
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiTokenUse(Base):
    """A token was used on a day: one row, however often."""

    __tablename__ = "api_token_use"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_token.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
