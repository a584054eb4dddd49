from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PersonAdded:
    """Somebody new is required to take the course."""

    person_id: int
    at: datetime
