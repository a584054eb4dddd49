"""The answers of the demonstration: each is one that a person could have given."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from course.content.library import load_library
from course.content.schema import Question
from course.demo.rules import simulate_answer
from course.learning.rules.grading import grade, option_order, parse_answer
from tests.walking import form_of

SAMPLE = load_library(Path(__file__).resolve().parents[1] / "sample_modules")


@pytest.mark.parametrize("question", SAMPLE.answerable.values(), ids=lambda question: question.id)
def test_simulated_answers_are_right_and_wrong_and_could_have_been_sent(question: Question) -> None:
    order, right = option_order(question, 1, 1), 0
    for seed in range(60):
        given, confidence = simulate_answer(question, 0.5, random.Random(seed))
        right += grade(question, given).correct
        assert confidence in ("sure", "fairly", "guessing")
        assert parse_answer(question, order, form_of(question, order, given)) == given
    assert 10 < right < 50
