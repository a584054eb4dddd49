"""The surface of options gives nothing away, and pages read easily."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from course.content.fact_reviews import next_review, review_schedule
from course.content.library import load_library
from course.content.quality import (
    correct_option_positions,
    item_writing_flaw,
    question_guesses,
    reading_ease,
    scenario_guesses,
)
from course.content.quality_report import quality_report
from course.content.rendering import InlineText
from course.content.schema import Option, Question, Source

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = load_library(ROOT / "tests" / "sample_modules")
REAL = load_library(ROOT / "modules")


def question(stem: str, right: str, *wrong: str) -> Question:
    options = [Option(text=right, reason="Why.", correct=True), *(Option(text=text, reason="Why.") for text in wrong)]
    return Question(id="q", points=("p",), stem=stem, options=tuple(options))


AWAY = [
    (question("A kite pulls.", "Hold on", "Let go", "Sit down"), None),
    (question("A kite pulls.", "You may hold on", "Let go", "Sit down"), "a word of caution"),
    (question("A kite pulls.", "You may hold on", "You might let go", "Sit down"), None),
    (question("A dragon pulls.", "Hold the dragon", "Let go", "Sit down"), "repeats words of the stem (dragon)"),
    (question("A dragon pulls.", "Hold the dragon", "Free the dragon", "Sit down"), None),
    (question("A kite pulls. Which is not wise?", "Let go", "Hold on", "Sit down"), "asks for what is not so"),
    (question("“It is not mine,” he says. What do you do?", "Hold on", "Let go", "Sit down"), None),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "message"), AWAY)
def test_a_flaw_that_gives_a_question_away_is_named(asked: Question, message: str | None) -> None:
    found = item_writing_flaw(asked)
    assert (message in found) if message and found else found == message


def test_a_guesser_is_right_as_often_as_the_sign_predicts() -> None:
    longest_right = question("A?", "the longest of all", "short", "shorter")
    tie = question("A?", "alike", "alike", "shorter!!")
    found = {guess.name: guess for guess in question_guesses([longest_right, tie])}
    assert found["the longest option"].score == 0.5
    assert found["the shortest option"].score == pytest.approx(0.25)
    # No word of caution in any option: chance alone.
    assert found["the most cautious option"].score == pytest.approx(1 / 3)
    assert found["the longest option"].chance == pytest.approx(1 / 3)
    assert not found["the longest option"].is_fair
    assert correct_option_positions([longest_right, tie]) == {1: 2}


def test_of_two_good_ways_a_guesser_may_take_either() -> None:
    story = SAMPLE.modules["kites"].scenarios["a-windy-day"]
    texts = (("best", "the longest way"), ("best", "a way"), ("poor", "another way"), ("poor", "no"))
    base = story.scenes[0].choices[0]
    choices = tuple(base.model_copy(update={"quality": quality, "text": InlineText(text)}) for quality, text in texts)
    scene = story.scenes[0].model_copy(update={"choices": choices})
    found = scenario_guesses([story.model_copy(update={"scenes": (scene,)})])
    assert [(guess.score, guess.chance) for guess in found] == [(1, 0.5), (0, 0.5)]


def test_no_guesser_beats_chance_on_the_real_bank() -> None:
    scenarios = [scenario for module in REAL.modules.values() for scenario in module.scenarios.values()]
    found = [*question_guesses(list(REAL.questions.values())), *scenario_guesses(scenarios)]
    assert len(found) == 6
    for guess in found:
        assert guess.asked > 100
        assert guess.score <= guess.chance + 0.05, guess


EASE = [
    ("<p>The cat sat. The dog ran far away.</p>", 8, 4.0),
    ("<ul><li>One two three</li><li>Four five</li></ul>", 5, 2.5),
    ("<p></p>", 0, 0),
]


@pytest.mark.parametrize(("html", "words", "median"), EASE)
def test_sentences_items_and_cells_are_counted(html: str, words: int, median: float) -> None:
    found = reading_ease(html)
    assert (found.words, found.median_sentence) == (words, median)


def test_plain_words_read_more_easily_than_learned_ones() -> None:
    plain, learned = (
        reading_ease("<p>Tell her now.</p>"),
        reading_ease("<p>Institutional accountability necessitates communication.</p>"),
    )
    assert plain.flesch > 90 > 0 > learned.flesch


def test_the_report_has_every_module_point_and_guesser() -> None:
    text = quality_report(SAMPLE)
    for words in ("the longest option", "kites/the-line", "hold-the-line*", "mind-the-trees", "leaders"):
        assert words in text


def test_a_fact_is_due_a_year_after_it_was_checked_unless_it_says_otherwise() -> None:
    source = SAMPLE.sources["kite-society"]
    assert next_review(source, SAMPLE.course).due_on == date(2027, 11, 22)
    own = Source(**{**source.model_dump(), "check_by": date(2027, 1, 1), "owner": "Ann"})
    assert (next_review(own, SAMPLE.course).due_on, next_review(own, SAMPLE.course).owner) == (date(2027, 1, 1), "Ann")
    assert next_review(SAMPLE.sources["rumour"], SAMPLE.course).due_on == date(2026, 11, 22)
    assert next_review(source, SAMPLE.course).is_overdue(date(2027, 11, 23))
    assert not next_review(source, SAMPLE.course).is_overdue(date(2027, 11, 22))
    assert [entry.source.id for entry in review_schedule(SAMPLE.sources, SAMPLE.course)] == ["rumour", "kite-society"]
