"""Setting up providers with SAML, and using an assertion once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.encryption import lock_secret
from course.identity_providers.actions.settings import ProviderDetails, add_provider, change_provider
from course.identity_providers.models import IdentityProvider, SamlProvider, UsedSamlAssertion
from course.identity_providers.rules.saml_settings import SamlSettings, signing_key_purpose

# The flow that an assertion belongs to ends after minutes; none is kept longer than this, however far away its own end is.
_LONGEST_KEPT = timedelta(days=1)


def _columns(saml: SamlSettings) -> dict[str, str]:
    """The columns that an administrator enters."""
    return {
        "metadata_xml": saml.metadata_xml, "subject_attribute": saml.attributes.subject,
        "email_attribute": saml.attributes.email, "name_attribute": saml.attributes.name,
    }  # fmt: skip


def add_saml_provider(context: Context, details: ProviderDetails, saml: SamlSettings, secret_key: str) -> int:
    """Set a provider with SAML up; its number."""
    number = add_provider(context, details, secret_key)
    context.session.add(SamlProvider(provider_id=number, **_columns(saml)))
    context.session.flush()
    return number


def change_saml_provider(
    context: Context, provider_id: int, details: ProviderDetails, saml: SamlSettings, secret_key: str
) -> str | None:
    """Change the settings of a provider with SAML. Returns why that is not possible, for display; None if it was done.

    Raises LookupError if there is no such provider.
    """
    refusal = change_provider(context, provider_id, details, secret_key)
    if refusal is not None:
        return refusal
    row = context.session.get_one(SamlProvider, provider_id)
    changed = [name for name, value in _columns(saml).items() if getattr(row, name) != value]
    for name, value in _columns(saml).items():
        setattr(row, name, value)
    if changed:
        _note_change(context, provider_id, ", ".join(changed))
    return None


def set_signing_key(context: Context, provider_id: int, key: tuple[bytes, str] | None, secret_key: str) -> None:
    """Sign requests to a provider from now on with this private key (PEM), whose certificate (PEM) goes into the metadata of the
    course; None: no longer sign them."""
    row = context.session.get_one(SamlProvider, provider_id, with_for_update=True)
    if key is None and row.signing_key_locked is None:
        return
    row.signing_key_locked = lock_secret(key[0], secret_key, signing_key_purpose(provider_id)) if key else None
    row.signing_certificate = key[1] if key else None
    _note_change(context, provider_id, "signing_key")


def _note_change(context: Context, provider_id: int, changed: str) -> None:
    """Something changed that decides whether a sign-in succeeds."""
    provider = context.session.get_one(IdentityProvider, provider_id)
    provider.changed_at = context.now
    context.session.flush()
    record_event(context, "provider.changed", None, {"provider": provider.name, "changed": changed})


def use_assertion(session: Session, mark: str, ends_at: datetime, at: datetime) -> bool:
    """An assertion signs somebody in; False if it did so before, even at this very moment, in another process."""
    session.execute(delete(UsedSamlAssertion).where(UsedSamlAssertion.ends_at <= at))
    try:
        with session.begin_nested():
            session.add(UsedSamlAssertion(mark=mark, ends_at=min(ends_at, at + _LONGEST_KEPT)))
            session.flush()
    except IntegrityError:
        return False
    return True
