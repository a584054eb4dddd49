"""The surface of options gives nothing away, and pages read easily."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from course.content.fact_reviews import next_review, review_schedule
from course.content.library import load_library
from course.content.quality import (
    item_writing_flaw,
    reading_ease,
)
from course.content.quality_report import quality_report
from course.content.schema import NATIONS, Option, Question, Source
from tests.support.courses import real_course

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = load_library(ROOT / "tests" / "sample_modules")
REAL = real_course()


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


def test_no_question_puts_its_reader_into_a_nation() -> None:
    """Everybody of a pathway is asked it, in all four nations."""
    asked = {q.id: f"{q.intro} {q.stem}" for module in REAL.modules.values() for q in module.questions}
    assert len(asked) > 300
    assert [one for one, text in asked.items() if any(nation in text for nation in NATIONS.values())] == []


def test_what_the_briefing_says_of_a_point_stands_on_a_page_that_teaches_it() -> None:
    """Under “What the reviews show” or as history, with lines of the point, and on a page of all pathways."""
    told: dict[str, set[int]] = {point: set() for point in REAL.points}
    for page in (page for module in REAL.modules.values() for page in module.pages.values() if not page.pathways):
        lines = set().union(*(line_numbers(block.lines) for block in page.blocks))
        for point in page.teaches:
            told[point] |= lines
    assert len(told) == 43
    assert [point.id for point in REAL.points.values() if not told[point.id] & line_numbers(point.lines)] == []


def line_numbers(lines: str | None) -> set[int]:
    """The numbers in “3, 10-14”; none in nothing."""
    spans = [part.partition("-") for part in (lines or "").split(",") if part]
    return {number for first, _, last in spans for number in range(int(first), int(last or first) + 1)}


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
    for words in ("the longest", "the rule of thumb", "kites/the-line", "hold-the-line*", "mind-the-trees", "leaders"):
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
