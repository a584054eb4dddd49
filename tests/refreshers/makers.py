"""A person who completed the course some time ago, recorded as the course would have recorded it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.dates import civil_date
from course.learning import actions, queries
from course.learning.actions import FinishedEnrolment, NewAttempt
from course.learning.rules.drawing import DrawnQuestion
from course.people.models import Person
from tests.learning.givens import right, wrong
from tests.makers import make_person

LONG_AGO = timedelta(days=350)


def make_completed(
    session: Session,
    library: Library,
    ago: timedelta = LONG_AGO,
    missed: tuple[str, ...] = (),
    email: str = "sam@example.org",
) -> Person:
    """A learner who passed the final assessment that long ago, with one question on each point. The first answers on
    the points in `missed` were wrong."""
    at = now() - ago
    person = make_person(session, email=email, at=at)
    complete(session, library, person, at, missed)
    session.commit()
    return person


def complete(session: Session, library: Library, person: Person, at: datetime, missed: tuple[str, ...] = ()) -> None:
    """Answer a question on every point, and complete the newest enrolment for the whole course."""
    enrolment = queries.enrolment_id(session, person.id)
    assert enrolment is not None
    used_questions: set[str] = set()
    drawn = []
    for point in library.taught_points:
        question = next(q for q in library.questions.values() if point in q.points and q.id not in used_questions)
        used_questions.add(question.id)
        drawn.append(DrawnQuestion(question.id, point))
    attempt_id = actions.open_attempt(session, library, NewAttempt(enrolment, "final", "course", 1, 1), drawn, at)
    assert attempt_id is not None
    attempt = queries.attempt(session, person.id, attempt_id)
    assert attempt is not None
    for item in attempt.items:
        question = library.answerable[item.question_id]
        answer = wrong(question) if item.point in missed else right(question)
        actions.save_answer(session, item, question, answer, "sure", at)
    civil_date(at, "Europe/London")
    actions.record_completion(
        make_context(session, None, at),
        library,
        FinishedEnrolment(person.id, enrolment, "initial", at, library.minutes),
    )
