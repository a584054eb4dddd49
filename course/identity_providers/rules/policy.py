"""A required provider: who must sign in through it, and when that may be switched on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from course.identity_providers.rules.domains import is_covered
from course.people.rules import is_undeliverable
from course.translation import lazy_gettext as _

MAX_EXCEPTIONS = 2


@dataclass(frozen=True)
class RequiredProvider:
    """The provider that everyone has to use who can have an account there. `exceptions` are the administrators who may
    still use a password if the provider fails."""

    provider_id: int
    name: str
    domains: tuple[str, ...] = ()
    exceptions: frozenset[int] = frozenset()


@dataclass(frozen=True)
class SignInSubject:
    """A person as far as the rule asks: their address, and whether an account at the required provider is linked."""

    person_id: int
    email: str | None
    is_linked: bool


def must_use_provider(required: RequiredProvider | None, person: SignInSubject) -> bool:
    """Whether a person may not sign in with a password, a link or a code.

    Who cannot have an account there signs in as before: people without an address, and, where domains are named, people
    with an address in another one, unless they have linked an account.
    """
    if required is None or person.person_id in required.exceptions:
        return False
    if person.is_linked:
        return True
    if person.email is None or is_undeliverable(person.email):
        return False
    return not required.domains or is_covered(person.email, required.domains)


def requirement_refusal(
    is_active: bool,
    changed_at: datetime,
    administrator_signed_in_at: datetime | None,
    exceptions: Collection[int],
    administrators_with_password: Collection[int],
) -> str | None:
    """Why a provider cannot be required, for display; None if it can.

    `changed_at` is when its settings were last changed, `administrator_signed_in_at` when an administrator last signed in
    through it, and `administrators_with_password` are the people who can be exceptions.
    """
    if not is_active:
        return str(_("Switch this provider on first."))
    if administrator_signed_in_at is None or administrator_signed_in_at <= changed_at:
        return str(
            _(
                "No administrator has signed in through this provider since its settings were last changed. "
                "Sign out, sign in through it, and come back."
            )
        )
    if not exceptions:
        return str(_("Choose at least one administrator who can still use a password if the provider fails."))
    if len(set(exceptions)) > MAX_EXCEPTIONS:
        return str(_("Choose at most two administrators."))
    if not set(exceptions) <= set(administrators_with_password):
        return str(_("Only an administrator who has a password here can be an exception."))
    return None


def unlink_refusal(has_password: bool, other_links: int, must_use: bool) -> str | None:
    """Why a person cannot unlink an account themselves; None if they can: another way to sign in has to be left."""
    if other_links:
        return None
    if must_use:
        return str(_("Your organisation requires that you sign in through this provider."))
    if not has_password:
        return str(_("This is your only way to sign in. Choose a password first, with a link from the sign-in page."))
    return None
