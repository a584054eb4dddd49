"""What signing in asks of the features identity_providers and lti, which stand above this one and register themselves here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from flask import current_app

PROVIDER_HOOKS = "course.provider_hooks"
PLATFORM_HOOK = "course.platform_hook"


@dataclass(frozen=True)
class ProviderButton:
    """A button with which somebody signs in through a provider."""

    name: str
    address: str


@dataclass(frozen=True)
class ProviderWays:
    """What the sign-in page shows: a button for each provider, and the name of the one that is required ("" for none)."""

    buttons: tuple[ProviderButton, ...] = ()
    required: str = ""


class ProviderHooks(Protocol):
    """What the feature identity_providers registers. Every method reads the database."""

    def ways(self, target: str) -> ProviderWays:
        """The buttons of the sign-in page; after the sign-in `target` is opened ("": the start page)."""

    def refusal(self, person_id: int) -> str | None:
        """Why a person may not sign in with a password, a link, a code or a passkey; None if they may."""

    def proof_buttons(self, person_id: int) -> tuple[ProviderButton, ...]:
        """The providers with which a signed-in person proves again who they are. Each address takes the form `ProofForm`."""

    def sign_out_page(self, person_id: int) -> str | None:
        """The page of this course that also signs the person of this browser out at their provider; None if they did not
        come from one."""


def _hooks() -> ProviderHooks | None:
    found: ProviderHooks | None = current_app.extensions.get(PROVIDER_HOOKS)
    return found


def provider_ways(target: str = "") -> ProviderWays:
    """The providers of the sign-in page."""
    hooks = _hooks()
    return hooks.ways(target) if hooks else ProviderWays()


def provider_refusal(person_id: int) -> str | None:
    """Why a person has to sign in through a provider and may not in another way; None if they may."""
    hooks = _hooks()
    return hooks.refusal(person_id) if hooks else None


def provider_proof_buttons(person_id: int) -> tuple[ProviderButton, ...]:
    """The providers with which a signed-in person can prove again who they are."""
    hooks = _hooks()
    return hooks.proof_buttons(person_id) if hooks else ()


def provider_sign_out_page(person_id: int) -> str | None:
    """Where signing out goes on, for somebody who came from a provider; None otherwise."""
    hooks = _hooks()
    return hooks.sign_out_page(person_id) if hooks else None


def comes_from_platform(person_id: int) -> bool:
    """Whether an account at a learning platform is linked to a person."""
    hook: Callable[[int], bool] | None = current_app.extensions.get(PLATFORM_HOOK)
    return hook is not None and hook(person_id)
