"""Answers as they are stored: a right one, and one that is partly wrong."""

from __future__ import annotations

from course.content.schema import Question
from course.learning.rules.grading import GivenAnswer


def right(question: Question) -> GivenAnswer:
    """The right answer to a question."""
    if question.form == "sort":
        return [str(option.group) for option in question.options]
    if question.form == "order":
        return list(range(len(question.options)))
    if question.has_parts:
        return _first_of_each_part(question, correct=True)
    return [n for n, option in enumerate(question.options) if option.correct]


def wrong(question: Question) -> GivenAnswer:
    """An answer that is partly wrong."""
    if question.form == "sort":
        return [question.groups[0]] * len(question.options)
    if question.form == "order":
        return list(reversed(range(len(question.options))))
    if question.has_parts:
        return _first_of_each_part(question, correct=False)
    return [n for n, option in enumerate(question.options) if not option.correct][:1]


def _first_of_each_part(question: Question, *, correct: bool) -> list[int]:
    """The first option of each part that is right, or that is not."""
    return [
        next(n for n, option in enumerate(question.options) if option.group == part and option.correct == correct)
        for part in question.groups
    ]
