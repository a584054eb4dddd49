"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("talk.held", _("{who} recorded a ten-minute talk of {team} on {day}: {about}")),
    AuditEventKind("talk.taken_back", _("{who} withdrew a ten-minute talk of {team} on {day}: {about}")),
)
