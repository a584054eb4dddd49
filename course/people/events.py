from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class PersonAdded:
    """Somebody new is required to take the course."""

    person_id: int
    at: datetime


@dataclass(frozen=True)
class RecordOpened:
    """Somebody was shown a page about the training of somebody else; `day` is that of the organisation's zone."""

    person_id: int
    viewer_id: int
    day: date
    at: datetime


@dataclass(frozen=True)
class EarlierCertificate:
    """A list that was applied on the day `recorded` says that somebody completed a training elsewhere, or before this
    course: `valid_until` is None if it does not say until when that was good."""

    person_id: int
    day: date
    valid_until: date | None
    issuer: str
    recorded: date
    by: int | None
    at: datetime


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
