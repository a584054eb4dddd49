"""How many questions the next attempt at the final assessment asks, and how long that takes."""

from __future__ import annotations

from course.content.library import SECONDS_PER_QUESTION
from course.learning.reader_course import reader_library
from course.learning.rules.drawing import AssessmentResult


def assessment_questions(verdict: AssessmentResult | None) -> int:
    """How many questions the next attempt at the final assessment asks."""
    asked = verdict.missed if verdict else reader_library().taught_points
    return sum(map(reader_library().final_questions, asked))


def assessment_minutes(verdict: AssessmentResult | None) -> float:
    """How many minutes the next attempt at the final assessment takes, at SECONDS_PER_QUESTION for each question."""
    return assessment_questions(verdict) * SECONDS_PER_QUESTION / 60
