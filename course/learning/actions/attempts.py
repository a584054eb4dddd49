"""Opening attempts: a module's check, a timeline, the final assessment; and the questions drawn for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import Module, Question
from course.db import insert_once, lock_row
from course.learning import queries
from course.learning.actions.assessment import final_result, protected_questions
from course.learning.actions.enrolments import require_enrolment
from course.learning.models import Attempt, AttemptItem, Enrolment
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.rules.drawing import DrawnQuestion, draw_for_check, draw_for_final, draw_questions


def begin_check(session: Session, library: Library, person_id: int, module: Module, at: datetime) -> int:
    """Resume the open attempt at a module's check, or open one on the points that are not shown yet.

    Returns the attempt's id. When every point is shown, a new attempt asks them all again, as practice.
    """
    facts = queries.progress_facts(session, person_id)
    shown = {point for ref, point in facts.shown if ref == module.id}
    points = [point for point in module.points if point not in shown] or list(module.points)

    def draw(seed: int) -> list[DrawnQuestion]:
        history = queries.question_history(session, person_id, protected_questions(session, library, person_id))
        return draw_for_check(library, module, points, history, not facts.final_passed, seed)

    return _begin_attempt(session, person_id, "check", module.id, library, draw, at)


def begin_final(session: Session, library: Library, person_id: int, at: datetime) -> int:
    """Resume the open attempt at the final assessment, or open one. Returns its id.

    The first attempt asks all points of the course; a later one asks the points that are not right yet, with other
    questions as far as there are any.
    """
    result = final_result(session, library, person_id)
    points = library.taught_points if result is None or result.passed else result.missed

    def draw(seed: int) -> list[DrawnQuestion]:
        history = queries.question_history(session, person_id, protected_questions(session, library, person_id))
        return draw_for_final(library, points, history, seed)

    return _begin_attempt(session, person_id, "final", "course", library, draw, at)


def begin_timeline(
    session: Session, library: Library, person_id: int, ref: str, timeline: Question, at: datetime
) -> int:
    """Resume the open attempt at a timeline, or open one. Returns its id."""
    drawn = [DrawnQuestion(timeline.id, timeline.points[0])]
    return _begin_attempt(session, person_id, "timeline", ref, library, lambda _seed: drawn, at)


def _begin_attempt(
    session: Session, person_id: int, kind: str, ref: str, library: Library, draw: Callable[[int], Sequence[DrawnQuestion]],
    at: datetime,
) -> int:  # fmt: skip
    enrolment = require_enrolment(session, person_id)
    # Two windows that begin at once find the same attempt.
    lock_row(session, Enrolment, enrolment)
    earlier = [a for a in queries.attempts(session, person_id, kind, ref) if a.enrolment_id == enrolment]
    if earlier and earlier[-1].finished_at is None:
        return earlier[-1].id
    seed = secrets.randbelow(2**31)
    attempt = open_attempt(session, library, enrolment, kind, ref, len(earlier) + 1, seed, draw(seed), at)
    return attempt if attempt is not None else queries.attempts(session, person_id, kind, ref)[-1].id


def open_attempt(
    session: Session, library: Library, enrolment: int, kind: str, ref: str, number: int, seed: int,
    drawn: Sequence[DrawnQuestion], at: datetime,
) -> int | None:  # fmt: skip
    """Open an attempt that asks the drawn questions in their order. Returns its id; None if an attempt of this number
    exists already."""
    attempt = insert_once(
        session, Attempt, enrolment_id=enrolment, kind=kind, ref=ref, number=number, seed=seed, opened_at=at
    )
    if attempt is not None:
        session.execute(
            insert(AttemptItem),
            [_item_values(library, attempt, position, question) for position, question in enumerate(drawn, 1)],
        )
    return attempt


def _item_values(
    library: Library, attempt: int, position: int, drawn: DrawnQuestion, is_retry: bool = False
) -> dict[str, object]:
    version = library.answerable[drawn.question_id].version
    return {"attempt_id": attempt, "position": position, "question_id": drawn.question_id, "point": drawn.point,
            "version": version, "again": is_retry}  # fmt: skip


def add_retry_question(
    session: Session, library: Library, person_id: int, attempt: AttemptView, missed: AttemptItemView
) -> bool:
    """Append another question on the missed point to the attempt; False if the attempt has asked all that there are."""
    asked = {item.question_id for item in attempt.items}
    bank = [question for question in library.questions.values() if question.id not in asked]
    position = len(attempt.items) + 1
    history = queries.question_history(session, person_id, protected_questions(session, library, person_id))
    drawn = draw_questions([(missed.point, 1)], bank, history.last, attempt.seed + position, withheld=history.withheld)
    if not drawn:
        return False
    session.execute(insert(AttemptItem), [_item_values(library, attempt.id, position, drawn[0], is_retry=True)])
    return True
