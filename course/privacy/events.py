"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "data.downloaded",
        _("{who} downloaded all data held about {whom}"),
        own=_("{who} downloaded all data held about them"),
    ),
    AuditEventKind("data.erased", _("Data about {whom} was erased: {what}")),
    AuditEventKind("data.erasure_asked", _("{who} requested the erasure of data about {whom}")),
    AuditEventKind("data.schedule_changed", _("{who} changed how long data is kept")),
)
