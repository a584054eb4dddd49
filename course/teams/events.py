"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("team.changed", "{who} renamed or moved the team {whom}"),
    AuditEventKind("team.closed", "{who} closed the team {whom}"),
    AuditEventKind("team.merged", "{who} merged the team {whom} into {into}"),
)
