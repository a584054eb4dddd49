"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("set_up.steps_hidden", _("{who} put the list of first steps away")),
    AuditEventKind("set_up.steps_shown", _("{who} brought the list of first steps back")),
)
