"""Who somebody at a platform is in this course: known by the account, by a trusted address, new, or refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from course.lti.rules.launch import PlatformUser
from course.lti.rules.problems import LtiProblem
from course.lti.rules.registration import PlatformSettings
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class AccountHolder:
    """The person of an open account at the platform."""

    person_id: int
    has_left: bool


@dataclass(frozen=True)
class PersonWithAddress:
    """The person who has the address of the account. `has_other_account`: another account at the platform is linked to them;
    `was_unlinked`: an administrator ended the link of this very account to them, `has_unlinked`: they did so themselves."""

    person_id: int
    has_left: bool = False
    has_other_account: bool = False
    was_unlinked: bool = False
    has_unlinked: bool = False


@dataclass(frozen=True)
class EnterAs:
    """The account is linked to this person."""

    person_id: int


@dataclass(frozen=True)
class LinkAccount:
    """The account is linked to this person now, by its address."""

    person_id: int


@dataclass(frozen=True)
class AddPerson:
    """Nobody is known: a person is added. Exactly one of `email` and `sign_in_name` is not empty."""

    name: str
    email: str = ""
    sign_in_name: str = ""


AccountDecision = EnterAs | LinkAccount | AddPerson | LtiProblem


def decide_account(
    settings: PlatformSettings, user: PlatformUser, holder: AccountHolder | None, owner: PersonWithAddress | None
) -> AccountDecision:
    """Who enters with an account. The account decides first; the address only for one that is not linked yet, and only if an
    administrator trusts the addresses of this platform: LTI does not say whether one was ever checked."""
    if holder is not None:
        return LtiProblem.LEFT if holder.has_left else EnterAs(holder.person_id)
    if owner is not None:
        if not settings.links_by_address:
            return LtiProblem.ADDRESS_OF_ANOTHER
        return _by_address(owner)
    if not settings.makes_accounts:
        return LtiProblem.NOT_KNOWN
    if user.address:
        return AddPerson(user.name or user.address.partition("@")[0], email=user.address)
    made_up = sign_in_name_of(settings.id, user.subject)
    return AddPerson(user.name or made_up, sign_in_name=made_up)


@dataclass(frozen=True)
class LinkedMember:
    """The person to whom an account is linked, as a list of people finds them. `email` and `sign_in_name` may be empty."""

    name: str
    email: str
    sign_in_name: str


@dataclass(frozen=True)
class OwnLink:
    """What is known when somebody who is signed in links an account to themselves: the person to whom it is linked already, if it
    is; whether another account there is linked to them; whether an administrator ended the link of this one to them."""

    linked_to: int | None
    has_other_account: bool
    was_unlinked: bool


def own_link_refusal(person_id: int, known: OwnLink) -> LtiProblem | None:
    """Why somebody cannot link an account to themselves; None if they can, or have done so already."""
    if known.linked_to is not None:
        return None if known.linked_to == person_id else LtiProblem.LINKED_TO_ANOTHER
    if known.was_unlinked:
        return LtiProblem.UNLINKED
    return LtiProblem.OTHER_ACCOUNT if known.has_other_account else None


def own_unlink_refusal(has_password: bool, has_provider: bool) -> str | None:
    """Why a person cannot unlink an account at a platform themselves, for display; None if they can: they need a way to come in
    with which they can also prove who they are, which no platform is. `has_provider`: they can sign in through an identity
    provider."""
    if has_password or has_provider:
        return None
    return str(
        _(
            "You come in from learning platforms only. Choose a password first, with a link from the sign-in page or a code from "
            "your manager."
        )
    )


def _by_address(owner: PersonWithAddress) -> AccountDecision:
    if owner.has_left:
        return LtiProblem.LEFT
    if owner.was_unlinked:
        return LtiProblem.UNLINKED
    # Who has unlinked the account can link it again by signing in, and it is not linked behind their back.
    if owner.has_other_account or owner.has_unlinked:
        return LtiProblem.ADDRESS_OF_ANOTHER
    return LinkAccount(owner.person_id)


def sign_in_name_of(registration_id: int, subject: str) -> str:
    """A sign-in name for somebody without an address: the same for the same account, and that of nobody else."""
    digest = hashlib.sha256(f"{registration_id} {subject}".encode()).hexdigest()
    return f"platform-{registration_id}-{digest[:12]}"
