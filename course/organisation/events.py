"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("contact.changed", "{who} changed a contact: {contact}"),
    AuditEventKind("contact.confirmed", "{who} confirmed a contact: {contact}"),
    AuditEventKind("contact.entrusted", "{who} chose who looks after a contact, and how often: {contact}"),
    AuditEventKind("organisation.changed", "{who} changed the organisation’s settings"),
    AuditEventKind("organisation.look_changed", "{who} changed the logo or the colour of the pages"),
    AuditEventKind("organisation.set_up", "{who} set the organisation up"),
)
