"""Decisions about trusted issuers. Rows are added and never changed; the newest row of an address is in force."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class TrustedIssuer(Base):
    """The decision to accept certificates of another organisation (`trusted`), or to accept no more (`ended`).

    `profile` is the file with its name, address and public keys, as an administrator pasted it. `number` counts the
    rows of an address: the unique index makes two simultaneous decisions one.
    """

    __tablename__ = "trusted_issuer"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(300), index=True)
    number: Mapped[int] = mapped_column(server_default="1")
    name: Mapped[str] = mapped_column(String(200))
    profile: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("kind in ('trusted', 'ended')", name="kind"),
        Index("uq_trusted_issuer_number", "address", "number", unique=True),
    )
