"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("backup.made", "{who} made a backup"),
    AuditEventKind("backup.restored", "{who} restored a backup"),
)
