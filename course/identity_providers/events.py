"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("provider.added", _("{who} set up the identity provider {provider}")),
    AuditEventKind("provider.changed", _("{who} changed the settings of the identity provider {provider}: {changed}")),
    AuditEventKind("provider.linked", _("An account at {provider} was linked to {whom}")),
    AuditEventKind(
        "provider.not_required", _("{who} allowed signing in without the identity provider {provider} again")
    ),
    AuditEventKind("provider.required", _("{who} required signing in through {provider}, except for {exceptions}")),
    AuditEventKind("provider.unlinked", _("{who} unlinked the account of {whom} at {provider}")),
    AuditEventKind(
        "sign_in.provider_refused",
        _("A sign-in of {whom} through {provider} was refused: {problem}"),
        no_subject=_("A sign-in through {provider} was refused: {problem}"),
    ),
)
