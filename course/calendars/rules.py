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
    CertificationFacts,
    CertificationStatus,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Policy,
    Requirement,
)
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED
from course.recertification.rules.civil_dates import long_date
from course.recertification.rules.facts import INITIAL

Scope = Literal["own", "team"]
Fact = EmploymentFact | Requirement | CompletionFact | Extension | Pause | PathwayFact
OWN_SCOPE: Scope = "own"
TEAM_SCOPE: Scope = "team"


@dataclass(frozen=True)
class CalendarEvent:
    """One whole day. `uid` stays when the day moves; `sequence` grows and `changed` is newer when it may have."""

    uid: str
    day: date
    title: str
    note: str
    sequence: int
    changed: datetime


@dataclass(frozen=True)
class CalendarCourse:
    """What the events are about: its title, and the address at which people open it."""

    title: str
    address: str


def own_events(
    person_id: int, now: CertificationStatus, facts: CertificationFacts, policies: list[Policy], course: CalendarCourse
) -> list[CalendarEvent]:
    """For the person: the due day, the day on which renewing begins to keep the date, and the certificate's last day
    where that is another one. Nothing while a leave lasts, or if nothing is required."""
    if now.due is None or now.state in (NOT_REQUIRED, PAUSED):
        return []
    mark = _EventFactory(OWN_SCOPE, person_id, now.cycle, *feed_revision(facts, policies, now.on), course)
    task = "Complete" if now.course == INITIAL else "Renew"
    by = f"Due by {long_date(now.due)}."
    found = [mark.event("due", now.due, f"{task} your training: {course.title}", by)]
    if now.window_opens and now.window_opens < now.due:
        note = f"From today you can renew early and keep your date. {by}"
        found.append(mark.event("window", now.window_opens, f"You can renew your training: {course.title}", note))
    if now.valid_until and now.valid_until != now.due:
        note = f"Your certificate is valid up to and including {long_date(now.valid_until)}. {by}"
        found.append(mark.event("expiry", now.valid_until, f"Last day of your certificate: {course.title}", note))
    return found


def team_events(
    person_id: int,
    name: str,
    now: CertificationStatus,
    facts: CertificationFacts,
    policies: list[Policy],
    course: CalendarCourse,
) -> list[CalendarEvent]:
    """For whoever manages the person: the due day, and nothing else."""
    if now.due is None or now.state in (NOT_REQUIRED, PAUSED):
        return []
    mark = _EventFactory(TEAM_SCOPE, person_id, now.cycle, *feed_revision(facts, policies, now.on), course)
    return [
        mark.event("due", now.due, f"{name}: training due, {course.title}", f"{name}: due by {long_date(now.due)}.")
    ]


@dataclass(frozen=True)
class _EventFactory:
    """What the events of one person in one feed have in common."""

    scope: Scope
    person_id: int
    cycle: date | None
    sequence: int
    changed: datetime
    course: CalendarCourse

    def event(self, kind: str, day: date, title: str, note: str) -> CalendarEvent:
        # One day of one cycle of one person: the same after an extension, another one after a renewal.
        name = f"{self.course.address}calendar/{self.scope}/{self.person_id}/{self.cycle}/{kind}"
        return CalendarEvent(str(uuid5(NAMESPACE_URL, name)), day, title, note, self.sequence, self.changed)


def feed_revision(facts: CertificationFacts, policies: list[Policy], on: date) -> tuple[int, datetime]:
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
    dates = [day for fact in added for day in {fact.recorded_on, *_fact_dates(fact)}]
    come = [day for day in [*dates, *(policy.governs_from for policy in policies)] if day <= on]
    return len(come), datetime.combine(max(come, default=on), time(), UTC)


def _fact_dates(fact: Fact) -> list[date]:
    return [value for field in fields(fact) if isinstance(value := getattr(fact, field.name), date)]
