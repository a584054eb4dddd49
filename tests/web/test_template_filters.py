"""Template filters: durations, dates, moments and plurals in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from course.web.template_filters import format_date, format_minutes, format_moment, plural

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


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2027, 2, 12, 9, 5, tzinfo=UTC), "12 February 2027, 9.05am"),
        (datetime(2027, 2, 12, 0, 30, tzinfo=UTC), "12 February 2027, 12.30am"),
        (datetime(2027, 2, 12, 12, 0, tzinfo=UTC), "12 February 2027, 12.00pm"),
        (datetime(2027, 9, 1, 23, 59, tzinfo=UTC), "2 September 2027, 12.59am"),
    ],
)
def test_a_moment_is_shown_as_a_clock_in_london_shows_it(moment: datetime, words: str) -> None:
    assert format_moment(moment, "Europe/London") == words


def test_a_date_is_shown_in_british_words() -> None:
    assert [format_date(date(2026, month, 3)) for month in (1, 9, 12)] == [
        "3 January 2026",
        "3 September 2026",
        "3 December 2026",
    ]


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 pages"), (1, "1 page"), (2, "2 pages"), (21, "21 pages"), (1000, "1000 pages")]
)
def test_a_count_has_its_noun_in_the_right_number(count: int, words: str) -> None:
    assert plural(count, "page") == words
    assert plural(count, "child", "children").endswith("child" if count == 1 else "children")
