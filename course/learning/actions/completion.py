"""Completing the course."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.db import insert_once, lock_row
from course.events import publish
from course.learning import queries
from course.learning.events import CourseCompleted
from course.learning.models import Completion, Enrolment
from course.learning.rules.progress import progress


def complete_course(
    session: Session, library: Library, person_id: int, today: date, at: datetime, recorded: datetime | None = None
) -> bool:
    """Record the completion of the course once everything that it requires is there.

    Safe to call after every step. `recorded` is the moment at which the completion is noticed, if that is not the
    moment of the last step. Returns whether this call completed the course.
    """
    enrolment = queries.enrolment_id(session, person_id)
    if enrolment is None:
        return False
    # Of two last steps at once one waits here, and then sees the other.
    lock_row(session, Enrolment, enrolment)
    state = progress(library, queries.progress_facts(session, person_id))
    if not state.complete or state.completed_at is not None:
        return False
    return record_completion(session, library, person_id, enrolment, "initial", library.minutes, today, at, recorded)


def record_completion(
    session: Session,
    library: Library,
    person_id: int,
    enrolment: int,
    kind: str,
    minutes: int,
    today: date,
    at: datetime,
    recorded: datetime | None = None,
) -> bool:
    """Record that an enrolment is complete, on today's content, and publish `CourseCompleted`.

    `minutes` is how long the required parts take. The enrolment was finished at `at`, on the day `today`; `recorded`
    is the moment at which that is written down, if it is later. False if the completion was recorded before.
    """
    row = insert_once(
        session, Completion, enrolment_id=enrolment, completed_at=at, content_version=library.version,
        edition=library.course.edition,
    )  # fmt: skip
    if row is None:
        return False
    publish(session, CourseCompleted(row, person_id, kind, recorded or at, today, library.course.title, library.course.edition,
                                     library.version, library.course.valid_months, library.pathway, minutes,
                                     library.sections))  # fmt: skip
    return True
