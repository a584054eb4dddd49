"""Complete a refresher if it counts, and recover completions that were finished and never recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.content.library import Library
from course.content.schema import WORDS_PER_MINUTE
from course.context import Context, make_context
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
    """Complete the refresher with its last step. Safe to call after every step. An update needs no completion of its
    own, because the steps recorded in it show that it is finished."""
    context = make_context(session, event.person_id, event.at)
    _complete_if_finished(context, event.library, event.person_id, event.enrolment_id, event.at)


def _complete_if_finished(
    context: Context, library: Library, person_id: int, enrolment: int, finished_at: datetime
) -> bool:
    """Complete a refresher that was finished at that moment. A refresher that does not count is not completed and
    issues nothing."""
    session = context.session
    if queries.newest_refresher_id(session, person_id, REFRESHER) != enrolment:
        return False
    # Of two last steps at the same time one waits here for the lock, and then sees the other.
    lock_row(session, Enrolment, enrolment)
    newest = queries.newest_refresher(session, person_id, REFRESHER)
    if newest is None or newest.id != enrolment or not newest.is_finished or newest.completed_at is not None:
        return False
    if not renews_certificate(session, person_id, newest, civil_date(finished_at, context.zone), context.zone):
        return False
    minutes = required_minutes(library, newest)
    finished = learning.FinishedEnrolment(person_id, enrolment, REFRESHER, finished_at, minutes)
    return learning.record_completion(context, library, finished)


def renews_certificate(session: Session, person_id: int, refresher: Refresher, on: date, zone: str) -> bool:
    """Whether a refresher finished on that day renews the certificate: by the recertification rules, and only if
    nothing was completed since it was begun."""
    if queries.has_completed_since(session, person_id, refresher.opened_at):
        return False
    return would_renew(renewal.people(session, zone, [person_id])[0].facts, renewal.policies(session, zone), on)


def required_minutes(library: Library, refresher: Refresher) -> int:
    """The approximate duration in minutes of what the refresher required: its changed pages, its scenario, and its
    questions as composed. Repeated questions after wrong answers add nothing."""
    # A page may bear several marks: it is read once.
    changed_refs = dict.fromkeys(
        part.ref.removeprefix(PAGE_PREFIX) for part in refresher.parts if part.kind == "change"
    )
    pages = [page for ref in changed_refs if (page := page_of(library, ref))]
    scenario_time = sum(scenario_minutes(library, part.ref) for part in refresher.parts if part.kind == "scenario")
    questions = sum(QUESTIONS_PER_CRITICAL if part.reason == REASON_CRITICAL else 1
                for part in refresher.parts if part.kind == "point")  # fmt: skip
    return max(1, round(sum(p.words for p in pages) / WORDS_PER_MINUTE + scenario_time + questions * QUESTION_MINUTES))


@dataclass(frozen=True)
class RecoveredCompletion:
    """A person whose course or refresher (`kind`) was finished on that day, and is completed only now."""

    person_id: int
    email: str
    kind: str
    finished_on: date


def recover_completion(
    session: Session, full_library: Library, candidate: UnrecordedCompletion, at: datetime
) -> RecoveredCompletion | None:
    """Complete a course or refresher that was finished and never completed, as of the day on which it was finished.
    None if a step is missing, it does not count, or it is completed already. Safe to call again, and twice at the same
    time."""
    context = make_context(session, None, at)
    library = full_library.for_(candidate.pathway, candidate.nation)
    if candidate.attempt_id is not None and candidate.ended_at is not None:
        learning.record_attempt_outcome(session, library, candidate.person_id, candidate.attempt_id, candidate.ended_at)
    last_step = queries.last_step_at(session, candidate.enrolment_id)
    if last_step is None or (candidate.left_at is not None and last_step > candidate.left_at):
        return None
    if candidate.kind == REFRESHER:
        is_completed = _complete_if_finished(context, library, candidate.person_id, candidate.enrolment_id, last_step)
    else:
        is_completed = learning.complete_course(context, library, candidate.person_id, last_step)
    if not is_completed:
        return None
    finished_on = civil_date(last_step, context.zone)
    details = {"kind": candidate.kind, "finished": finished_on}
    record_event(context, "certificate.found", ("person", candidate.person_id), details)
    return RecoveredCompletion(candidate.person_id, candidate.email, candidate.kind, finished_on)
