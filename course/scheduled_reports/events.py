"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "report.mail_set",
        _("{who} set up the report by e-mail for {whom}"),
        own=_("{who} asked for the report by e-mail"),
    ),
    AuditEventKind(
        "report.mail_stopped",
        _("{who} stopped the report by e-mail to {whom}"),
        own=_("{who} stopped the report by e-mail"),
    ),
    AuditEventKind(
        "report.mailed",
        _("{whom} was sent the report by e-mail, with {people} people"),
        one=("people", _("{whom} was sent the report by e-mail, with {people} person")),
    ),
)
