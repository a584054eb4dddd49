"""What happens to certificates that other features need to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CertificateRevoked:
    """A certificate of `person_id` is not valid any more. `numbers` are those that it has had, in whichever name."""

    person_id: int
    numbers: tuple[str, ...]
    reason: str
    by: int | None
    at: datetime
