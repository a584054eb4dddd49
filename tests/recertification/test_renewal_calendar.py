"""Calendar traps in tables: month ends, leap days, yearly dates, and dates in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.recertification.rules.civil_dates import (
    add_months,
    day_and_month,
    long_date,
    months_between,
    next_yearly_date,
    number_of_days,
)
from tests.recertification.makers import d


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-02-28", 36, "2028-02-28"),  # the 28th stays the 28th in a leap year
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-01-31", 2, "2025-03-31"),
        ("2025-01-31", 3, "2025-04-30"),
        ("2025-03-31", -1, "2025-02-28"),
        ("2024-03-31", -1, "2024-02-29"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2025-01-15", -1, "2024-12-15"),
        ("2025-01-15", -13, "2023-12-15"),
        ("2096-02-29", 48, "2100-02-28"),  # 2100 is no leap year
        ("2096-02-29", 96, "2104-02-29"),
        ("2024-03-31", 12, "2025-03-31"),  # summer time begins: a day is a day
    ],
)
def test_months_are_clamped_at_the_end_of_a_month(day: str, months: int, result: str) -> None:
    assert add_months(d(day), months) == d(result)


@pytest.mark.parametrize(
    ("month", "day", "not_before", "result"),
    [
        (1, 31, "2026-01-31", "2026-01-31"),
        (1, 31, "2026-02-01", "2027-01-31"),
        (2, 29, "2026-01-01", "2026-02-28"),
        (2, 29, "2026-02-28", "2026-02-28"),
        (2, 29, "2027-03-01", "2028-02-29"),
        (2, 29, "2028-02-29", "2028-02-29"),
        (12, 31, "2026-12-31", "2026-12-31"),
    ],
)
def test_a_yearly_date_is_found_on_or_after_a_day(month: int, day: int, not_before: str, result: str) -> None:
    assert next_yearly_date(month, day, d(not_before)) == d(result)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2024-02-29", "2025-02-28", 12),
        ("2025-02-28", "2028-02-29", None),
        ("2025-01-31", "2025-02-28", 1),
        ("2025-01-31", "2025-03-01", None),
        ("2025-01-31", "2025-01-31", None),
        ("2025-01-31", "2024-01-31", None),
    ],
)
def test_whole_months_are_recognised(start: str, end: str, months: int | None) -> None:
    assert months_between(d(start), d(end)) == months


@given(st.dates(d("1950-01-01"), d("2150-01-01")), st.integers(-600, 600), st.integers(0, 60))
def test_more_months_are_never_earlier_and_land_in_their_month(day: object, months: int, more: int) -> None:
    start = d(str(day))
    assert add_months(start, months) <= add_months(start, months + more)
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day <= start.day


def test_dates_and_numbers_in_words() -> None:
    assert long_date(d("2027-02-12")) == "12 February 2027"
    assert day_and_month(d("2027-02-01")) == "1 February"
    assert (number_of_days(1), number_of_days(2)) == ("1 day", "2 days")
