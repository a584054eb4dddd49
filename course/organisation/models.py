"""The organisation that runs the course, its contacts and its look."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Organisation(Base):
    """The organisation: one row. Certificates hold a copy of its name and of who signs them, so a change here does not
    change them. Nobody signs while the signatory is empty."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    nation: Mapped[str] = mapped_column(String(20))
    pathway: Mapped[str] = mapped_column(String(20), server_default="school")
    set_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signatory_name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    signatory_role: Mapped[str] = mapped_column(String(200), default="", server_default="")

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)


class UsualPathway(Base):
    """The default pathway of people from a moment on. `Organisation.pathway` is the newest."""

    __tablename__ = "usual_pathway"

    id: Mapped[int] = mapped_column(primary_key=True)
    pathway: Mapped[str] = mapped_column(String(20))
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Contact(Base):
    """A safeguarding contact as confirmed at a moment, of the organisation or of a team and all below it (`team_id`). The
    newest row of a kind at its place is valid; older ones are history.

    The owner reviews it `review_months` after it was confirmed. A change of owner or interval adds a row with the
    confirmation of the row before it.
    """

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(60))
    email: Mapped[str] = mapped_column(String(254))
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    review_months: Mapped[int] = mapped_column(server_default="12")

    __table_args__ = (Index("ix_contact_kind", "team_id", "kind", "id"),)


class OrganisationLook(Base):
    """The look of the pages from a moment on: the newest row is valid.

    `colour` is six hexadecimal digits, None for the default. A logo is identified by its hash; its bytes are only in the
    row with which it was uploaded.
    """

    __tablename__ = "organisation_look"

    id: Mapped[int] = mapped_column(primary_key=True)
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    logo_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    colour: Mapped[str | None] = mapped_column(String(6))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
