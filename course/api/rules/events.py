"""Events of the API from entries of the audit log, which has one order for all processes, without gaps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from course.api.rules.answers import EventItem

EXPIRED = "certificate.expired"
LEFT = "person.left"
# Which events an entry of the log stands for, in order. A certificate is issued in the transaction of the completion.
EVENTS_OF_KIND: dict[str, tuple[str, ...]] = {
    "person.added": ("joined",),
    "person.returned": ("returned",),
    "person.departure_corrected": ("returned",),
    LEFT: ("left",),
    "person.merged": ("merged",),
    "person.changed": ("changed",),
    "team.joined": ("team_joined",),
    "team.left": ("team_left",),
    "certificate.issued": ("completed", "certified"),
    "certificate.replaced": ("certificate_replaced",),
    "certificate.revoked": ("certificate_revoked",),
    EXPIRED: ("expired",),
}
_EVENTS_PER_ENTRY = 2  # at most; the id of an event is made with it
_DAY_OF_TYPE = {
    "left": "last_day", "returned": "first_day", "completed": "completed_on", "certified": "valid_until",
    "expired": "valid_until",
}  # fmt: skip
_NUMBER_OF_TYPE = {"certificate_replaced": "by"}  # elsewhere it is called "number"


@dataclass(frozen=True)
class LoggedEvent:
    """An entry of the log about a person: its number, kind, moment and details (JSON)."""

    number: int
    kind: str
    at: datetime
    person_id: int
    details: str


def kinds_of_type(event_type: str | None) -> tuple[str, ...]:
    """The kinds of entries that stand for events of a type (None: of any)."""
    return tuple(kind for kind, types in EVENTS_OF_KIND.items() if event_type is None or event_type in types)


def events_of(entry: LoggedEvent, event_type: str | None) -> Iterator[EventItem]:
    """The events of an entry, of one type or of any. Details that an older version of the course did not write are null."""
    details: dict[str, Any] = json.loads(entry.details)
    for place, name in enumerate(EVENTS_OF_KIND[entry.kind]):
        if event_type in (None, name):
            is_merged = name == "merged"
            yield EventItem.model_validate(
                {
                    "id": (entry.number - 1) * _EVENTS_PER_ENTRY + place + 1,
                    "type": name,
                    "at": entry.at,
                    "person_id": details["entry"] if is_merged else entry.person_id,
                    "day": _day(details.get(_DAY_OF_TYPE.get(name, ""))),
                    "certificate_number": details.get(_NUMBER_OF_TYPE.get(name, "number")),
                    "into_person_id": entry.person_id if is_merged else None,
                    "team": details.get("team") if name in ("team_joined", "team_left") else None,
                }
            )


def _day(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None
