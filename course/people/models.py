"""Persons, teams, and who belongs where as what. Each fact has its dates; nothing is overwritten."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    event,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime
from course.people.rules import MAX_JOB_ROLE_LENGTH, name_key, sign_in_key
from course.text import comparison_key


def _name_key_default(context: Any) -> str:
    return name_key(str(context.get_current_parameters()["name"]))


class Person(Base):
    """Somebody, as they are called now. Since `erased_at` their name is not kept any more (course/privacy).

    `name_key` is the name as it is found and ordered (people/rules); it follows the name. `invited_at` is when the
    newest invitation was mailed since they came. `last_day` is one that was recorded beforehand, until it has taken effect:
    after it they have left, even if `left_at` does not say so yet. `language` is the language that they chose for pages and
    mail; None as long as they have chosen none. Who has no `email` signs in with `sign_in_name`; `sign_in_key` is the form in
    which it is compared and follows it. `job_role` is their job as the organisation calls it, not a role in the course.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_day: Mapped[date | None] = mapped_column(Date, index=True)
    staff_number: Mapped[str | None] = mapped_column(String(50), unique=True)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str | None] = mapped_column(String(35))
    sign_in_name: Mapped[str | None] = mapped_column(String(50))
    sign_in_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    job_role: Mapped[str | None] = mapped_column(String(MAX_JOB_ROLE_LENGTH))
    # Compared byte by byte on both engines, so that both give the same order.
    name_key: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=_name_key_default, server_default=""
    )

    # SQLite, too, gives no number again: links and other programs know people by it (course/backups/actions/numbering).
    __table_args__ = (Index("ix_person_name_key", "name_key", "id"), {"sqlite_autoincrement": True})


@event.listens_for(Person.name, "set")
def _update_name_key(person: Person, name: str, _before: object, _initiator: object) -> None:
    person.name_key = name_key(name or "")


@event.listens_for(Person.sign_in_name, "set")
def _update_sign_in_key(person: Person, name: str | None, _before: object, _initiator: object) -> None:
    person.sign_in_key = sign_in_key(name) if name else None


class UsualLanguage(Base):
    """The language (BCP 47) of pages, mail and certificates of whoever has chosen none, from a moment on; the newest row
    holds. Without a row it is English, and on pages what the browser prefers."""

    __tablename__ = "usual_language"

    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(35))
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Team(Base):
    """A node of the tree; the top has no parent. `open_key` is place and name of a team that is open: no two are open at
    one place with one name."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    open_key: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("uq_team_open_key", "open_key", unique=True),)


@event.listens_for(Team, "before_insert")
@event.listens_for(Team, "before_update")
def _update_open_key(_mapper: object, _connection: object, team: Team) -> None:
    team.open_key = None if team.closed_at is not None else f"{team.parent_id or 0}/{comparison_key(team.name)}"


_OPEN = text("until IS NULL")
_OPEN_FOR_EVERYONE = text("until IS NULL AND team_id IS NULL")


class Membership(Base):
    """A person belongs to a team from one moment until another."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_membership_open", "person_id", "team_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )


