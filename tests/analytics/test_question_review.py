"""Review notes from the statistics of a question."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from course.analytics.rules.item_analysis import MIN_ANSWERS, ItemStatistics
from course.analytics.rules.question_review import quote_text, review_notes
from course.content.rendering import InlineText

TEXTS = ("Tell the lead", "Wait", "Ask the parents")


def _statistics(options: tuple[int, ...], discrimination: float | None = 40.0) -> ItemStatistics:
    answers = sum(options)
    return ItemStatistics(
        answers, is_sufficient=True, facility=100 * options[0] / answers, discrimination=discrimination, options=options
    )


@pytest.mark.parametrize(
    ("statistics", "starts"),
    [
        (_statistics((60, 20, 20)), []),
        (_statistics((40, 50, 10)), ["50 % choose the wrong answer “Wait”."]),
        (_statistics((41, 49, 10)), []),
        (_statistics((60, 20, 20), -1.0), ["People who answer the other questions correctly"]),
        (_statistics((60, 20, 20), 0.0), ["Answering this correctly has little"]),
        (_statistics((60, 20, 20), 19.9), ["Answering this correctly has little"]),
        (_statistics((60, 20, 20), 20.0), []),
        (_statistics((60, 20, 20), None), []),
        (_statistics((90, 5, 5), 10.0), []),
        (_statistics((76, 20, 4)), ["Few people choose “Ask the parents”."]),
        (_statistics((75, 20, 5)), []),
        (_statistics((98, 1, 1)), []),
        (_statistics((4, 94, 2), -5.0), ["94 % choose", "People who answer", "Few people"]),
        (ItemStatistics(MIN_ANSWERS - 1, is_sufficient=False), []),
    ],
)
def test_the_statistics_of_a_question_give_its_review_notes(statistics: ItemStatistics, starts: list[str]) -> None:
    sentences = review_notes(statistics, TEXTS, [0])
    assert len(sentences) == len(starts)
    assert all(sentence.startswith(start) for sentence, start in zip(sentences, starts, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ask the parents", "“Ask the parents”"),
        ("“Go home.”", "“Go home.”"),
        ("“No,” she says. “Go.”", "“‘No,’ she says. ‘Go.’”"),
        (Markup("<em>Now</em>"), "“<em>Now</em>”"),
        (Markup("Say “<em>No</em>”"), "“Say ‘<em>No</em>’”"),
    ],
)
def test_a_text_that_is_speech_gets_no_second_quotation_marks(text: str, expected: str) -> None:
    assert quote_text(text) == expected
    assert isinstance(quote_text(text), type(text))


def test_a_quoted_text_of_the_course_keeps_its_language_and_its_markup() -> None:
    quoted = quote_text(InlineText("Ask *him*", "cy"))
    assert isinstance(quoted, InlineText)
    assert (quoted.language, quoted.html) == ("cy", "“Ask <em>him</em>”")
