"""The settings of one provider, as they are used for signing in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from course.identity_providers.rules.groups import GroupRow
from course.identity_providers.rules.identity import ProviderKind, ProviderTrust

DEFAULT_SCOPES = "openid email profile"
DEFAULT_GROUPS_CLAIM = "groups"
# At these anyone can get an account, so that accounts are made here only for named domains.
OPEN_TO_ANYONE = ("accounts.google.com", "login.yahoo.com", "api.login.yahoo.com", "gitlab.com", "appleid.apple.com")


@dataclass(frozen=True)
class ProviderSettings:
    """A provider as an administrator set it up. `secret_locked` is the encrypted client secret, None for none; `team_id` is
    the team of people who are added at their first sign-in and whom no group puts into one."""

    id: int
    kind: ProviderKind
    name: str
    discovery: str
    client_id: str
    secret_locked: bytes | None
    scopes: str
    domains: tuple[str, ...]
    tenants: tuple[str, ...]
    groups_claim: str
    makes_accounts: bool
    team_id: int | None
    second_factor: bool
    signs_out: bool
    active: bool
    groups: tuple[GroupRow, ...] = ()

    @property
    def trust(self) -> ProviderTrust:
        return ProviderTrust(self.domains, self.makes_accounts, self.kind, self.tenants)

    @property
    def secret_purpose(self) -> str:
        """For what the client secret is encrypted: that of one provider opens for no other."""
        return secret_purpose(self.id)


def secret_purpose(provider_id: int) -> str:
    return f"identity provider {provider_id}"  # not translated: a purpose of encryption


def is_open_to_anyone(discovery: str) -> bool:
    """Whether anyone in the world can get an account at the provider with this address."""
    return (urlsplit(discovery).hostname or "") in OPEN_TO_ANYONE
