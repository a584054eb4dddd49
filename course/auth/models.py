"""Tables of sign-in: single-use links, ended sign-in sessions, and attempts for rate limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class EndedSession(Base):
    """A sign-in session that was ended before its time: its cookie no longer signs anybody in.

    `mark` is the hash of the nonce in the session's cookie.
    """

    __tablename__ = "ended_session"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SignInToken(Base):
    """A single-use link. Only the hash of its token is stored. `person_id` is empty for the set-up of the course."""

    __tablename__ = "sign_in_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInAttempt(Base):
    """An attempt that counts for a rate limit: `key` is a keyed hash, such as of the e-mail address that was typed or of the
    network address."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_sign_in_attempt_key_at", "key", "at"),)
