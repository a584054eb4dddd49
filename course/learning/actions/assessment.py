"""The result of the final assessment over all its attempts, and the questions that it protects.

Each function takes the attempts of the newest enrolment, if a page has loaded them (`queries.final_attempts`), so that
a page loads them once.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from course.content.library import Library
from course.learning import queries
from course.learning.queries import AttemptView
from course.learning.rules.drawing import AssessmentResult, grade_assessment, results_by_point


def final_result(
    session: Session, library: Library, person_id: int, attempts: Sequence[AttemptView] | None = None
) -> AssessmentResult | None:
    """Grade the final assessment over all its attempts in the newest enrolment; None before the first finished one.

    The newest attempt that asked a learning point decides it; a point is right when all its questions there were.
    """
    latest: dict[str, bool] = {}
    finished = [attempt for attempt in _final_attempts(session, person_id, attempts) if attempt.next is None]
    for attempt in finished:
        latest.update(results_by_point((item.point, bool(item.correct)) for item in attempt.items))
    if not finished:
        return None
    return grade_assessment(latest, library.taught_points, _critical_points(library), library.course.pass_mark)


def _critical_points(library: Library) -> frozenset[str]:
    return frozenset(p for p in library.taught_points if library.points[p].safety_critical)


def protected_points(
    session: Session, library: Library, person_id: int, attempts: Sequence[AttemptView] | None = None
) -> frozenset[str]:
    """The safety-critical points that the final assessment will ask again.

    Until they are right, the questions on them in earlier attempts are not explained.
    """
    result = final_result(session, library, person_id, attempts)
    return frozenset(result.missed_critical if result else ())


def points_not_shown_yet(
    session: Session, library: Library, person_id: int, attempts: Sequence[AttemptView] | None = None
) -> frozenset[str]:
    """The safety-critical points that no attempt that counts has shown to be right: a void attempt does not explain them,
    because the next one asks them again."""
    result = final_result(session, library, person_id, attempts)
    return frozenset(result.missed_critical) if result else _critical_points(library)


def protected_questions(
    session: Session, library: Library, person_id: int, attempts: Sequence[AttemptView] | None = None
) -> frozenset[str]:
    """The questions of this person's final assessment whose answers no page may disclose yet: those of an attempt that
    is under way, and those on safety-critical points that are not right yet."""
    attempts = _final_attempts(session, person_id, attempts)
    points = protected_points(session, library, person_id, attempts)
    return frozenset(
        item.question_id
        for attempt in attempts
        for item in attempt.items
        if attempt.next is not None or item.point in points
    )


def _final_attempts(session: Session, person_id: int, attempts: Sequence[AttemptView] | None) -> Sequence[AttemptView]:
    return queries.final_attempts(session, person_id) if attempts is None else attempts
