"""Whose certificates count here. Rows are added and never changed; of an address the newest row holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class TrustedIssuer(Base):
    """From a moment on the certificates of another organisation count here (`trusted`), or no more (`ended`).

    `profile` is the file with its name, address and public keys, as somebody brought it. `number` counts the rows of an
    address, so that two at once are one.
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
