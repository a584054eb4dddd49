"""Completing the course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from course.content.library import Library
from course.context import Context
from course.dates import civil_date
from course.db import insert_once, lock_row
from course.events import publish
from course.learning import queries
from course.learning.events import ATTEMPT_FACT, SCENARIO_FACT, CourseCompleted, FactWithdrawn, StepEnded
from course.learning.models import AttemptVoid, Completion, Enrolment, ScenarioRunVoid
from course.learning.rules.progress import progress
from course.people.queries import language_of
from course.translation import SOURCE_LANGUAGE


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


def void_attempt(context: Context, library: Library, person_id: int, attempt_id: int, reason: str) -> bool:
    """Let an attempt of a person count for nothing, with a reason. The attempt, its answers and its outcome stay.

    False if it was void before. Raises ValueError if its enrolment is complete: what was certified stays, and the certificate
    is revoked instead. Raises LookupError if it is not this person's.
    """
    found = queries.attempt(context.session, person_id, attempt_id)
    if found is None:
        raise LookupError(f"person {person_id} has no attempt {attempt_id}")
    voided = _Voided(ATTEMPT_FACT, attempt_id, person_id, found.enrolment_id, library)
    return _void(context, voided, AttemptVoid, {"attempt_id": attempt_id, "reason": reason})


def void_run(context: Context, library: Library, person_id: int, run_id: int, reason: str) -> bool:
    """Let a scenario run of a person count for nothing, as `void_attempt` does with an attempt."""
    found = queries.run(context.session, person_id, run_id)
    if found is None:
        raise LookupError(f"person {person_id} has no scenario run {run_id}")
    voided = _Voided(SCENARIO_FACT, run_id, person_id, found.enrolment_id, library)
    return _void(context, voided, ScenarioRunVoid, {"run_id": run_id, "reason": reason})


@dataclass(frozen=True)
class _Voided:
    """What counts for nothing any more: what of (see FactRecorded), its number, and whose it is."""

    fact: str
    number: int
    person_id: int
    enrolment_id: int
    library: Library


def _void(
    context: Context, found: _Voided, table: type[AttemptVoid | ScenarioRunVoid], values: Mapping[str, object]
) -> bool:
    session = context.session
    # A last step at the same time waits here, or is seen below.
    lock_row(session, Enrolment, found.enrolment_id)
    if queries.completed_at(session, found.enrolment_id) is not None:
        raise ValueError("the enrolment is complete")
    if insert_once(session, table, **values, made_by=context.person_id, made_at=context.now) is None:
        return False
    publish(session, FactWithdrawn(found.fact, found.number, found.person_id, found.enrolment_id, context.now))
    # Whatever was derived from it is derived again.
    publish(session, StepEnded(found.person_id, found.enrolment_id, found.library, context.today, context.now))
    return True


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
    # The certificate names what it covers in its own language, whatever that of the page is on which the last step was done,
    # or on which somebody entered it.
    named = library.in_language(language_of(context.session, finished.person_id) or SOURCE_LANGUAGE)
    publish(context.session, CourseCompleted(row, finished.person_id, finished.kind, context.now, day, named.course.title,
                                             course.edition, library.version, course.valid_months, library.pathway,
                                             finished.minutes, named.module_titles))  # fmt: skip
    return True
