"""What happens to certificates that other features need to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.audit.rules import AuditEventKind


@dataclass(frozen=True)
class CertificateRevoked:
    """A certificate of `person_id` is not valid any more. `numbers` are those that it has had, in whichever name."""

    person_id: int
    numbers: tuple[str, ...]
    reason: str
    by: int | None
    at: datetime


AUDIT_EVENTS = (
    AuditEventKind("certificate.issued", "{who} issued certificate {number} to {whom}"),
    AuditEventKind("certificate.link_ended", "{who} ended link {number} to the certificates of {whom}"),
    AuditEventKind("certificate.replaced", "{who} replaced certificate {number} of {whom} by {by}"),
    AuditEventKind("certificate.revoked", "{who} revoked certificate {number} of {whom}"),
)
