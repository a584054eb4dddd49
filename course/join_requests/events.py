"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("registration.asked", _("Someone asked to join the team {whom}")),
    AuditEventKind("registration.link_made", _("{who} made a sign-up link for the team {whom}")),
    AuditEventKind("registration.link_revoked", _("{who} revoked a sign-up link for the team {whom}")),
    AuditEventKind("registration.refused", _("{who} declined a request to join the team {whom}")),
)
