"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("mail.address_cleared", _("{who} restarted mail to {whom}, after the address had refused it")),
    AuditEventKind("mail.addresses_cleared", _("{who} restarted mail to {addresses} addresses that had refused it")),
    AuditEventKind("policy.reminders_changed", _("{who} changed the reminders")),
)
