"""Certificates: a frozen copy of what was certified."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Certificate(Base):
    """One for each completion, and one more for each re-issue, which names the one that it `replaces`.

    Later changes of a name, the course or the settings do not touch it. `kind` is initial (the whole course) or
    refresher, `minutes` about how long that took, `sections` what it covers, a line each. `name` is empty once it is
    not kept any more (course/privacy).
    """

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    course: Mapped[str] = mapped_column(String(200))
    organisation: Mapped[str] = mapped_column(String(200))
    edition: Mapped[str] = mapped_column(String(20))
    content_version: Mapped[str] = mapped_column(String(20))
    completed_on: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pathway: Mapped[str | None] = mapped_column(String(20))
    minutes: Mapped[int | None]
    sections: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20), default="initial", server_default="initial")
    replaces: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), unique=True)

    __table_args__ = (
        Index(
            "uq_certificate_first",
            "completion_id",
            unique=True,
            sqlite_where=text("replaces IS NULL"),
            postgresql_where=text("replaces IS NULL"),
        ),
    )


class CertificateLinkEnd(Base):
    """The link by which somebody opens their certificates without signing in was ended (see keeping.py). `number` counts
    the links of a person from 0; the one after the last that ended works."""

    __tablename__ = "kept_link_end"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("person_id", "number"),)


class CertificateChange(Base):
    """What became of a certificate after it was issued: replaced by another one, or revoked. Never undone."""

    __tablename__ = "certificate_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('replaced', 'revoked')", name="kind"),)
