"""What stands in a calendar feed: from somebody's standing and facts, the events. Pure: the same facts give the same.

A calendar is often shared, and kept by whoever runs it. So an event has a name, the course and dates, and never the
reason of a leave or of an extension; a team's feed has the due days alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from course.recertification.rules import (
    Completion,
    Employment,
    Extension,
    Facts,
    Pathway,
    Pause,
    Policy,
    Requirement,
    Standing,
)
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED
from course.recertification.rules.civil_dates import words
from course.recertification.rules.facts import INITIAL

Scope = Literal["own", "team"]
Fact = Employment | Requirement | Completion | Extension | Pause | Pathway
OWN: Scope = "own"
TEAM: Scope = "team"


@dataclass(frozen=True)
class Event:
    """One whole day. `uid` stays when the day moves; `sequence` grows and `changed` is newer when it may have."""

    uid: str
    day: date
    title: str
    note: str
    sequence: int
    changed: datetime


@dataclass(frozen=True)
class Course:
    """What the events are about: its title, and the address at which people open it."""

    title: str
    address: str


def own_events(person_id: int, now: Standing, facts: Facts, policies: list[Policy], course: Course) -> list[Event]:
    """For the person: the due day, the day on which renewing begins to keep the date, and the certificate's last day
    where that is another one. Nothing while a leave lasts, or if nothing is required."""
    if now.due is None or now.state in (NOT_REQUIRED, PAUSED):
        return []
    mark = _Mark(OWN, person_id, now.cycle, *revision(facts, policies, now.on), course)
    task = "Complete" if now.course == INITIAL else "Renew"
    by = f"Due by {words(now.due)}."
    found = [mark.event("due", now.due, f"{task} your training: {course.title}", by)]
    if now.window_opens and now.window_opens < now.due:
        note = f"From today you can renew early and keep your date. {by}"
        found.append(mark.event("window", now.window_opens, f"You can renew your training: {course.title}", note))
    if now.valid_until and now.valid_until != now.due:
        note = f"Your certificate is valid up to and including {words(now.valid_until)}. {by}"
        found.append(mark.event("expiry", now.valid_until, f"Last day of your certificate: {course.title}", note))
    return found


def team_events(
    person_id: int, name: str, now: Standing, facts: Facts, policies: list[Policy], course: Course
) -> list[Event]:
    """For whoever manages the person: the due day, and nothing else."""
    if now.due is None or now.state in (NOT_REQUIRED, PAUSED):
        return []
    mark = _Mark(TEAM, person_id, now.cycle, *revision(facts, policies, now.on), course)
    return [mark.event("due", now.due, f"{name}: training due, {course.title}", f"{name}: due by {words(now.due)}.")]


@dataclass(frozen=True)
class _Mark:
    """What the events of one person in one feed have in common."""

    scope: Scope
    person_id: int
    cycle: date | None
    sequence: int
    changed: datetime
    course: Course

    def event(self, kind: str, day: date, title: str, note: str) -> Event:
        # One day of one cycle of one person: the same after an extension, another one after a renewal.
        name = f"{self.course.address}calendar/{self.scope}/{self.person_id}/{self.cycle}/{kind}"
        return Event(str(uuid5(NAMESPACE_URL, name)), day, title, note, self.sequence, self.changed)


def revision(facts: Facts, policies: list[Policy], on: date) -> tuple[int, datetime]:
    """How many dates in the facts had come by that day, itself included, and the newest of them.

    Whatever moves a day is a fact that is added, or a date in one that comes: so the number grows with it, and
    never falls.
    """
    added: tuple[Fact, ...] = (
        *facts.employments,
        *facts.requirements,
        *facts.completions,
        *facts.extensions,
        *facts.pauses,
        *facts.pathways,
    )
    dates = [day for fact in added for day in {fact.written, *_dates(fact)}]
    come = [day for day in [*dates, *(policy.governs_from for policy in policies)] if day <= on]
    return len(come), datetime.combine(max(come, default=on), time(), UTC)


def _dates(fact: Fact) -> list[date]:
    return [value for field in fields(fact) if isinstance(value := getattr(fact, field.name), date)]
