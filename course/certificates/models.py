"""Certificates, their changes, the ends of certificate links, and the links for wallets."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Certificate(Base):
    """A certificate: a frozen copy of what was certified.

    There is one for each completion, and one more for each re-issue, which names the certificate that it `replaces`.
    Later changes of a name, the course or the settings do not change it. `kind` is initial (the whole course) or
    refresher, `minutes` the approximate duration, `sections` what the course covers, one per line. `language` is the one
    in which it was issued; None for English. `signatory_name` and `signatory_role` say who signed it; None on certificates
    from before anybody did, empty if nobody did. `supervised_on` is the day of the supervised session in which the assessment
    was passed; None if it was passed elsewhere. `name` is empty once it was erased (course/privacy).
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
    language: Mapped[str | None] = mapped_column(String(35))
    signatory_name: Mapped[str | None] = mapped_column(String(200))
    signatory_role: Mapped[str | None] = mapped_column(String(200))
    supervised_on: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        Index(
            "uq_certificate_first",
            "completion_id",
            unique=True,
            sqlite_where=text("replaces IS NULL"),
            postgresql_where=text("replaces IS NULL"),
        ),
        # See Person.
        {"sqlite_autoincrement": True},
    )


class CertificateLinkEnd(Base):
    """The end of a certificate link (see course/signed_links.py).

    `number` counts the links of a person from 0; the link after the last that was ended is valid.
    """

    __tablename__ = "kept_link_end"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("person_id", "number"),)


class CertificateChange(Base):
    """What became of a certificate after issue: replaced or revoked. A change is final."""

    __tablename__ = "certificate_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('replaced', 'revoked')", name="kind"),)


class WalletLink(Base):
    """A link at which a wallet may fetch the signed file of one certificate (see course/signed_links.py).

    Its holder made it, and nobody else can. `number` counts the links of a certificate from 0.
    """

    __tablename__ = "wallet_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    number: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("certificate_id", "number"),)


class WalletLinkEnd(Base):
    """The end of a wallet link: it opens nothing any more."""

    __tablename__ = "wallet_link_end"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("wallet_link.id"), unique=True)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
