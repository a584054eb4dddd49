"""Events of certificates for other features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CertificateRevoked:
    """A certificate of `person_id` was revoked. `numbers` are all numbers that it has had, under any name."""

    person_id: int
    numbers: tuple[str, ...]
    reason: str
    by: int | None
    at: datetime
