"""Boosters and mail about updates: who is to have them, and putting them into the outbox."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import content_digest
from course.dates import civil_date
from course.learning.actions import open_attempt, protected_questions
from course.learning.queries import question_history
from course.learning.rules.drawing import draw_questions
from course.mail.actions import schedule_message
from course.mail.queries import opted_out_people
from course.mail.rules import BOOSTER, MailMessage
from course.recertification import queries as renewal
from course.recertification.rules import certification_status
from course.recertification.rules.certification_status import UP_TO_DATE
from course.refreshers import queries
from course.refreshers.actions.composition import person_memory_estimates, update_for
from course.refreshers.queries import CertifiedLearner
from course.refreshers.rules.boosters import SentBooster, interval_allows_booster, is_booster_due, weakest_points
from course.refreshers.rules.updates import Update, update_mail_step
from course.reminders.queries import sending_hours


def boosters_due(session: Session, library: Library, zone: str, on: date) -> list[CertifiedLearner]:
    """Who is to be sent a booster on that day: people who are up to date, have time until their refresher, and have
    not declined."""
    no = opted_out_people(session, BOOSTER)
    possible = [
        one
        for one in queries.certified_learners(session)
        if one.person_id not in no and interval_allows_booster(*_booster_history(one, zone), on)
    ]
    rules = renewal.policies(session, zone)
    if not possible or not rules:
        return []
    known = {one.id: one.facts for one in renewal.people(session, zone, [one.person_id for one in possible])}
    at = datetime.combine(on, time(12), UTC)
    return [
        one
        for one in possible
        if certification_status(known[one.person_id], rules, on).state == UP_TO_DATE
        and is_booster_due(
            *_booster_history(one, zone), person_memory_estimates(session, library, one.person_id, at), on
        )
    ]


def _booster_history(one: CertifiedLearner, zone: str) -> tuple[date, list[SentBooster]]:
    return civil_date(one.completed_at, zone), [
        SentBooster(civil_date(at, zone), answered) for at, answered in one.boosters
    ]


def queue_booster(
    session: Session,
    library: Library,
    to: CertifiedLearner,
    letter: Callable[[int], MailMessage],
    zone: str,
    at: datetime,
) -> bool:
    """Draw the five questions and put the mail with their link into the outbox, to leave in working hours. False if
    another was quicker. `letter` makes the mail from the attempt's id."""
    estimate = person_memory_estimates(session, library, to.person_id, at)
    seed = secrets.randbelow(2**31)
    counts = [(point, 1) for point in weakest_points(estimate, library.taught_points)]
    known = question_history(session, to.person_id, protected_questions(session, library, to.person_id))
    drawn = draw_questions(counts, library.questions.values(), known.last, seed, withheld=known.withheld)
    number = len(to.boosters) + 1
    attempt = open_attempt(session, library, to.enrolment_id, "booster", "course", number, seed, drawn, at)
    working = sending_hours(session, zone)
    leaves = working.next_sending_time(at) if working else at
    return attempt is not None and schedule_message(
        session, f"booster:{attempt}", to.email, letter(attempt), at, leaves
    )


@dataclass(frozen=True)
class DueUpdateMail:
    """Somebody who is to hear of an update: which one, and which of its mails is due."""

    person: CertifiedLearner
    update: Update
    step: str

    @property
    def key(self) -> str:
        """The same mail about the same changes is never queued twice."""
        about = content_digest(sorted(one.version for one in self.update.changes))
        return f"update:{self.person.person_id}:{about}:{self.step}"


def updates_due(session: Session, library: Library, zone: str, on: date) -> list[DueUpdateMail]:
    """Who is to hear of an open update on that day: whoever is up to date, and has no refresher to do instead."""
    rules = renewal.policies(session, zone)
    if not any(one.change.update_days for one in library.changes) or not rules:
        return []
    people = queries.certified_learners(session)
    known = {one.id: one.facts for one in renewal.people(session, zone, [one.person_id for one in people])}
    found = []
    for one in people:
        if certification_status(known[one.person_id], rules, on).state != UP_TO_DATE:
            continue
        wanted = update_for(session, library, one.person_id, None, zone)
        if wanted is not None:
            found.append(DueUpdateMail(one, wanted, update_mail_step(wanted, on)))
    return found


def queue_update_mail(session: Session, told: DueUpdateMail, letter: MailMessage, zone: str, at: datetime) -> bool:
    """Put the mail into the outbox, to leave in working hours; False if it was there already."""
    working = sending_hours(session, zone)
    return schedule_message(
        session, told.key, told.person.email, letter, at, working.next_sending_time(at) if working else at
    )
