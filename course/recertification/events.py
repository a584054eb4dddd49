"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("certificate.brought", _("{who} wrote down an earlier certificate of {whom}, of {completed_on}")),
    AuditEventKind("certificate.brought_withdrawn", _("{who} took back an earlier certificate of {whom}")),
    AuditEventKind("extension.granted", _("{who} gave {whom} time until {until}")),
    AuditEventKind("extension.withdrawn", _("{who} took back the time that {whom} was given")),
    AuditEventKind("pause.recorded", _("{who} recorded a leave of {whom}")),
    AuditEventKind("pause.withdrawn", _("{who} took back a leave of {whom}")),
    AuditEventKind("policy.changed", _("{who} changed the rule of renewal")),
)
