"""Tables of identity providers, of the accounts there that are linked to people, and of what groups gave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_OPEN = text("ended_at IS NULL")


class IdentityProvider(Base):
    """A provider with which people sign in. `secret_locked` is the client secret (course/encryption). `domains` and
    `tenants` have one entry a line. `changed_at` is when anything changed that decides whether a sign-in succeeds."""

    __tablename__ = "identity_provider"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    discovery: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    secret_locked: Mapped[bytes | None] = mapped_column(LargeBinary)
    scopes: Mapped[str] = mapped_column(String(255))
    domains: Mapped[str] = mapped_column(Text)
    tenants: Mapped[str] = mapped_column(Text)
    groups_claim: Mapped[str] = mapped_column(String(100))
    makes_accounts: Mapped[bool]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    second_factor: Mapped[bool]
    signs_out: Mapped[bool]
    active: Mapped[bool]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('openid', 'microsoft', 'saml')", name="kind"),)


class ProviderGroup(Base):
    """A row of the table of groups of a provider: what a group there gives here."""

    __tablename__ = "provider_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.id"), index=True)
    position: Mapped[int]
    group: Mapped[str] = mapped_column("group_name", String(255))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    role: Mapped[str | None] = mapped_column(String(20))
    pathway: Mapped[str | None] = mapped_column(String(20))

    __table_args__ = (
        CheckConstraint("role in ('manager', 'hr', 'administrator')", name="role"),
        CheckConstraint("role <> 'manager' or team_id is not null", name="team"),
    )


class SignInRequirement(Base):
    """From a moment on everyone who can has to sign in through this provider; none: nobody has to. The newest row holds."""

    __tablename__ = "sign_in_requirement"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int | None] = mapped_column(ForeignKey("identity_provider.id"))
    first_exception: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    second_exception: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IdentityLink(Base):
    """An account at a provider belongs to a person, from `linked_at` to `ended_at`. `how` is "address", "new" (the person
    was added at that sign-in), "person" (they linked it themselves) or "merge". `email` is the address of the account when it was
    linked. `ended_by` is who ended it, the person or an administrator."""

    __tablename__ = "identity_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    how: Mapped[str] = mapped_column(String(20))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (
        Index("uq_identity_link_account", "issuer", "subject", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(
            "uq_identity_link_person",
            "provider_id",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        CheckConstraint("how in ('address', 'new', 'person', 'merge')", name="how"),
    )


class ProviderGrant(Base):
    """A team or a role that the table of groups gave somebody, so that it is taken when the group is gone. `membership_id`
    or `role_grant_id` is what was given; what somebody gives by hand later is another row there."""

    __tablename__ = "provider_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    role_grant_id: Mapped[int | None] = mapped_column(ForeignKey("role_grant.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UsedSignInFlow(Base):
    """A sign-in at a provider that came back here: it comes back once. `mark` is a hash of its state."""

    __tablename__ = "used_sign_in_flow"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SamlProvider(Base):
    """What a provider with SAML needs besides its row in `identity_provider`, whose `discovery` is the address of its metadata,
    empty if `metadata_xml` was pasted. An empty name of an attribute stands for the usual ones. `signing_key_locked` is the
    private key with which requests are signed (PEM, course/encryption), `signing_certificate` goes with it (PEM)."""

    __tablename__ = "saml_provider"

    provider_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.id"), primary_key=True)
    metadata_xml: Mapped[str] = mapped_column(Text)
    subject_attribute: Mapped[str] = mapped_column(String(200))
    email_attribute: Mapped[str] = mapped_column(String(200))
    name_attribute: Mapped[str] = mapped_column(String(200))
    signing_key_locked: Mapped[bytes | None] = mapped_column(LargeBinary)
    signing_certificate: Mapped[str | None] = mapped_column(Text)


class UsedSamlAssertion(Base):
    """An assertion that signed somebody in: it does so once. `mark` is a hash of its issuer and number; after `ends_at` it is
    refused by its own end."""

    __tablename__ = "used_saml_assertion"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
