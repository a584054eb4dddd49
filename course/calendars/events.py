"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "calendar.ended", _("{who} ended the calendar feed of {whom}"), own=_("{who} ended their calendar feed")
    ),
    AuditEventKind("calendar.made", _("{who} made a calendar feed for {whom}"), own=_("{who} made a calendar feed")),
)
