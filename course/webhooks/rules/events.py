"""Which events there are, from which facts they come, and what is sent about each: dates and numbers, never an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from course.recertification.rules.certification_status import DUE_SOON as DUE_SOON_STATE
from course.recertification.rules.certification_status import EXPIRED as EXPIRED_STATE
from course.recertification.rules.certification_status import OVERDUE as OVERDUE_STATE
from course.translation import lazy_gettext as _

COMPLETED, DUE_SOON, OVERDUE, EXPIRED, LEFT = "completed", "due_soon", "overdue", "expired", "left"
TEST = "test"  # about nobody; no webhook chooses it
EVENT_LABELS: dict[str, str] = {
    COMPLETED: _("Completed: the course or a refresher"),
    DUE_SOON: _("Due soon"),
    OVERDUE: _("Overdue"),
    EXPIRED: _("Expired: overdue, and the certificate has ended"),
    LEFT: _("Left: the last day is over"),
}
# What each is called in what is sent. These names never change.
EVENT_TYPES: dict[str, str] = {
    COMPLETED: "certification.completed",
    DUE_SOON: "certification.due_soon",
    OVERDUE: "certification.overdue",
    EXPIRED: "certification.expired",
    LEFT: "person.left",
    TEST: "webhook.test",
}
# The certification statuses that are reached by time alone and have an event.
TIMED_STATES = (DUE_SOON_STATE, OVERDUE_STATE, EXPIRED_STATE)


@dataclass(frozen=True)
class PersonFact:
    """Something that became true of a person. `key` tells it from others of its kind about the same person, so that each is
    sent once; `dates` are sent with it, as ISO days or words."""

    person_id: int
    kind: str
    key: str
    dates: Mapping[str, str | None]


def completion_fact(person_id: int, completion_id: int, kind: str, on: date, valid_until: date | None) -> PersonFact:
    """A completion of the course (`kind` initial) or of a refresher."""
    dates = {"course": kind, "completed_on": on.isoformat(), "valid_until": _iso(valid_until)}
    return PersonFact(person_id, COMPLETED, str(completion_id), dates)


def leaving_fact(person_id: int, last_day: date) -> PersonFact:
    """Somebody has left; `last_day` was their last."""
    return PersonFact(person_id, LEFT, last_day.isoformat(), {"last_day": last_day.isoformat()})


def status_facts(person_id: int, state: str, due: date | None, valid_until: date | None) -> list[PersonFact]:
    """What a certification status of today says that has an event; its due day tells it from an earlier one. Who is expired is
    overdue as well, so that a webhook for what is overdue misses nobody."""
    if state not in TIMED_STATES or due is None:
        return []
    kinds = {DUE_SOON_STATE: (DUE_SOON,), OVERDUE_STATE: (OVERDUE,), EXPIRED_STATE: (OVERDUE, EXPIRED)}[state]
    dates = {"due": due.isoformat(), "valid_until": _iso(valid_until)}
    keys = {EXPIRED: (valid_until or due).isoformat()}
    return [PersonFact(person_id, kind, keys.get(kind, due.isoformat()), dates) for kind in kinds]


def payload(
    kind: str,
    mark: str,
    found_at: datetime,
    person: Mapping[str, int | str | None] | None,
    dates: Mapping[str, str | None],
) -> bytes:
    """The body of a delivery: JSON with the type of the event, the moment at which it was found, and its data. The same event
    gives the same body as long as nothing is changed about the person's number. `person` is left out of a test."""
    data: dict[str, object] = {"event_id": mark}
    if person is not None:
        data["person"] = dict(person)
    moment = found_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    message = {"type": EVENT_TYPES[kind], "timestamp": moment, "data": data | dict(dates)}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
