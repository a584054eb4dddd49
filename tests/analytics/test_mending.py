"""What the figures of a question say is to be mended."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from course.analytics.rules.item_analysis import MIN_ANSWERS, ItemStatistics
from course.analytics.rules.question_review import quote_text, review_notes

TEXTS = ("Tell the lead", "Wait", "Ask the parents")


def _told(options: tuple[int, ...], discrimination: float | None = 40.0) -> ItemStatistics:
    n = sum(options)
    return ItemStatistics(n, enough=True, facility=100 * options[0] / n, discrimination=discrimination, options=options)


@pytest.mark.parametrize(
    ("told", "starts"),
    [
        (_told((60, 20, 20)), []),
        (_told((40, 50, 10)), ["50 % choose the wrong answer “Wait”."]),
        (_told((41, 49, 10)), []),
        (_told((60, 20, 20), -1.0), ["People who get the other questions right"]),
        (_told((60, 20, 20), 0.0), ["Who gets this right"]),
        (_told((60, 20, 20), 19.9), ["Who gets this right"]),
        (_told((60, 20, 20), 20.0), []),
        (_told((60, 20, 20), None), []),
        (_told((90, 5, 5), 10.0), []),
        (_told((76, 20, 4)), ["Hardly anyone chooses “Ask the parents”."]),
        (_told((75, 20, 5)), []),
        (_told((98, 1, 1)), []),
        (_told((4, 94, 2), -5.0), ["94 % choose", "People who get", "Hardly anyone"]),
        (ItemStatistics(MIN_ANSWERS - 1, enough=False), []),
    ],
)
def test_what_is_to_be_mended_follows_from_the_figures(told: ItemStatistics, starts: list[str]) -> None:
    sentences = review_notes(told, TEXTS, [0])
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
