"""Boosters and mail about updates: who is to have them, and putting them into the outbox."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import digest
from course.dates import civil_date
from course.learning.actions import open_attempt, withheld
from course.learning.queries import history
from course.learning.rules.drawing import draw
from course.mail.actions import queue_letter
from course.mail.queries import declined
from course.mail.rules import BOOSTER, Letter
from course.recertification import queries as renewal
from course.recertification.rules import standing
from course.recertification.rules.certification_status import UP_TO_DATE
from course.refreshers import queries
from course.refreshers.actions.composition import estimated, update_for
from course.refreshers.queries import Certified
from course.refreshers.rules.boosters import Sent, is_due, may_be_due, weakest
from course.refreshers.rules.updates import Update, step
from course.reminders.queries import hours


def boosters_due(session: Session, library: Library, zone: str, on: date) -> list[Certified]:
    """Who is to be sent a booster on that day: people who are up to date, have time until their refresher, and have
    not declined."""
    no = declined(session, BOOSTER)
    possible = [
        one for one in queries.certified(session) if one.person_id not in no and may_be_due(*_history(one, zone), on)
    ]
    rules = renewal.policies(session, zone)
    if not possible or not rules:
        return []
    known = {one.id: one.facts for one in renewal.people(session, zone, [one.person_id for one in possible])}
    at = datetime.combine(on, time(12), UTC)
    return [
        one
        for one in possible
        if standing(known[one.person_id], rules, on).state == UP_TO_DATE
        and is_due(*_history(one, zone), estimated(session, library, one.person_id, at), on)
    ]


def _history(one: Certified, zone: str) -> tuple[date, list[Sent]]:
    return civil_date(one.completed_at, zone), [Sent(civil_date(at, zone), answered) for at, answered in one.boosters]


def send_booster(
    session: Session, library: Library, to: Certified, letter: Callable[[int], Letter], zone: str, at: datetime
) -> bool:
    """Draw the five questions and put the mail with their link into the outbox, to leave in working hours. False if
    another was quicker. `letter` makes the mail from the attempt's id."""
    estimate = estimated(session, library, to.person_id, at)
    seed = secrets.randbelow(2**31)
    counts = [(point, 1) for point in weakest(estimate, library.taught_points)]
    known = history(session, to.person_id, withheld(session, library, to.person_id))
    drawn = draw(counts, library.questions.values(), known.last, seed, withheld=known.withheld)
    number = len(to.boosters) + 1
    attempt = open_attempt(session, library, to.enrolment_id, "booster", "course", number, seed, drawn, at)
    working = hours(session, zone)
    leaves = working.leaves(at) if working else at
    return attempt is not None and queue_letter(session, f"booster:{attempt}", to.email, letter(attempt), at, leaves)


@dataclass(frozen=True)
class Told:
    """Somebody who is to hear of an update: which one, and which of its mails is due."""

    person: Certified
    update: Update
    step: str

    @property
    def key(self) -> str:
        """The same mail about the same changes is never queued twice."""
        about = digest(sorted(one.version for one in self.update.changes))
        return f"update:{self.person.person_id}:{about}:{self.step}"


def updates_due(session: Session, library: Library, zone: str, on: date) -> list[Told]:
    """Who is to hear of an open update on that day: whoever is up to date, and has no refresher to do instead."""
    rules = renewal.policies(session, zone)
    if not any(one.change.update_days for one in library.changes) or not rules:
        return []
    people = queries.certified(session)
    known = {one.id: one.facts for one in renewal.people(session, zone, [one.person_id for one in people])}
    found = []
    for one in people:
        if standing(known[one.person_id], rules, on).state != UP_TO_DATE:
            continue
        wanted = update_for(session, library, one.person_id, None, zone)
        if wanted is not None:
            found.append(Told(one, wanted, step(wanted, on)))
    return found


def tell_of_update(session: Session, told: Told, letter: Letter, zone: str, at: datetime) -> bool:
    """Put the mail into the outbox, to leave in working hours; False if it was there already."""
    working = hours(session, zone)
    return queue_letter(session, told.key, told.person.email, letter, at, working.leaves(at) if working else at)
