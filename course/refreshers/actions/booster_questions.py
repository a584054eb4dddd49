"""The questions among which a booster chooses, and what a person remembers of their points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import Question
from course.learning.actions import protected_questions
from course.learning.queries import question_history
from course.learning.queries.page_answers import all_page_answers, pages_last_read
from course.learning.rules.drawing import QuestionHistory
from course.refreshers import queries
from course.refreshers.rules.boosters import PageAnswerFact, points_missed_on_pages, rested_page_questions
from course.refreshers.rules.memory_model import Memory, memory_from_reviews


@dataclass(frozen=True)
class BoosterBank:
    """What a booster of one person is drawn from: the `questions`, their `history`, the person's `memory` by point, and the
    points `missed` on their page. A question that was answered on its page counts as asked before all others, so that new
    ones come before it."""

    questions: tuple[Question, ...]
    history: QuestionHistory
    memory: Memory
    missed: frozenset[str]


def booster_bank(session: Session, library: Library, person_id: int, at: datetime) -> BoosterBank:
    """The questions of the library, and what its pages ask about themselves once a page has rested."""
    reviews = queries.memory_reviews(session, person_id)
    answers = [
        PageAnswerFact(a.question_id, a.point, a.correct, a.answered_at) for a in all_page_answers(session, person_id)
    ]
    rested = rested_page_questions(library.page_question_refs, pages_last_read(session, person_id), answers, at)
    history = question_history(session, person_id, protected_questions(session, library, person_id))
    asked_on_pages = dict.fromkeys((answer.question_id for answer in answers), 0)
    return BoosterBank(
        (*library.questions.values(), *(library.page_questions[question] for question in sorted(rested))),
        replace(history, last_asked={**asked_on_pages, **history.last_asked}),
        memory_from_reviews(reviews),
        points_missed_on_pages(answers, reviews),
    )
