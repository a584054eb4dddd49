"""Answering a question of an attempt, and everything that follows from the answer."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.queries import part_in_version
from course.content.schema import Question
from course.context import Context
from course.db import insert_once, lock_row
from course.events import publish
from course.learning import queries
from course.learning.actions.answer_row import insert_answer
from course.learning.actions.assessment import final_result
from course.learning.actions.attempts import add_retry_question
from course.learning.actions.completion import complete_course
from course.learning.actions.results import CONFLICT, DUPLICATE, SAVED, SAVED_OPEN
from course.learning.events import ANSWER_FACT, ATTEMPT_FACT, AnswerInSitting, FactRecorded, StepEnded
from course.learning.models import Answer, Attempt, AttemptOutcome
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.rules.drawing import results_by_point
from course.learning.rules.grading import GivenAnswer, SubmittedAnswer, grade

# Kinds of attempt that ask another question on the point of a missed one, until every point was right.
RETRY_MISSED_KINDS = ("refresher", "update")
BOOSTER = "booster"


def submit_answer(
    context: Context, library: Library, attempt: AttemptView, position: int, answer: SubmittedAnswer
) -> str:
    """Save an answer of the learner who acts to a question of an attempt, and do everything that follows from it.

    `attempt` is theirs, and may have been read before this transaction: what was asked never changes. This is the one
    action for every kind of attempt. The answer is graded once. Then:

    - a miss in a refresher or an update adds another question on its point, as long as the bank has one;
    - the last answer records the outcome of the attempt;
    - the outcome completes the course if nothing else is missing, and publishes `StepEnded`, on which a refresher
      completes itself. Nothing depends on the outcome of a booster.

    Returns SAVED; SAVED_OPEN if a question of the attempt waits for its answer and none was added; DUPLICATE (the same
    answer is saved already); or CONFLICT (another answer is saved already, and counts).
    Raises LookupError if there is no such question.
    """
    session, person_id = context.session, context.person_id
    item = next((item for item in attempt.items if item.position == position), None)
    # The version in which it was asked: an edit of the content changes nothing for an attempt under way.
    question = part_in_version(session, library, Question, item.question_id, item.version) if item else None
    if item is None or question is None:
        raise LookupError(f"there is no question {position} of attempt {attempt.id} for person {person_id}")
    # Of two last answers at once one waits here, and then sees the other.
    lock_row(session, Attempt, attempt.id)
    correct = grade(question, answer.given).correct
    after = insert_answer(
        session, _answer_values(item, answer.given, correct, answer.confidence, context.now), person_id
    )
    if after is None:
        first = queries.first_answer(session, item.id)
        return DUPLICATE if first == (answer.given, answer.confidence) else CONFLICT
    if after.is_listened_to:
        publish(session, FactRecorded(ANSWER_FACT, item.id, person_id, attempt.enrolment_id, context.now))
    if context.sitting is not None:
        # Before the outcome, so that a certificate that follows from it knows where it was earned.
        publish(session, AnswerInSitting(item.id, context.sitting, context.now))
    if not correct and attempt.kind in RETRY_MISSED_KINDS:
        # As it is now: another window may have added a question.
        newest = queries.attempt(session, person_id, attempt.id) or attempt
        if add_retry_question(session, library, person_id, newest, item):
            return SAVED
    if after.is_open:
        return SAVED_OPEN
    enrolment = record_attempt_outcome(session, library, person_id, attempt.id, context.now)
    if enrolment is not None and attempt.kind != BOOSTER:
        complete_course(context, library, person_id)
        publish(session, StepEnded(person_id, enrolment, library, context.today, context.now))
    return SAVED


def save_answer(
    session: Session, item: AttemptItemView, question: Question, given: GivenAnswer, sureness: str | None, at: datetime
) -> bool:
    """Grade and save the first answer to an item, and nothing else. False if there was an answer already, which
    counts."""
    return (
        insert_once(session, Answer, **_answer_values(item, given, grade(question, given).correct, sureness, at))
        is not None
    )


def _answer_values(
    item: AttemptItemView, given: GivenAnswer, correct: bool, sureness: str | None, at: datetime
) -> dict[str, object]:
    return {
        "item_id": item.id,
        "given": json.dumps(given),
        "correct": correct,
        "sureness": sureness,
        "answered_at": at,
    }


def record_attempt_outcome(
    session: Session, library: Library, person_id: int, attempt_id: int, at: datetime
) -> int | None:
    """Record the outcome of an attempt once every question of it is answered.

    Returns the id of its enrolment; None if the attempt goes on, or its outcome was recorded before.
    """
    attempt = queries.attempt(session, person_id, attempt_id)
    if attempt is None or attempt.next is not None or attempt.finished_at is not None:
        return None
    passed, right, asked, pass_mark = _outcome(session, library, person_id, attempt)
    row = insert_once(
        session, AttemptOutcome, attempt_id=attempt.id, finished_at=at, passed=passed, points_right=right,
        points_asked=asked, pass_mark=pass_mark,
    )  # fmt: skip
    if row is None:
        return None
    publish(session, FactRecorded(ATTEMPT_FACT, attempt.id, person_id, attempt.enrolment_id, at))
    return attempt.enrolment_id


def _outcome(session: Session, library: Library, person_id: int, attempt: AttemptView) -> tuple[bool, int, int, int]:
    """Whether an attempt is passed, how much was right, of how much that was asked, and the pass mark (per cent).

    Points are counted; in a booster, which has no pass mark, questions are counted.
    """
    if attempt.kind == "final":
        # Of its own enrolment: the course may have begun again since it was opened.
        finals = queries.attempts(session, person_id, "final", with_void=False)
        own = [one for one in finals if one.enrolment_id == attempt.enrolment_id]
        result = final_result(session, library, person_id, own)
        assert result is not None  # noqa: S101 (this attempt is one of those that the result rests on)
        return result.passed, result.right, result.asked, library.course.pass_mark
    if attempt.kind == BOOSTER:
        right, asked = sum(bool(item.correct) for item in attempt.items), len(attempt.items)
        return right == asked, right, asked, 0
    points = results_by_point((item.point, bool(item.correct)) for item in attempt.items)
    passed = all(points.values()) or attempt.kind == "timeline"
    if attempt.kind in RETRY_MISSED_KINDS:
        # Each miss was asked again as long as there was another question on its point.
        passed = not attempt.points_failed
    return passed, sum(points.values()), len(points), 100