class PathwayChoice(Base):
    """In which setting somebody reads the course from a moment on; the newest row holds.

    `team_id` is the team whose pathway they got with their place in it; None if it was chosen for them by name. Without
    a pathway the row says that from then on they read in the organisation's usual one.
    """

    __tablename__ = "pathway_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    pathway: Mapped[str | None] = mapped_column(String(20))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    reason: Mapped[str] = mapped_column(String(200))
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Employment(Base):
    """When somebody works here, from the first to the last day, as recorded on a day. What is learned later about the
    end of a stay is another row with the same `start`. Who has no row has been here since they were added; whether
    somebody has left now stands in `Person.left_at` as well, because every sign-in asks for it."""

    __tablename__ = "employment"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    recorded: Mapped[date] = mapped_column(Date)
    start: Mapped[date] = mapped_column(Date)
    end: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RoleGrant(Base):
    """A role beyond that of a learner: manager of a team and all below it, HR or administrator of everything, or auditor
    of one or the other up to and including the day `last_day`. `until` is when a role was taken away."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_day: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        Index("ix_role_grant_person", "person_id"),
        Index(
            "uq_role_grant_of_team",
            "person_id",
            "role",
            "team_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_role_grant_of_everyone",
            "person_id",
            "role",
            unique=True,
            sqlite_where=_OPEN_FOR_EVERYONE,
            postgresql_where=_OPEN_FOR_EVERYONE,
        ),
        CheckConstraint("role in ('manager', 'hr', 'auditor', 'administrator')", name="role"),
        CheckConstraint("role = 'auditor' or (role = 'manager') = (team_id is not null)", name="team"),
        CheckConstraint("(role = 'auditor') = (last_day is not null)", name="last_day"),
    )


class OwnedField(Base):
    """Another system owns something about a person from one moment to another: it is changed there, and nobody changes it by
    hand here (people/rules/ownership). `source` is the key of that system and `source_name` what pages call it. With a
    `team_id` it is that they are in the team, or manage it, because that system said so."""

    __tablename__ = "owned_field"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    field: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    source: Mapped[str] = mapped_column(String(40))
    source_name: Mapped[str] = mapped_column(String(100))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_owned_field_person", "person_id"),
        Index("ix_owned_field_source", "source", "person_id"),
        Index(
            "uq_owned_field_of_team",
            "person_id",
            "field",
            "team_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_owned_field",
            "person_id",
            "field",
            unique=True,
            sqlite_where=_OPEN_FOR_EVERYONE,
            postgresql_where=_OPEN_FOR_EVERYONE,
        ),
        CheckConstraint(
            "field in ('name', 'email', 'staff_number', 'sign_in_name', 'job"
            "_role', 'stay', 'team', 'manager', 'pathway')",
            name="field",
        ),
        CheckConstraint("(field in ('team', 'manager')) = (team_id is not null)", name="team"),
    )


class Deputy(Base):
    """A manager lends their sight of their teams to somebody, up to and including the day `until`. What the manager
    manages at a moment is what the deputy sees then; what they may do there as well if `may_act` is in
    people/rules. `ended_at` is when it was taken back before that."""

    __tablename__ = "deputy"

    id: Mapped[int] = mapped_column(primary_key=True)
    manager_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    until: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    may_act: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_deputy_open",
            "manager_id",
            "deputy_id",
            "until",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class PersonChange(Base):
    """Until `changed_at` somebody had this name, address, staff number, sign-in name and job role."""

    __tablename__ = "person_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    staff_number: Mapped[str | None] = mapped_column(String(50))
    sign_in_name: Mapped[str | None] = mapped_column(String(50))
    job_role: Mapped[str | None] = mapped_column(String(MAX_JOB_ROLE_LENGTH))
    reason: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PersonMerge(Base):
    """Two entries were one person: `person_id` has left for good, and what they did counts for `into_id`."""

    __tablename__ = "person_merge"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    into_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TeamChange(Base):
    """Something was done to a team: until `changed_at` it was called `name` and was part of `parent_id`.

    `into_id` is the team that it was merged into.
    """

    __tablename__ = "team_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    into_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    reason: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (
        CheckConstraint("kind in ('changed', 'merged', 'closed')", name="kind"),
        CheckConstraint("(kind = 'merged') = (into_id is not null)", name="into"),
    )


class TeamSetting(Base):
    """What a team sets for itself and all below it from a moment on: the nation, the title, or the pathway.

    The newest row of a team and kind holds; without a value the team inherits again from the teams above it.
    """

    __tablename__ = "team_setting"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str | None] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_team_setting_team", "team_id", "kind", "id"),
        CheckConstraint("kind in ('nation', 'title', 'pathway')", name="kind"),
    )
