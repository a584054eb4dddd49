"""Civil dates: adding months with clamping at the end of a month, yearly dates, dates in words.

There is no clock and no time zone here: a date is a day of the organisation's calendar, so summer time does not matter.
"""

from __future__ import annotations

from datetime import date, timedelta

from course.dates import LazyDate, add_months, clamped_date
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

# The names by which a form lets people choose a month.
MONTHS = (
    _("January"),
    _("February"),
    _("March"),
    _("April"),
    _("May"),
    _("June"),
    _("July"),
    _("August"),
    _("September"),
    _("October"),
    _("November"),
    _("December"),
)


EARLIEST_DATE = date(1990, 1, 1)
DATE_RANGE_MESSAGE = _("Enter a day from 1990 on, and at most ten years from now.")


def is_plausible_date(day: date, today: date) -> bool:
    """Whether an entered date is plausible. All other dates are computed from entered dates and must stay inside the
    calendar."""
    return EARLIEST_DATE <= day <= add_months(today, 120)


def add_days(day: date, days: int) -> date:
    """The date that many days later; a negative number gives an earlier date."""
    return day + timedelta(days=days)


def next_yearly_date(month: int, day: int, not_before: date) -> date:
    """The first date with this day and month on or after `not_before`."""
    this_year = clamped_date(not_before.year, month, day)
    return this_year if this_year >= not_before else clamped_date(not_before.year + 1, month, day)


def months_between(start: date, end: date) -> int | None:
    """The number of months from `start` to `end`, with clamping at the end of a month; None if it is not a whole number
    of months."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if months > 0 and add_months(start, months) == end else None


def long_date(day: date) -> str:
    """A date in words, in the language in which it is shown: 12 February 2027"""
    return LazyDate(day, "d MMMM y")


def day_and_month(day: date) -> str:
    """A day and month in words, in the language in which it is shown: 12 February"""
    return LazyDate(day, "d MMMM")


def number_of_days(number: int) -> str:
    """A number of days in words, for sentences with several numbers: 1 day, 2 days"""
    return lazy_ngettext("%(num)s day", "%(num)s days", number)


__all__ = [
    "DATE_RANGE_MESSAGE",
    "EARLIEST_DATE",
    "MONTHS",
    "add_days",
    "add_months",
    "day_and_month",
    "is_plausible_date",
    "long_date",
    "months_between",
    "next_yearly_date",
    "number_of_days",
]
