"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("job.cancelled", _("{who} cancelled a job: {kind}")),
    AuditEventKind("job.repeated", _("{who} repeated a job: {kind}")),
    AuditEventKind("job.started", _("{who} started a job: {kind}")),
    AuditEventKind(
        "mail.all_retried",
        _("{who} had {mails} mails sent again"),
        one=("mails", _("{who} had {mails} mail sent again")),
    ),
    AuditEventKind("mail.confirmed", _("{who} recorded that a mail has arrived")),
    AuditEventKind("mail.retried", _("{who} had a mail sent again")),
    AuditEventKind("mail.tested", _("{who} sent a test mail")),
)
