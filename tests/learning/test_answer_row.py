"""What is known after an answer without reading it again is what the database says."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import actions, queries
from course.learning.rules.grading import SubmittedAnswer
from course.learning.views.known_attempt import with_answer
from tests.learning.givens import right, wrong
from tests.makers import make_person

pytestmark = pytest.mark.both_engines


def test_each_answer_in_any_order_says_whether_a_question_is_open_and_leaves_the_attempt_as_it_is_read(
    session: Session, sample_course: Library
) -> None:
    person = make_person(session)
    module = next(iter(sample_course.modules.values()))
    context = make_context(session, person.id, now())
    number = actions.begin_check(context, sample_course, module)
    found = queries.attempt(session, person.id, number)
    assert found is not None
    assert len(found.items) > 2
    backwards = found.items[::-1]
    for item in backwards:
        question = sample_course.answerable[item.question_id]
        given = wrong(question) if item is backwards[0] else right(question)
        answer = SubmittedAnswer(given, "sure")
        # In another window nothing was seen of the answers so far.
        outcome = actions.submit_answer(context, sample_course, found, item.position, answer)
        read = queries.attempt(session, person.id, number)
        assert read is not None
        assert outcome == (actions.SAVED if read.next is None else actions.SAVED_OPEN)
        before = read.items[: item.position - 1]
        known = with_answer(found, item.position, question, answer, context.now)
        assert known.items[: item.position] == (*before, read.items[item.position - 1])
        assert actions.submit_answer(context, sample_course, found, item.position, answer) == actions.DUPLICATE
        other = SubmittedAnswer(given, "fairly")
        assert actions.submit_answer(context, sample_course, found, item.position, other) == actions.CONFLICT
    ended = queries.attempt(session, person.id, number)
    assert ended is not None
    assert ended.finished_at is not None
