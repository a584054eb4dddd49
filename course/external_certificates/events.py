"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind

AUDIT_EVENTS = (
    AuditEventKind("issuer.ended", "{who} ended trust in the certificates of {issuer}"),
    AuditEventKind("issuer.trusted", "{who} trusts the certificates of {issuer}"),
)
