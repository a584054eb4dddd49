"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("contact.changed", _("{who} changed a contact: {contact}")),
    AuditEventKind("contact.confirmed", _("{who} confirmed a contact: {contact}")),
    AuditEventKind("contact.entrusted", _("{who} chose who looks after a contact, and how often: {contact}")),
    AuditEventKind("organisation.changed", _("{who} changed the organisation’s settings")),
    AuditEventKind("organisation.language_chosen", _("{who} changed the first language of the organisation")),
    AuditEventKind("organisation.look_changed", _("{who} changed the logo or the colour of the pages")),
    AuditEventKind("organisation.signatory_changed", _("{who} changed who signs certificates")),
    AuditEventKind("organisation.set_up", _("{who} set the organisation up")),
)
