"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "evidence.downloaded",
        _("{who} downloaded an evidence pack for {day}, with {people} people"),
        one=("people", _("{who} downloaded an evidence pack for {day}, with {people} person")),
    ),
    AuditEventKind(
        "evidence.made",
        _("{who} made an evidence pack for {day}, with {people} people"),
        one=("people", _("{who} made an evidence pack for {day}, with {people} person")),
    ),
)
