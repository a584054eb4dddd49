"""What templates say."""

from __future__ import annotations

import pytest

from course.web.template_filters import format_minutes

LENGTHS = [
    (0.2, "1 minute"),
    (17.6, "18 minutes"),
    (89.4, "89 minutes"),
    (90, "1½ hours"),
    (146.7, "2½ hours"),
    (168, "2¾ hours"),
    (180, "3 hours"),
]


@pytest.mark.parametrize(("value", "words"), LENGTHS)
def test_a_duration_is_shown_in_minutes_or_hours(value: float, words: str) -> None:
    assert format_minutes(value) == words
