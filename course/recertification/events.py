"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("certificate.brought", _("{who} recorded an earlier certificate of {whom}, dated {completed_on}")),
    AuditEventKind("certificate.brought_withdrawn", _("{who} cancelled an earlier certificate of {whom}")),
    AuditEventKind("extension.granted", _("{who} gave {whom} more time, until {until}")),
    AuditEventKind("extension.withdrawn", _("{who} cancelled the extra time for {whom}")),
    AuditEventKind("pause.recorded", _("{who} recorded a leave of {whom}")),
    AuditEventKind("pause.withdrawn", _("{who} cancelled a leave of {whom}")),
    AuditEventKind("policy.changed", _("{who} changed the renewal rule")),
)
