"""What templates say."""

from __future__ import annotations

import pytest

from course.web.html import dial, minutes

DIALS = [("01632 960123", "01632960123"), ("+44 (0)20 7946 0000", "+4402079460000"), ("01632/960123", "01632960123"),
         ("01632 960123 ext 4", "01632960123;ext=4"), ("01632 960123 x12", "01632960123;ext=12")]  # fmt: skip
LENGTHS = [
    (0.2, "1 minute"),
    (17.6, "18 minutes"),
    (89.4, "89 minutes"),
    (90, "1½ hours"),
    (146.7, "2½ hours"),
    (168, "2¾ hours"),
    (180, "3 hours"),
]


@pytest.mark.parametrize(("number", "dialled"), DIALS)
def test_a_telephone_link_dials_what_stands_there(number: str, dialled: str) -> None:
    assert dial(number) == dialled


@pytest.mark.parametrize(("value", "words"), LENGTHS)
def test_a_time_is_said_in_words_that_fit_its_length(value: float, words: str) -> None:
    assert minutes(value) == words
