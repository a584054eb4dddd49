"""What a POST has read since it wrote, which the page that is shown in its place need not read a second time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from flask import abort

from course.content.schema import Question
from course.learning import queries
from course.learning.queries import AttemptView
from course.learning.rules.grading import SubmittedAnswer, grade
from course.learning.rules.progress import ModuleProgress
from course.learning.views.page_context import reader_id
from course.web.current import this_g
from course.web.unit_of_work import row_source


def know_attempt(found: AttemptView) -> AttemptView:
    """Keep an attempt, as it is after what this request wrote, for the page in place; returns it."""
    this_g().known_attempt = found
    return found


def know_progress(progress: ModuleProgress) -> ModuleProgress:
    """Keep the progress in a module, as it is after what this request wrote, for the page in place; returns it."""
    this_g().known_progress = progress
    return progress


def attempt_or_404(attempt_id: int) -> AttemptView:
    """The reader's attempt of this number."""
    known: AttemptView | None = this_g().get("known_attempt")
    if known is not None and known.id == attempt_id:
        return known
    return queries.attempt(row_source(), reader_id(), attempt_id) or abort(404)


def with_answer(
    found: AttemptView, position: int, question: Question, answer: SubmittedAnswer, at: datetime
) -> AttemptView:
    """An attempt once this answer to the question at a position is saved, as it is read from the database then."""
    given = json.loads(json.dumps(answer.given))
    correct = grade(question, answer.given).correct
    items = (
        replace(item, given=given, correct=correct, sureness=answer.confidence, answered_at=at)
        if item.position == position
        else item
        for item in found.items
    )
    return replace(found, items=tuple(items))
