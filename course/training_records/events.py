"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("reminder.asked", "{who} reminded {whom}"),
    AuditEventKind("reminder.taken_back", "{who} took a reminder to {whom} back"),
)
