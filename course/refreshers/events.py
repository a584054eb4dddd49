"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "certificate.found", _("{whom} had finished on {finished} without a certificate: it was issued now")
    ),
    AuditEventKind(
        "supervised.refresher_read",
        _("{who} recorded that {whom} read {pages} pages of a refresher on paper in supervised session {session}"),
        one=(
            "pages",
            _("{who} recorded that {whom} read {pages} page of a refresher on paper in supervised session {session}"),
        ),
    ),
    AuditEventKind(
        "supervised.refresher_printed",
        _("{who} printed what {whom} has to read in a refresher, for supervised session {session}"),
    ),
)
