"""Connections of identity providers that provision people by SCIM, and what each of them has said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_OPEN = text("ended_at IS NULL")


class ScimConnection(Base):
    """An identity provider that may provision people, until `ended_at`. `name` is what pages call it. With
    `owns_administrators` it may also take over and change administrators and auditors."""

    __tablename__ = "scim_connection"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    owns_administrators: Mapped[bool]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_scim_connection_name", "name", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )


class ScimToken(Base):
    """The connection that a token (course/api_tokens) belongs to."""

    __tablename__ = "scim_token"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_token.id"), primary_key=True, autoincrement=False)
    connection_id: Mapped[int] = mapped_column(ForeignKey("scim_connection.id"), index=True)


class ScimUser(Base):
    """A user as the identity provider describes it, until it deletes it (`ended_at`).

    `person_id` is whom it is about; None for an inactive user whom the course does not know. `attributes` is the rest of the
    resource as JSON, as it was sent. `active` is what the identity provider says; None, which counts as active, if it does not
    say.
    """

    __tablename__ = "scim_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(String(36), unique=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("scim_connection.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    user_name: Mapped[str] = mapped_column(String(254))
    user_name_key: Mapped[str] = mapped_column(String(300))
    external_id: Mapped[str | None] = mapped_column(String(254))
    active: Mapped[bool | None]
    attributes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_scim_user_name", "connection_id", "user_name_key", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index(
            "uq_scim_user_external", "connection_id", "external_id", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index("uq_scim_user_person", "person_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )  # fmt: skip


class ScimGroup(Base):
    """A group of the identity provider, until it deletes it."""

    __tablename__ = "scim_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(String(36), unique=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("scim_connection.id"), index=True)
    display_name: Mapped[str] = mapped_column(String(254))
    external_id: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ScimMember(Base):
    """A user is in a group now. The row goes when the identity provider takes the user out."""

    __tablename__ = "scim_member"

    group_id: Mapped[int] = mapped_column(ForeignKey("scim_group.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("scim_user.id"), primary_key=True, index=True)


class ScimGroupRule(Base):
    """What a group gives its members, until `ended_at`: a team, the role of its manager, or a pathway."""

    __tablename__ = "scim_group_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("scim_group.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    pathway: Mapped[str | None] = mapped_column(String(20))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("kind in ('team', 'manager', 'pathway')", name="kind"),
        CheckConstraint("(kind = 'pathway') = (pathway is not null)", name="pathway"),
        CheckConstraint("(kind = 'pathway') = (team_id is null)", name="team"),
    )


class ScimCall(Base):
    """A call of an identity provider and its outcome: `problem` is a key of PROBLEMS (rules/problems), `person_id` the person
    whose entry explains it. The newest are kept. No name and no address is stored."""

    __tablename__ = "scim_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("scim_connection.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    method: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(20))
    resource_id: Mapped[str | None] = mapped_column(String(36))
    status: Mapped[int]
    problem: Mapped[str | None] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    __table_args__ = (Index("ix_scim_call_connection", "connection_id", "id"),)
