"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "audit.exported",
        _("{who} downloaded {rows} entries of this log"),
        one=("rows", _("{who} downloaded {rows} entry of this log")),
    ),
)
