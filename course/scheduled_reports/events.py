"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind(
        "report.mail_set", "{who} let {whom} have the report by mail", own="{who} asked for the report by mail"
    ),
    AuditEventKind(
        "report.mail_stopped",
        "{who} stopped the report by mail to {whom}",
        own="{who} stopped getting the report by mail",
    ),
    AuditEventKind("report.mailed", "{whom} was sent the report by mail, which names {people} people"),
)
