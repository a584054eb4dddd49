"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("mail.address_cleared", _("{who} had mail sent to {whom} again, whose address had refused it")),
    AuditEventKind(
        "mail.addresses_cleared", _("{who} had mail sent again to {addresses} addresses that had refused it")
    ),
    AuditEventKind("policy.reminders_changed", _("{who} changed who is reminded, and when")),
)
