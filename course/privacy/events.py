"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "data.downloaded",
        _("{who} downloaded all that is held about {whom}"),
        own=_("{who} downloaded all that is held about them"),
    ),
    AuditEventKind("data.erased", _("What was kept of {whom} was erased: {what}")),
    AuditEventKind("data.erasure_asked", _("{who} asked for what is kept of {whom} to be erased")),
    AuditEventKind("data.schedule_changed", _("{who} changed how long data is kept")),
)
