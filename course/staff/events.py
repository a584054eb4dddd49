from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


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


@dataclass(frozen=True)
class PeopleMerged:
    """Two entries were one person: what `person_id` completed counts for `into_id`, as recorded on that day."""

    person_id: int
    into_id: int
    recorded: date
    by: int | None
    at: datetime
