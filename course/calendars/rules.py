"""The events of a calendar feed, derived from a person's certification status and facts. Pure: the same facts give the
same events.

A calendar is often shared, and is stored by the calendar provider. So an event has a name, the course and dates, and
never the reason of a pause or an extension; a team feed has only the due dates.
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
from course.translation import lazy_gettext as _
from course.translation import lazy_sentences

Scope = Literal["own", "team"]
Fact = EmploymentFact | Requirement | CompletionFact | Extension | Pause | PathwayFact
OWN_SCOPE: Scope = "own"
TEAM_SCOPE: Scope = "team"


@dataclass(frozen=True)
class CalendarEvent:
    """An all-day event. `uid` stays when the day moves; when the event may have changed, `sequence` grows and `changed`
    is newer."""

    uid: str
    day: date
    title: str
    note: str
    sequence: int
    changed: datetime


@dataclass(frozen=True)
class CalendarCourse:
    """The course of the events: its title, and the address at which people open it."""

    title: str
    address: str


def own_events(
    person_id: int,
    status: CertificationStatus,
    facts: CertificationFacts,
    policies: list[Policy],
    course: CalendarCourse,
) -> list[CalendarEvent]:
    """The events for the person: the due date, the start of the renewal window, and the expiry of the certificate where
    it differs from the due date. Empty during a pause, or if nothing is required."""
    if status.due is None or status.state in (NOT_REQUIRED, PAUSED):
        return []
    factory = _EventFactory(OWN_SCOPE, person_id, status.cycle, *feed_revision(facts, policies, status.on), course)
    task = (
        _("Complete your training: %(title)s", title=course.title)
        if status.course == INITIAL
        else _("Renew your training: %(title)s", title=course.title)
    )
    by = _("Due by %(due)s.", due=long_date(status.due))
    events = [factory.event("due", status.due, task, by)]
    if status.window_opens and status.window_opens < status.due:
        note = lazy_sentences([_("From today you can renew early and keep your date."), by])
        events.append(
            factory.event(
                "window", status.window_opens, _("You can renew your training: %(title)s", title=course.title), note
            )
        )
    if status.valid_until and status.valid_until != status.due:
        valid = _(
            "Your certificate is valid up to and including %(valid_until)s.", valid_until=long_date(status.valid_until)
        )
        note = lazy_sentences([valid, by])
        events.append(
            factory.event(
                "expiry", status.valid_until, _("Last day of your certificate: %(title)s", title=course.title), note
            )
        )
    return events


def team_events(
    person_id: int,
    name: str,
    status: CertificationStatus,
    facts: CertificationFacts,
    policies: list[Policy],
    course: CalendarCourse,
) -> list[CalendarEvent]:
    """The event for the person's managers: the due date, and nothing else."""
    if status.due is None or status.state in (NOT_REQUIRED, PAUSED):
        return []
    factory = _EventFactory(TEAM_SCOPE, person_id, status.cycle, *feed_revision(facts, policies, status.on), course)
    return [
        factory.event(
            "due",
            status.due,
            _("%(name)s: training due, %(title)s", name=name, title=course.title),
            _("%(name)s: due by %(due)s.", name=name, due=long_date(status.due)),
        )
    ]


@dataclass(frozen=True)
class _EventFactory:
    """What the events of one person in one feed share."""

    scope: Scope
    person_id: int
    cycle: date | None
    sequence: int
    changed: datetime
    course: CalendarCourse

    def event(self, kind: str, day: date, title: str, note: str) -> CalendarEvent:
        # The name identifies one date of one cycle of one person: an extension keeps it, a renewal gives another one.
        name = f"{self.course.address}calendar/{self.scope}/{self.person_id}/{self.cycle}/{kind}"
        return CalendarEvent(str(uuid5(NAMESPACE_URL, name)), day, title, note, self.sequence, self.changed)


def feed_revision(facts: CertificationFacts, policies: list[Policy], on: date) -> tuple[int, datetime]:
    """The number of dates in the facts that have come by that day, itself included, and the newest of these dates.

    Everything that moves a date is a fact that is added, or a date in a fact that comes. So the number grows with every
    such change, and never falls.
    """
    dated_facts: tuple[Fact, ...] = (
        *facts.employments,
        *facts.requirements,
        *facts.completions,
        *facts.extensions,
        *facts.pauses,
        *facts.pathways,
    )
    dates = [day for fact in dated_facts for day in {fact.recorded_on, *_fact_dates(fact)}]
    past = [day for day in [*dates, *(policy.governs_from for policy in policies)] if day <= on]
    return len(past), datetime.combine(max(past, default=on), time(), UTC)


def _fact_dates(fact: Fact) -> list[date]:
    """The dates in a fact."""
    return [value for field in fields(fact) if isinstance(value := getattr(fact, field.name), date)]
