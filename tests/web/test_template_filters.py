"""Template filters: durations, dates, moments and plurals in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from course.translation import use_language
from course.web.template_filters import format_date, format_minutes, format_moment, named_cells, plural

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


@pytest.mark.parametrize(
    ("language", "words"), [("en", "12 February 2027, 7.30pm"), ("cy", "12 Chwefror 2027, 7.30pm")]
)
def test_the_half_of_the_day_is_written_as_the_course_writes_it_in_every_language(language: str, words: str) -> None:
    with use_language(language):
        assert format_moment(datetime(2027, 2, 12, 19, 30, tzinfo=UTC), "Europe/London") == words


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


NAMED = '<th role="rowheader" scope="row" data-names-row'


@pytest.mark.parametrize(
    ("row", "named_by", "shown"),
    [
        ("<tr><td>Ann</td><td>1</td></tr>", 0,
         f'<tr role="row">{NAMED}>Ann</th><td role="cell" data-name="B">1</td></tr>'),
        ('<tr id="x"><td class="l1">Ann</td><td data-label="B">1</td></tr>', 0,
         f'<tr role="row" id="x">{NAMED} class="l1">Ann</th><td role="cell" data-label="B">1</td></tr>'),
        ("<tr><td>7</td><td>Ann</td></tr>", 1,
         f'<tr role="row"><td role="cell">7</td>{NAMED} data-name="B">Ann</th></tr>'),
        ("<tr><td>1/3</td><td>2</td></tr>", None,
         '<tr role="row"><td role="cell">1/3</td><td role="cell" data-name="B">2</td></tr>'),
        ('<tr><td>1</td><th scope="row">Ann</th></tr>', 0,
         '<tr role="row"><td role="cell">1</td><th role="rowheader" data-name="B" scope="row">Ann</th></tr>'),
        ('<tr><td colspan="2">No one</td></tr>', 0, '<tr role="row"><td role="cell" colspan="2">No one</td></tr>'),
    ],
)  # fmt: skip
def test_each_row_of_a_table_is_named_by_one_of_its_cells(row: str, named_by: int | None, shown: str) -> None:
    assert named_cells(row, ["A", "B"], named_by) == shown
    assert named_cells(row + row, ["A", "B"], named_by) == shown + shown
