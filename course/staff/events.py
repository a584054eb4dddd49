from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PersonLeft:
    """Somebody does not work here any more."""

    person_id: int
    at: datetime


@dataclass(frozen=True)
class AddressChanged:
    """Mail to somebody goes elsewhere from now on, and they sign in with another address."""

    person_id: int
    at: datetime
