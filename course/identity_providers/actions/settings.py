"""Setting up providers, and requiring one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.audit.rules import EXCEPTIONS
from course.context import Context
from course.encryption import lock_secret
from course.identity_providers import queries
from course.identity_providers.models import IdentityProvider, ProviderGroup, SignInRequirement
from course.identity_providers.rules.groups import GroupRow
from course.identity_providers.rules.policy import requirement_refusal
from course.identity_providers.rules.settings import secret_purpose
from course.translation import lazy_gettext as _

# Those of which a change asks for another sign-in by an administrator before the provider can be required.
_DECIDE_SIGN_IN = ("kind", "discovery", "client_id", "secret", "scopes", "tenants", "domains")


@dataclass(frozen=True)
class ProviderDetails:
    """What an administrator enters about a provider. `secret` is the new client secret; None keeps the one that there is."""

    kind: str
    name: str
    discovery: str
    client_id: str
    secret: str | None
    scopes: str
    domains: tuple[str, ...]
    tenants: tuple[str, ...]
    groups_claim: str
    makes_accounts: bool
    team_id: int | None
    second_factor: bool
    signs_out: bool
    active: bool
    groups: tuple[GroupRow, ...]

    def columns(self) -> dict[str, object]:
        """The columns of the row, without the secret."""
        return {
            "kind": self.kind, "name": self.name, "discovery": self.discovery, "client_id": self.client_id,
            "scopes": self.scopes, "domains": "\n".join(self.domains), "tenants": "\n".join(self.tenants),
            "groups_claim": self.groups_claim, "makes_accounts": self.makes_accounts, "team_id": self.team_id,
            "second_factor": self.second_factor, "signs_out": self.signs_out, "active": self.active,
        }  # fmt: skip


def add_provider(context: Context, details: ProviderDetails, secret_key: str) -> int:
    """Set a provider up; its number."""
    session = context.session
    row = IdentityProvider(
        **details.columns(), secret_locked=None, made_by=context.actor, made_at=context.now, changed_at=context.now
    )
    session.add(row)
    session.flush()
    if details.secret:
        row.secret_locked = lock_secret(details.secret.encode(), secret_key, secret_purpose(row.id))
    _store_groups(session, row.id, details.groups)
    record_event(context, "provider.added", None, {"provider": row.name, "address": row.discovery})
    return row.id


def change_provider(context: Context, provider_id: int, details: ProviderDetails, secret_key: str) -> str | None:
    """Change the settings of a provider. Returns why that is not possible, for display; None if it was done.

    Raises LookupError if there is no such provider.
    """
    session = context.session
    row = session.get(IdentityProvider, provider_id, with_for_update=True)
    before = queries.provider(session, provider_id)
    if row is None or before is None:
        raise LookupError(f"there is no provider {provider_id}")
    required = queries.required_provider(session)
    if required is not None and required.provider_id == provider_id and not details.active:
        return str(_("This provider is required for signing in. Lift that first."))
    changed = [name for name, value in details.columns().items() if getattr(row, name) != value]
    for name, value in details.columns().items():
        setattr(row, name, value)
    if details.secret:
        row.secret_locked = lock_secret(details.secret.encode(), secret_key, secret_purpose(row.id))
        changed.append("secret")
    if tuple(details.groups) != before.groups:
        _store_groups(session, row.id, details.groups)
        changed.append("groups")
    if any(name in _DECIDE_SIGN_IN for name in changed):
        row.changed_at = context.now
    session.flush()
    if changed:
        record_event(context, "provider.changed", None, {"provider": row.name, "changed": ", ".join(changed)})
    return None


def _store_groups(session: Session, provider_id: int, groups: Collection[GroupRow]) -> None:
    session.execute(delete(ProviderGroup).where(ProviderGroup.provider_id == provider_id))
    for position, row in enumerate(groups):
        session.add(
            ProviderGroup(
                provider_id=provider_id, position=position, group=row.group, team_id=row.team_id, role=row.role,
                pathway=row.pathway,
            )
        )  # fmt: skip
    session.flush()


def require_provider(context: Context, provider_id: int, exceptions: Collection[int]) -> str | None:
    """From now on everyone who can has to sign in through this provider, except these administrators. Returns why that is
    not possible, for display; None if it was done. Raises LookupError if there is no such provider."""
    session = context.session
    # Locked, so that its settings do not change between the check and what follows from it.
    row = session.get(IdentityProvider, provider_id, with_for_update=True)
    if row is None:
        raise LookupError(f"there is no provider {provider_id}")
    chosen = sorted(set(exceptions))
    allowed = dict(queries.administrators_with_password(session))
    signed_in_at = queries.administrator_signed_in_at(session, provider_id)
    refusal = requirement_refusal(row.active, row.changed_at, signed_in_at, chosen, allowed)
    if refusal is not None:
        return refusal
    first, second = (*chosen, None, None)[:2]
    _store_requirement(context, provider_id, first, second)
    # By id: names can never be erased from the log.
    record_event(context, "provider.required", None, {"provider": row.name, EXCEPTIONS: chosen})
    return None


def lift_requirement(context: Context) -> bool:
    """Let everybody sign in with a password again; False if no provider was required."""
    required = queries.required_provider(context.session)
    if required is None:
        return False
    _store_requirement(context, None, None, None)
    record_event(context, "provider.not_required", None, {"provider": required.name})
    return True


def _store_requirement(context: Context, provider_id: int | None, first: int | None, second: int | None) -> None:
    context.session.add(
        SignInRequirement(
            provider_id=provider_id, first_exception=first, second_exception=second, made_by=context.actor,
            made_at=context.now,
        )
    )  # fmt: skip
    context.session.flush()
