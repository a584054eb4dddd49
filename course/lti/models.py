"""Tables of learning platforms (LTI 1.3): registrations, our keys, accounts there, and what their links open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_OPEN = text("ended_at IS NULL")


class LtiRegistration(Base):
    """A platform (Moodle, Canvas, …) that may launch the course. `state` is "waiting" (it registered itself and an administrator
    has to confirm it), "on" or "off". `token_audience` is empty if assertions are for the token address itself.
    `page_origins` are the origins of its pages, one a line: where a launch may be framed. `links_by_address`: an account is
    linked to the person with its address. `lets_staff_in`: people who see others' data may sign in by a launch too."""

    __tablename__ = "lti_registration"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    login_address: Mapped[str] = mapped_column(String(500))
    token_address: Mapped[str] = mapped_column(String(500))
    token_audience: Mapped[str] = mapped_column(String(500))
    keys_address: Mapped[str] = mapped_column(String(500))
    page_origins: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    makes_accounts: Mapped[bool]
    links_by_address: Mapped[bool]
    lets_staff_in: Mapped[bool]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("issuer", "client_id"),
        CheckConstraint("state in ('waiting', 'on', 'off')", name="state"),
    )


class LtiDeployment(Base):
    """A deployment of the course at a platform; a launch from another one is refused."""

    __tablename__ = "lti_deployment"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("lti_registration.id"))
    deployment: Mapped[str] = mapped_column(String(255))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("registration_id", "deployment"),)


class LtiKey(Base):
    """A key pair with which the course signs what it sends to one platform. `private_locked` is the private key (PEM,
    course/encryption), `public_jwk` its public half as JSON. From `retired_at` on nothing is signed with it."""

    __tablename__ = "lti_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("lti_registration.id"), index=True)
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    private_locked: Mapped[bytes] = mapped_column(LargeBinary)
    public_jwk: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LtiAccount(Base):
    """An account at a platform belongs to a person, from `linked_at` to `ended_at`. `how` is "address", "new" (the person was
    added at that launch), "person" (they linked it themselves) or "merge". `ended_by` is the administrator who ended it."""

    __tablename__ = "lti_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("lti_registration.id"))
    subject: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    how: Mapped[str] = mapped_column(String(20))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (
        Index(
            "uq_lti_account_subject",
            "registration_id",
            "subject",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_lti_account_person",
            "registration_id",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        CheckConstraint("how in ('address', 'new', 'person', 'merge')", name="how"),
    )


class LtiContext(Base):
    """A course or group at a platform in which links stand. `members_address` is where its members are listed (NRPS), empty if
    the platform does not offer that. New people who come from it are added to the team, if there is one."""

    __tablename__ = "lti_context"

    id: Mapped[int] = mapped_column(primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("lti_deployment.id"))
    context: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(255))
    members_address: Mapped[str] = mapped_column(String(1000))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("deployment_id", "context"),)


class LtiLink(Base):
    """A link at a platform that opens the course: a "resource link". `opens` is "course", "module" (then `module` is its slug) or
    "refresher". `pathway` and `nation` are what the link asks for; empty: as the person has it. For grades (AGS): `line_item` is
    the address of the link's own column, `line_items` that of all columns, both empty if the platform gave none; `grade_scopes`
    are the scopes that it granted, one a line."""

    __tablename__ = "lti_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("lti_deployment.id"))
    resource_link: Mapped[str] = mapped_column(String(255))
    context_id: Mapped[int | None] = mapped_column(ForeignKey("lti_context.id"), index=True)
    title: Mapped[str] = mapped_column(String(255))
    opens: Mapped[str] = mapped_column(String(20))
    module: Mapped[str | None] = mapped_column(String(100))
    pathway: Mapped[str | None] = mapped_column(String(20))
    nation: Mapped[str | None] = mapped_column(String(20))
    line_item: Mapped[str] = mapped_column(String(1000))
    line_items: Mapped[str] = mapped_column(String(1000))
    grade_scopes: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("deployment_id", "resource_link"),
        CheckConstraint("opens in ('course', 'module', 'refresher')", name="opens"),
    )


class LtiLaunch(Base):
    """An account opened the course by a link, for the first and the last time. `is_learner`: the platform called the person a
    learner there, and not only a teacher or administrator."""

    __tablename__ = "lti_launch"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("lti_link.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("lti_account.id"), index=True)
    is_learner: Mapped[bool]
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("link_id", "account_id"),)


class UsedLtiMark(Base):
    """A state, nonce, ticket or invitation that was used: each is used once. `mark` is a hash of it; after `ends_at` it is
    refused by its own end."""

    __tablename__ = "used_lti_mark"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
