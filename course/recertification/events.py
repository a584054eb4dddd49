"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("certificate.brought", "{who} wrote down an earlier certificate of {whom}, of {completed_on}"),
    AuditEventKind("certificate.brought_withdrawn", "{who} took back an earlier certificate of {whom}"),
    AuditEventKind("extension.granted", "{who} gave {whom} time until {until}"),
    AuditEventKind("extension.withdrawn", "{who} took back the time that {whom} was given"),
    AuditEventKind("pause.recorded", "{who} recorded a leave of {whom}"),
    AuditEventKind("pause.withdrawn", "{who} took back a leave of {whom}"),
    AuditEventKind("policy.changed", "{who} changed the rule of renewal"),
)
