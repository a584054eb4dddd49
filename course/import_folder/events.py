"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "person.list_held",
        _("{who} brought a list of people that waits for a decision: {rows} rows"),
        one=("rows", _("{who} brought a list of people that waits for a decision: {rows} row")),
    ),
    AuditEventKind("person.list_refused", _("{who} refused a file that is not a list of people")),
)
