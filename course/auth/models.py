"""Tables of sign-in: sessions, second factors and their policy, single-use links, and attempts for rate limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class SignInSession(Base):
    """A browser in which a person is signed in, from its beginning on; `ended_at` is when it was ended before its time.

    `nonce_hash` is the hash of the nonce in the cookie of the session. `used_at` is a moment of use that is at most a quarter
    of an hour behind. `person_id` is empty for a session that ended before the sessions were kept. A row goes when no cookie
    can belong to it any more.
    """

    __tablename__ = "sign_in_session"

    nonce_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    method: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(80))


class KnownDevice(Base):
    """A browser in which a person has signed in before, by the hash of its long-lived cookie."""

    __tablename__ = "known_device"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    device_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A passkey of a person: the public half of a key that stays with their device or its maker.

    `credential_id` is the passkey's own number (base64url). `sign_count` only grows, if the device counts at all.
    `is_synced`: it is backed up, so it is on more than one device.
    """

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    is_synced: Mapped[bool]
    name: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Authenticator(Base):
    """The app of a person that shows a code of six digits every thirty seconds (TOTP, RFC 6238).

    `locked_secret` is its seed, encrypted. `last_step` is the step (thirty seconds since 1970) of the last code that was
    accepted: no code is accepted twice.
    """

    __tablename__ = "authenticator"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    locked_secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code for a person who has lost the second factor, by its keyed hash; it works once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FactorPolicy(Base):
    """Whether whoever sees data of others needs a second factor, from a moment until the next row. `grace_days` are the days
    in which they may still sign in without one."""

    __tablename__ = "factor_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    is_required: Mapped[bool]
    grace_days: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


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
