"""Opening attempts: a module's check, a timeline, the final assessment; and the questions drawn for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import Module, Question
from course.context import Context
from course.db import insert_once, lock_row
from course.learning import queries
from course.learning.actions.assessment import final_result, protected_questions
from course.learning.actions.enrolments import require_enrolment
from course.learning.models import Attempt, AttemptItem, Enrolment
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.rules.drawing import DrawnQuestion, draw_for_check, draw_for_final, draw_questions


def begin_check(context: Context, library: Library, module: Module) -> int:
    """Resume the open attempt at a module's check, or open one on the points that are not shown yet.

    Returns the attempt's id. When every point is shown, a new attempt asks them all again, as practice.
    """
    session, person_id = context.session, context.person_id

    def draw(seed: int) -> list[DrawnQuestion]:
        facts = queries.progress_facts(session, person_id)
        shown = {point for ref, point in facts.shown if ref == module.id}
        points = [point for point in module.points if point not in shown] or list(module.points)
        history = queries.question_history(session, person_id, protected_questions(session, library, person_id))
        return draw_for_check(library, module, points, history, not facts.final_passed, seed)

    return _begin_attempt(context, library, "check", module.id, draw)


def begin_final(context: Context, library: Library) -> int:
    """Resume the open attempt at the final assessment, or open one. Returns its id.

    The first attempt asks all points of the course; a later one asks the points that are not right yet, with other
    questions as far as there are any.
    """
    session, person_id = context.session, context.person_id
    result = final_result(session, library, person_id)
    points = library.taught_points if result is None or result.passed else result.missed

    def draw(seed: int) -> list[DrawnQuestion]:
        history = queries.question_history(session, person_id, protected_questions(session, library, person_id))
        return draw_for_final(library, points, history, seed)

    return _begin_attempt(context, library, "final", "course", draw)


def begin_timeline(context: Context, library: Library, ref: str, timeline: Question) -> int:
    """Resume the open attempt at a timeline, or open one. Returns its id."""
    drawn = [DrawnQuestion(timeline.id, timeline.points[0])]
    return _begin_attempt(context, library, "timeline", ref, lambda _seed: drawn)


def begin_timeline_anew(context: Context, ref: str, timeline: Question) -> int:
    """Open another attempt at a timeline, in this version of it, whatever is under way. Returns its id."""
    session, enrolment = context.session, require_enrolment(context.session, context.person_id)
    lock_row(session, Enrolment, enrolment)
    number = len(queries.attempt_numbers(session, enrolment, "timeline", ref)) + 1
    new_attempt = NewAttempt(enrolment, "timeline", ref, number, secrets.randbelow(2**31))
    attempt = insert_once(session, Attempt, **asdict(new_attempt), opened_at=context.now)
    assert attempt is not None  # noqa: S101 (nobody else opens one while the enrolment is locked)
    item = {"attempt_id": attempt, "position": 1, "question_id": timeline.id, "point": timeline.points[0]}
    session.execute(insert(AttemptItem), [{**item, "version": timeline.version, "again": False}])
    return attempt


def _begin_attempt(
    context: Context, library: Library, kind: str, ref: str, draw: Callable[[int], Sequence[DrawnQuestion]]
) -> int:
    session, person_id = context.session, context.person_id
    enrolment = require_enrolment(session, person_id)
    # Two windows that begin at once find the same attempt.
    lock_row(session, Enrolment, enrolment)
    earlier = queries.attempt_numbers(session, enrolment, kind, ref)
    if earlier and not earlier[-1][1]:
        return earlier[-1][0]
    seed = secrets.randbelow(2**31)
    new_attempt = NewAttempt(enrolment, kind, ref, len(earlier) + 1, seed)
    attempt = open_attempt(session, library, new_attempt, draw(seed), context.now)
    return attempt if attempt is not None else queries.attempt_numbers(session, enrolment, kind, ref)[-1][0]


@dataclass(frozen=True)
class NewAttempt:
    """An attempt that is to be opened: its enrolment, its kind, what it is about (`ref`: a module, a timeline or the
    course), its number among the attempts of that kind, and the seed of its random order."""

    enrolment_id: int
    kind: str
    ref: str
    number: int
    seed: int


def open_attempt(
    session: Session, library: Library, new_attempt: NewAttempt, drawn: Sequence[DrawnQuestion], at: datetime
) -> int | None:
    """Open an attempt that asks the drawn questions in their order. Returns its id; None if an attempt of this number
    exists already."""
    attempt = insert_once(session, Attempt, **asdict(new_attempt), opened_at=at)
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
    drawn = draw_questions([(missed.point, 1)], bank, history, attempt.seed + position)
    if not drawn:
        return False
    session.execute(insert(AttemptItem), [_item_values(library, attempt.id, position, drawn[0], is_retry=True)])
    return True
