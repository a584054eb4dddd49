"""What every page with a question shares, in a module, in the final assessment, in a short course and in a booster."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from course.content.schema import Question
from course.learning.queries import AttemptItemView
from course.learning.rules.grading import CONFIDENCE_LEVELS, InvalidAnswer, grade, option_order, pressed_confidence
from course.learning.rules.timelines import timeline_view
from course.learning.views.page_context import pages

# A row of more bits than this is drawn in MAX_BITS shares.
MAX_BITS = 12


def question_values(
    question: Question, item: AttemptItemView, seed: int, mistake: InvalidAnswer | None = None
) -> dict[str, object]:
    """The template variables of one question, which waits for its answer or has one (`item.given`).

    `mistake`: what is missing in the form that was sent, whose values are shown again.
    """
    return {
        "item": item,
        "question": question,
        "order": option_order(question, seed, item.position),
        "grade": grade(question, item.given) if item.given is not None else None,
        "timeline": timeline_view(question.options, _marked(item)) if question.form == "timeline" else None,
        "mistake": mistake,
        "typed": request.form,
        "pressed": pressed_confidence({name: request.form.getlist(name) for name in request.form}),
        "levels": CONFIDENCE_LEVELS,
    }


def _marked(item: AttemptItemView) -> list[int]:
    return [int(index) for index in item.given or ()]


@pages.app_template_global()
def question_bits(position: int, total: int) -> Sequence[str]:
    """The row of bits that shows how far somebody is: "on" (before `position`), "at" or "" (after it)."""
    count = min(total, MAX_BITS)
    here = (position - 1) * count // total
    return ["on" if bit < here else "at" if bit == here else "" for bit in range(count)]
