"""Providers, the accounts that are linked to people, and who has to sign in through which provider."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.identity_providers.models import (
    IdentityLink,
    IdentityProvider,
    ProviderGroup,
    SamlProvider,
    SignInRequirement,
)
from course.identity_providers.rules.groups import GroupRow
from course.identity_providers.rules.identity import (
    AddressOwner,
    KnownPeople,
    LinkedPerson,
    ProviderIdentity,
    ProviderKind,
)
from course.identity_providers.rules.policy import RequiredProvider, SignInSubject
from course.identity_providers.rules.saml_settings import AttributeNames, SamlSettings
from course.identity_providers.rules.settings import ProviderSettings
from course.passwords.queries import with_chosen_password
from course.people.models import Person
from course.people.queries import administrators
from course.people.rules import has_left, sign_in_key

# What every sign-in asks is built once: that takes longer than running it.
_provider, _requirement = IdentityProvider.__table__.c, SignInRequirement.__table__.c
_ACTIVE_PROVIDERS = select(_provider.id, _provider.name).where(_provider.active.is_(True)).order_by(_provider.id)
_NEWEST_REQUIREMENT = (
    select(_provider.id, _provider.name, _provider.domains, _requirement.first_exception, _requirement.second_exception)
    .select_from(SignInRequirement.__table__)
    .outerjoin(IdentityProvider.__table__, _provider.id == _requirement.provider_id)
    .order_by(_requirement.id.desc())
    .limit(1)
)


@dataclass(frozen=True)
class ProviderLabel:
    """What the sign-in page shows of a provider."""

    id: int
    name: str


def active_providers(session: Session) -> list[ProviderLabel]:
    """The providers with which people can sign in, in the order in which they were set up."""
    return [ProviderLabel(*row) for row in session.execute(_ACTIVE_PROVIDERS)]


def providers(session: Session) -> list[ProviderSettings]:
    """All providers with their tables of groups. Two queries."""
    groups: dict[int, list[GroupRow]] = {}
    for row in session.execute(
        select(ProviderGroup).order_by(ProviderGroup.provider_id, ProviderGroup.position, ProviderGroup.id)
    ).scalars():
        groups.setdefault(row.provider_id, []).append(GroupRow(row.group, row.team_id, row.role, row.pathway))
    rows = session.execute(select(IdentityProvider).order_by(IdentityProvider.id)).scalars()
    return [_settings(row, tuple(groups.get(row.id, ()))) for row in rows]


def provider(session: Session, provider_id: int) -> ProviderSettings | None:
    """One provider with its table of groups; None if there is none with this number."""
    return next((one for one in providers(session) if one.id == provider_id), None)


def _settings(row: IdentityProvider, groups: tuple[GroupRow, ...]) -> ProviderSettings:
    return ProviderSettings(
        row.id, cast("ProviderKind", row.kind), row.name, row.discovery, row.client_id, row.secret_locked, row.scopes,
        tuple(row.domains.split()), tuple(row.tenants.split()), row.groups_claim, row.makes_accounts, row.team_id,
        row.second_factor, row.signs_out, row.active, groups,
    )  # fmt: skip


def saml_settings(session: Session, provider_id: int) -> SamlSettings:
    """What a provider with SAML needs besides its other settings."""
    row = session.get_one(SamlProvider, provider_id)
    names = AttributeNames(row.subject_attribute, row.email_attribute, row.name_attribute)
    return SamlSettings(row.metadata_xml, names, row.signing_key_locked, row.signing_certificate or "")


def known_people(session: Session, provider_id: int, identity: ProviderIdentity, today: date) -> KnownPeople:
    """Who is linked to an identity, and who has its address: what the rule needs to decide on the day `today`."""
    linked = linked_person(session, identity, today)
    owner = None
    if linked is None and identity.address:
        found = session.execute(select(Person).where(Person.email == identity.address)).scalar_one_or_none()
        if found is not None:
            owner = AddressOwner(
                found.id,
                has_left(found.left_at, found.last_day, today),
                has_other_link=open_link_id(session, provider_id, found.id) is not None,
                was_unlinked=_was_unlinked(session, identity, found.id),
            )
    taken: frozenset[str] = frozenset()
    if linked is None and not identity.address and identity.sign_in_name:
        key = sign_in_key(identity.sign_in_name)
        if session.execute(select(Person.id).where(Person.sign_in_key == key)).first() is not None:
            taken = frozenset((identity.sign_in_name,))
    return KnownPeople(linked, owner, taken)


def linked_person(session: Session, identity: ProviderIdentity, today: date) -> LinkedPerson | None:
    """The person to whom an account is linked."""
    row = session.execute(
        select(IdentityLink.person_id, Person.left_at, Person.last_day)
        .join(Person, Person.id == IdentityLink.person_id)
        .where(
            IdentityLink.issuer == identity.issuer,
            IdentityLink.subject == identity.subject,
            IdentityLink.ended_at.is_(None),
        )
    ).first()
    return LinkedPerson(row.person_id, has_left(row.left_at, row.last_day, today)) if row else None


def open_link_id(session: Session, provider_id: int, person_id: int) -> int | None:
    """The open link of a person at a provider."""
    return session.execute(
        select(IdentityLink.id).where(
            IdentityLink.provider_id == provider_id,
            IdentityLink.person_id == person_id,
            IdentityLink.ended_at.is_(None),
        )
    ).scalar_one_or_none()


def _was_unlinked(session: Session, identity: ProviderIdentity, person_id: int) -> bool:
    """Whether an administrator ended the newest link of this account to this person."""
    row = session.execute(
        select(IdentityLink.ended_by)
        .where(
            IdentityLink.issuer == identity.issuer,
            IdentityLink.subject == identity.subject,
            IdentityLink.person_id == person_id,
        )
        .order_by(IdentityLink.id.desc())
        .limit(1)
    ).first()
    return row is not None and row.ended_by is not None and row.ended_by != person_id


@dataclass(frozen=True)
class LinkView:
    """An account that is linked to a person, as pages show it."""

    id: int
    provider_id: int
    provider: str
    email: str
    linked_at: datetime
    last_used_at: datetime | None
    is_active: bool


def links_of(session: Session, person_id: int) -> list[LinkView]:
    """The accounts that are linked to a person now."""
    rows = session.execute(
        select(IdentityLink, IdentityProvider.name, IdentityProvider.active)
        .join(IdentityProvider, IdentityProvider.id == IdentityLink.provider_id)
        .where(IdentityLink.person_id == person_id, IdentityLink.ended_at.is_(None))
        .order_by(IdentityLink.id)
    )
    return [_link_view(*row) for row in rows]


def _link_view(link: IdentityLink, name: str, active: bool) -> LinkView:
    return LinkView(link.id, link.provider_id, name, link.email or "", link.linked_at, link.last_used_at, active)


def link_counts(session: Session) -> dict[int, int]:
    """How many people have a linked account at each provider."""
    rows = (
        select(IdentityLink.provider_id, func.count().label("people"))
        .where(IdentityLink.ended_at.is_(None))
        .group_by(IdentityLink.provider_id)
    )
    return {row.provider_id: row.people for row in session.execute(rows)}


def required_provider(session: Session) -> RequiredProvider | None:
    """The provider that is required now; None if none is."""
    row = session.execute(_NEWEST_REQUIREMENT).first()
    if row is None or row.id is None:
        return None
    chosen = (row.first_exception, row.second_exception)
    return RequiredProvider(
        row.id, row.name, tuple(row.domains.split()), frozenset(one for one in chosen if one is not None)
    )


def sign_in_subject(session: Session, person_id: int, provider_id: int) -> SignInSubject:
    """A person as far as the rule about a required provider asks."""
    email = session.execute(select(Person.email).where(Person.id == person_id)).scalar_one_or_none()
    return SignInSubject(person_id, email, open_link_id(session, provider_id, person_id) is not None)


def administrator_signed_in_at(session: Session, provider_id: int) -> datetime | None:
    """When an administrator last signed in through a provider."""
    rows = select(func.max(IdentityLink.last_used_at)).where(
        IdentityLink.provider_id == provider_id,
        IdentityLink.ended_at.is_(None),
        IdentityLink.person_id.in_(administrators(session)),
    )
    return session.execute(rows).scalar_one_or_none()


def administrators_with_password(session: Session) -> list[tuple[int, str]]:
    """Id and name of the administrators who have a password of this course, by name."""
    ids = with_chosen_password(session, administrators(session))
    return _names(session, ids)


def exception_names(session: Session, required: RequiredProvider) -> list[str]:
    """The names of the administrators who may use a password although the provider is required."""
    return [name for _number, name in _names(session, required.exceptions)]


def _names(session: Session, ids: Collection[int]) -> list[tuple[int, str]]:
    rows = select(Person.id, Person.name).where(Person.id.in_(ids)).order_by(Person.name_key, Person.id)
    return [(row.id, row.name) for row in session.execute(rows)]
