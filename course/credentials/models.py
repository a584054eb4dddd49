"""Signing keys, and the documents signed with them. Rows are added and never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class SigningKey(Base):
    """A key pair.

    `address` is the URL of the public part, `issuer` that of the issuer, both as of the creation of the key. `locked`
    is the private part, encrypted with a key derived from SECRET_KEY.
    """

    __tablename__ = "signing_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(String(300))
    issuer: Mapped[str] = mapped_column(String(300))
    public: Mapped[bytes] = mapped_column(LargeBinary)
    locked: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KeyWithdrawal(Base):
    """The moment from which signatures of a key are worthless, for example because the private part was stolen."""

    __tablename__ = "key_withdrawal"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_key.id"), unique=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignedCredential(Base):
    """The signed credential of a certificate as it was handed out, and its index (`place`) in a status list."""

    __tablename__ = "signed_credential"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_key.id"))
    list_number: Mapped[int]
    place: Mapped[int]
    document: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("certificate_id", "key_id"), UniqueConstraint("list_number", "place"))


class CredentialRevocation(Base):
    """The revocation of all credentials of a certificate. The reason is stored with the certificate change."""

    __tablename__ = "credential_revocation"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StatusList(Base):
    """A signed version of a status list. The newest row of a number is served."""

    __tablename__ = "status_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(index=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_key.id"))
    document: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
