"""Reading lesson pages, and the private notes on them."""

from __future__ import annotations

from course.content.schema import Module, Page, Question
from course.context import Context
from course.db import insert_once, lock_row
from course.events import publish
from course.learning.actions.enrolments import require_enrolment
from course.learning.events import PAGE_FACT, FactRecorded
from course.learning.models import Enrolment, PageAnswer, PageRead, Reflection
from course.learning.rules.notes import merge_note


def record_page_read(context: Context, module: Module, page: Page) -> bool:
    """Record that the learner who acts read the page to its end. Only the first time counts; False if it was read before."""
    enrolment = require_enrolment(context.session, context.person_id)
    ref = f"{module.id}/{page.id}"
    row = insert_once(
        context.session, PageRead, enrolment_id=enrolment, ref=ref, version=page.version, read_at=context.now
    )
    if row is not None:
        publish(context.session, FactRecorded(PAGE_FACT, row, context.person_id, enrolment, context.now))
    return row is not None


def answer_page_question(context: Context, ref: str, question: Question, chosen: int) -> bool:
    """Record what the learner who acts answered to the question of a page, `ref`. Only the first answer to a version of it is
    kept; False if there was one. Raises IndexError if the question has no such option."""
    row = insert_once(
        context.session,
        PageAnswer,
        enrolment_id=require_enrolment(context.session, context.person_id),
        ref=ref,
        question_id=question.id,
        version=question.version,
        point=question.points[0],
        chosen=chosen,
        correct=question.options[chosen].correct,
        answered_at=context.now,
    )
    return row is not None


def save_note(context: Context, ref: str, block: str, seen: str, sent: str) -> None:
    """Save a private note; `seen` is the text that the window showed before the change (see rules/notes.py)."""
    session, person_id = context.session, context.person_id
    # Two windows that save different notes wait for each other, so that each finds what the other saved.
    lock_row(session, Enrolment, require_enrolment(session, person_id))
    row = session.get(Reflection, (person_id, ref, block), populate_existing=True)
    text = merge_note(row.text if row else "", seen, sent)
    if row is None:
        if text:
            session.add(Reflection(person_id=person_id, ref=ref, block=block, text=text, saved_at=context.now))
    elif text != row.text:
        row.text, row.saved_at = text, context.now
    session.flush()
