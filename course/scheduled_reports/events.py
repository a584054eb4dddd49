"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "report.mail_set", _("{who} let {whom} have the report by mail"), own=_("{who} asked for the report by mail")
    ),
    AuditEventKind(
        "report.mail_stopped",
        _("{who} stopped the report by mail to {whom}"),
        own=_("{who} stopped getting the report by mail"),
    ),
    AuditEventKind("report.mailed", _("{whom} was sent the report by mail, which names {people} people")),
)
