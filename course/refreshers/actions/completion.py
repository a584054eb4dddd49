"""Completing a refresher, if it counts, and finding what was finished without being completed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.content.library import Library
from course.content.schema import WORDS_PER_MINUTE
from course.credentials.actions import signing_settings
from course.dates import civil_date
from course.db import lock_row
from course.learning import actions as learning
from course.learning.events import StepEnded
from course.learning.models import Enrolment
from course.recertification import queries as renewal
from course.refreshers import queries
from course.refreshers.actions.composition import REFRESHER, page_of, scenario_minutes
from course.refreshers.queries import PAGE_PREFIX, Refresher, UnrecordedCompletion
from course.refreshers.rules.composition import QUESTION_MINUTES, QUESTIONS_PER_CRITICAL, REASON_CRITICAL
from course.refreshers.rules.eligibility import would_renew


def complete_refresher(session: Session, event: StepEnded) -> None:
    """Complete the refresher with its last step. Safe to call after every step; an update needs no record of its
    own, since what was seen and answered says it."""
    _complete_if_finished(session, event.library, event.person_id, event.enrolment_id, event.on, event.at, event.at)


def _complete_if_finished(
    session: Session, library: Library, person_id: int, enrolment: int, on: date, at: datetime, recorded: datetime
) -> bool:
    """Complete a refresher that was finished at that moment, unless it does not count: that issues nothing."""
    if queries.newest_refresher_id(session, person_id, REFRESHER) != enrolment:
        return False
    # Of two last steps at once one waits here, and then sees the other.
    lock_row(session, Enrolment, enrolment)
    newest = queries.newest_refresher(session, person_id, REFRESHER)
    if newest is None or newest.id != enrolment or not newest.is_finished or newest.completed_at is not None:
        return False
    if not renews_certificate(session, person_id, newest, on, signing_settings(session).zone):
        return False
    minutes = required_minutes(library, newest)
    return learning.record_completion(session, library, person_id, enrolment, REFRESHER, minutes, on, at, recorded)


def renews_certificate(session: Session, person_id: int, refresher: Refresher, on: date, zone: str) -> bool:
    """Whether a refresher that is finished on that day renews anything: by the rule that the person's own page goes by,
    and only if nothing was completed since it was begun."""
    if queries.has_completed_since(session, person_id, refresher.opened_at):
        return False
    return would_renew(renewal.people(session, zone, [person_id])[0].facts, renewal.policies(session, zone), on)


def required_minutes(library: Library, refresher: Refresher) -> int:
    """About how long what the refresher asked for takes: its changed pages, its story, and its questions as they were
    composed. How often somebody had to be asked again adds nothing."""
    pages = [page for part in refresher.parts if part.kind == "change"
             if (page := page_of(library, part.ref.removeprefix(PAGE_PREFIX)))]  # fmt: skip
    told = sum(scenario_minutes(library, part.ref) for part in refresher.parts if part.kind == "scenario")
    asked = sum(QUESTIONS_PER_CRITICAL if part.reason == REASON_CRITICAL else 1
                for part in refresher.parts if part.kind == "point")  # fmt: skip
    return max(1, round(sum(p.words for p in pages) / WORDS_PER_MINUTE + told + asked * QUESTION_MINUTES))


@dataclass(frozen=True)
class RecoveredCompletion:
    """Somebody whose course or refresher (`kind`) was finished on that day, and is completed only now."""

    person_id: int
    email: str
    kind: str
    finished_on: date


def recover_completion(
    session: Session, whole: Library, waiting: UnrecordedCompletion, at: datetime
) -> RecoveredCompletion | None:
    """Complete what somebody finished and what was never completed, as of the day on which it was finished; None if
    something is missing, it does not count, or it is done already. Safe to call again, and twice at once."""
    zone = signing_settings(session).zone
    library = whole.for_(waiting.pathway, waiting.nation)
    if waiting.attempt_id is not None and waiting.ended_at is not None:
        learning.record_attempt_outcome(session, library, waiting.person_id, waiting.attempt_id, waiting.ended_at)
    last = queries.last_step_at(session, waiting.enrolment_id)
    if last is None or (waiting.left_at is not None and last > waiting.left_at):
        return None
    on = civil_date(last, zone)
    if waiting.kind == REFRESHER:
        done = _complete_if_finished(session, library, waiting.person_id, waiting.enrolment_id, on, last, at)
    else:
        done = learning.complete_course(session, library, waiting.person_id, on, last, at)
    if not done:
        return None
    details = {"kind": waiting.kind, "finished": on}
    record_event(session, "certificate.found", ("person", waiting.person_id), details, None, at)
    return RecoveredCompletion(waiting.person_id, waiting.email, waiting.kind, on)
