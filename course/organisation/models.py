"""The organisation that runs the course, and the people to turn to in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Organisation(Base):
    """One row. Its name on a certificate is a copy, so a change here leaves certificates as they are."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    nation: Mapped[str] = mapped_column(String(20))
    pathway: Mapped[str] = mapped_column(String(20), server_default="school")
    set_up_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)


class UsualPathway(Base):
    """The pathway of everybody for whom no other is chosen, from a moment on. `Organisation.pathway` is the newest."""

    __tablename__ = "usual_pathway"

    id: Mapped[int] = mapped_column(primary_key=True)
    pathway: Mapped[str] = mapped_column(String(20))
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Contact(Base):
    """Who to turn to, as confirmed at a moment. The newest row of a kind holds; older ones are history.

    The owner looks at it again so many months after it was confirmed. Who names another owner or interval adds a row
    that was confirmed when the one before it was.
    """

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(60))
    email: Mapped[str] = mapped_column(String(254))
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    review_months: Mapped[int] = mapped_column(server_default="12")

    __table_args__ = (Index("ix_contact_kind", "kind", "id"),)


class OrganisationLook(Base):
    """How the pages look from a moment on: the newest row holds. `colour` is six hexadecimal digits, None for the
    usual one. A logo is named by its hash, and its bytes stand in the row that brought it in only."""

    __tablename__ = "organisation_look"

    id: Mapped[int] = mapped_column(primary_key=True)
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    logo_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    colour: Mapped[str | None] = mapped_column(String(6))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
