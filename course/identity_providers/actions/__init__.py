"""Providers, linked accounts and signing in through a provider."""

from __future__ import annotations

from course.identity_providers.actions.links import (
    add_link,
    link_own_account,
    move_grants_of_team,
    move_links,
    unlink_account,
    unlink_own_account,
    use_flow,
)
from course.identity_providers.actions.saml import (
    add_saml_provider,
    change_saml_provider,
    set_signing_key,
    use_assertion,
)
from course.identity_providers.actions.settings import (
    ProviderDetails,
    add_provider,
    change_provider,
    lift_requirement,
    require_provider,
)
from course.identity_providers.actions.sign_in import record_refusal, sign_in_identity

__all__ = [
    "ProviderDetails",
    "add_link",
    "add_provider",
    "add_saml_provider",
    "change_provider",
    "change_saml_provider",
    "lift_requirement",
    "link_own_account",
    "move_grants_of_team",
    "move_links",
    "record_refusal",
    "require_provider",
    "set_signing_key",
    "sign_in_identity",
    "unlink_account",
    "unlink_own_account",
    "use_assertion",
    "use_flow",
]
