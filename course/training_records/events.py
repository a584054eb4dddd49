"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("reminder.asked", _("{who} reminded {whom}")),
    AuditEventKind("reminder.taken_back", _("{who} cancelled a reminder to {whom}")),
)
