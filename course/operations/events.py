"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("job.cancelled", "{who} cancelled a job: {kind}"),
    AuditEventKind("job.repeated", "{who} had a job done once more: {kind}"),
    AuditEventKind("job.started", "{who} had a job done at once: {kind}"),
    AuditEventKind("mail.all_retried", "{who} had {mails} mails sent again"),
    AuditEventKind("mail.confirmed", "{who} recorded that a mail has arrived of which that was not known"),
    AuditEventKind("mail.retried", "{who} had a mail sent again"),
    AuditEventKind("mail.tested", "{who} sent a test mail"),
)
