"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "report.exported",
        _("{who} downloaded the report of {people} people, {on}"),
        one=("people", _("{who} downloaded the report of {people} person, {on}")),
    ),
    AuditEventKind("report.teams_exported", _("{who} downloaded the comparison of teams, {on}")),
)
