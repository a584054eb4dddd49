"""Who somebody at a provider is in this course: known by a link, by a trusted address, new, or refused. For every protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from course.identity_providers.rules.domains import is_covered
from course.identity_providers.rules.problems import ProviderProblem
from course.people.rules import is_sign_in_name, normalise_email, normalise_line

ProviderKind = Literal["openid", "microsoft", "saml"]
MAX_SUBJECT_LENGTH = 255  # characters: OpenID Connect Core 1.0, section 2


@dataclass(frozen=True)
class ProviderIdentity:
    """What a provider says of the person who signed in there.

    `issuer` and `subject` together are one account for ever; the address may move to another person. `groups` is None if
    the provider did not say which groups the person is in. `tenant` is that of Microsoft Entra.
    `signed_in_at` is when the person last entered a password there, or what it asks for; None if it does not say so.
    """

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    username: str = ""
    groups: frozenset[str] | None = None
    tenant: str = ""
    signed_in_at: datetime | None = field(default=None, compare=False)  # not who they are

    @property
    def address(self) -> str:
        """The address as this course stores addresses; empty if there is none that could be one."""
        address = normalise_email(self.email)
        return address if "@" in address and len(address) <= 254 else ""

    @property
    def display_name(self) -> str:
        """What to call the person: their name, or else the part of the address or user name before the @."""
        return (normalise_line(self.name) or (self.address or self.username).partition("@")[0] or self.subject)[:200]

    @property
    def sign_in_name(self) -> str:
        """The user name there, as far as it can be a sign-in name here; empty otherwise."""
        name = normalise_line(self.username).partition("@")[0]
        return name if is_sign_in_name(name) else ""


@dataclass(frozen=True)
class ProviderTrust:
    """What an administrator decided about a provider: what it may say about whom."""

    domains: tuple[str, ...] = ()
    makes_accounts: bool = False
    kind: ProviderKind = "openid"
    tenants: tuple[str, ...] = ()


def trusts_address(trust: ProviderTrust, identity: ProviderIdentity) -> bool:
    """Whether the address is known to belong to the person: the provider says that it was verified, or an administrator
    named its domain.

    Microsoft sends no `email_verified`, and lets each tenant enter any address; SAML has no such word at all: there only a
    named domain counts.
    """
    if not identity.address:
        return False
    if is_covered(identity.address, trust.domains):
        return True
    return identity.email_verified is True and trust.kind == "openid"


def may_become_person(trust: ProviderTrust, identity: ProviderIdentity) -> bool:
    """Whether an account is made for somebody whom nobody has added. Where domains are named, only for an address in one
    of them: anyone can get an account at some providers."""
    return trust.makes_accounts and (not trust.domains or is_covered(identity.address, trust.domains))


@dataclass(frozen=True)
class LinkedPerson:
    """The person of an open link."""

    person_id: int
    has_left: bool


@dataclass(frozen=True)
class AddressOwner:
    """The person of this course who has an address. `has_other_link` says whether another account at the same provider is
    linked to them; `was_unlinked` whether an administrator ended the link of this very account to them."""

    person_id: int
    has_left: bool = False
    has_other_link: bool = False
    was_unlinked: bool = False


@dataclass(frozen=True)
class KnownPeople:
    """What the database says about an identity: who is linked to it, and who has its address."""

    linked: LinkedPerson | None = None
    owner: AddressOwner | None = None
    taken_sign_in_names: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class SignInLinked:
    """The account is linked to this person, who signs in."""

    person_id: int


@dataclass(frozen=True)
class LinkByAddress:
    """The person has the trusted address of the account: it is linked to them now, and they sign in."""

    person_id: int


@dataclass(frozen=True)
class MakeAccount:
    """Nobody is known: a person is added. Exactly one of `email` and `sign_in_name` is not empty."""

    name: str
    email: str = ""
    sign_in_name: str = ""


@dataclass(frozen=True)
class RefuseSignIn:
    problem: ProviderProblem


Decision = SignInLinked | LinkByAddress | MakeAccount | RefuseSignIn


def decide_sign_in(trust: ProviderTrust, identity: ProviderIdentity, known: KnownPeople) -> Decision:
    """Who signs in with this identity. Issuer and subject decide first; the address only for an account that is not linked
    yet, and only where it is trusted."""
    if known.linked is not None:
        return RefuseSignIn(ProviderProblem.LEFT) if known.linked.has_left else SignInLinked(known.linked.person_id)
    if not identity.address:
        return _without_address(trust, identity, known)
    if not trusts_address(trust, identity):
        return RefuseSignIn(ProviderProblem.ADDRESS_NOT_VERIFIED)
    owner = known.owner
    if owner is None:
        if not may_become_person(trust, identity):
            return RefuseSignIn(ProviderProblem.NOT_KNOWN)
        return MakeAccount(identity.display_name, email=identity.address)
    if owner.has_left:
        return RefuseSignIn(ProviderProblem.LEFT)
    if owner.was_unlinked:
        return RefuseSignIn(ProviderProblem.UNLINKED)
    if owner.has_other_link:
        return RefuseSignIn(ProviderProblem.ADDRESS_OF_ANOTHER)
    return LinkByAddress(owner.person_id)


def _without_address(trust: ProviderTrust, identity: ProviderIdentity, known: KnownPeople) -> Decision:
    """An account without an address is never linked by itself: a user name proves nothing. It can be a new person."""
    if not may_become_person(trust, identity):
        return RefuseSignIn(ProviderProblem.NOT_KNOWN)
    name = identity.sign_in_name
    if not name:
        return RefuseSignIn(ProviderProblem.NO_LOGIN)
    if name in known.taken_sign_in_names:
        return RefuseSignIn(ProviderProblem.NAME_TAKEN)
    return MakeAccount(identity.display_name, sign_in_name=name)


def link_refusal(person_id: int, linked: LinkedPerson | None, has_other_link: bool) -> ProviderProblem | None:
    """Why a person who is signed in cannot link this account to themselves; None if they can. `has_other_link`: another
    account at the provider is linked to them."""
    if linked is not None:
        return None if linked.person_id == person_id else ProviderProblem.LINKED_TO_ANOTHER
    return ProviderProblem.ANOTHER_LINKED if has_other_link else None
