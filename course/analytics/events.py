"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("talk.held", _("{who} wrote down a talk of ten minutes of {team}, on {day}: {about}")),
    AuditEventKind("talk.taken_back", _("{who} took back that {team} had a talk of ten minutes on {day}: {about}")),
)
