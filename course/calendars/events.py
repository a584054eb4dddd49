"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("calendar.ended", "{who} ended the calendar feed of {whom}", own="{who} ended their calendar feed"),
    AuditEventKind("calendar.made", "{who} made a calendar feed for {whom}", own="{who} made a calendar feed"),
)
