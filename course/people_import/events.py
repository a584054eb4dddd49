"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "person.imported",
        _("{who} applied a list of people: {rows} rows"),
        one=("rows", _("{who} applied a list of people: {rows} row")),
    ),
    AuditEventKind(
        "person.list_downloaded",
        _("{who} downloaded what a list of people did: {rows} rows"),
        one=("rows", _("{who} downloaded what a list of people did: {rows} row")),
    ),
)
