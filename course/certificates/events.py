"""Events of certificates for other features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class CertificateRevoked:
    """A certificate of `person_id` was revoked. `numbers` are all numbers that it has had, under any name."""

    person_id: int
    numbers: tuple[str, ...]
    reason: str
    by: int | None
    at: datetime


AUDIT_EVENTS = (
    AuditEventKind("certificate.issued", _("{who} issued certificate {number} to {whom}")),
    AuditEventKind("certificate.link_ended", _("{who} ended link {number} to the certificates of {whom}")),
    AuditEventKind("certificate.replaced", _("{who} replaced certificate {number} of {whom} by {by}")),
    AuditEventKind("certificate.revoked", _("{who} revoked certificate {number} of {whom}")),
    AuditEventKind("certificate.wallet_link_ended", _("{who} ended the link for a wallet to certificate {number}")),
    AuditEventKind("certificate.wallet_link_made", _("{who} made a link for a wallet to certificate {number}")),
)
