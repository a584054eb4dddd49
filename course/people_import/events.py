"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("person.imported", "{who} applied a list of people: {rows} rows"),
    AuditEventKind("person.list_downloaded", "{who} downloaded what a list of people did: {rows} rows"),
)
