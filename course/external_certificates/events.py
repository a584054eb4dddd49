"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind("issuer.ended", _("{who} stopped accepting the certificates of {issuer}")),
    AuditEventKind("issuer.trusted", _("{who} accepted the certificates of {issuer}")),
)
