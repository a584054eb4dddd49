"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("registration.asked", _("Somebody asked to be let into the team {whom}")),
    AuditEventKind("registration.link_made", _("{who} made a link for joining the team {whom}")),
    AuditEventKind("registration.link_revoked", _("{who} revoked a link for joining the team {whom}")),
    AuditEventKind("registration.refused", _("{who} did not let somebody into the team {whom}")),
)
