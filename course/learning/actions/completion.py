"""Completing the course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from course.content.library import Library
from course.context import Context
from course.dates import civil_date
from course.db import insert_once, lock_row
from course.events import publish
from course.learning import queries
from course.learning.events import CourseCompleted
from course.learning.models import Completion, Enrolment
from course.learning.rules.progress import progress


@dataclass(frozen=True)
class FinishedEnrolment:
    """An enrolment all of whose steps are done: whose it is, its kind (initial or refresher), the moment of the last
    step, and how many minutes the required parts take."""

    person_id: int
    enrolment_id: int
    kind: str
    finished_at: datetime
    minutes: int


def complete_course(context: Context, library: Library, person_id: int, finished_at: datetime | None = None) -> bool:
    """Record the completion of the course once everything that it requires is there.

    Safe to call after every step. `finished_at` is the moment of the last step, if that is not the moment at which the
    completion is noticed. Returns whether this call completed the course.
    """
    session = context.session
    enrolment = queries.enrolment_id(session, person_id)
    if enrolment is None:
        return False
    # Of two last steps at once one waits here, and then sees the other.
    lock_row(session, Enrolment, enrolment)
    # What nearly every step finds, without the hundreds of facts that the whole answer takes.
    if not queries.is_final_passed(session, enrolment):
        return False
    state = progress(library, queries.progress_facts(session, person_id))
    if not state.complete or state.completed_at is not None:
        return False
    finished = FinishedEnrolment(person_id, enrolment, "initial", finished_at or context.now, library.minutes)
    return record_completion(context, library, finished)


def record_completion(context: Context, library: Library, finished: FinishedEnrolment) -> bool:
    """Record that an enrolment is complete, on today's content and as of its last step, and publish `CourseCompleted`.

    False if the completion was recorded before.
    """
    course = library.course
    row = insert_once(
        context.session, Completion, enrolment_id=finished.enrolment_id, completed_at=finished.finished_at,
        content_version=library.version, edition=course.edition,
    )  # fmt: skip
    if row is None:
        return False
    day = civil_date(finished.finished_at, context.zone)
    publish(context.session, CourseCompleted(row, finished.person_id, finished.kind, context.now, day, course.title,
                                             course.edition, library.version, course.valid_months, library.pathway,
                                             finished.minutes, library.module_titles))  # fmt: skip
    return True
