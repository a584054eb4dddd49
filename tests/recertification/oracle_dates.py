"""Date arithmetic of the oracle (oracle.py), written without the rules that the oracle checks."""

from __future__ import annotations

from datetime import date, timedelta

from course.recertification.rules import Policy

ONE_DAY = timedelta(days=1)


def months_later(day: date, months: int) -> date:
    """Case 28: the same day some months later, or the last day of a shorter month."""
    year, month, month_day = day.year, day.month + months, day.day
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    while True:
        try:
            return date(year, month, month_day)
        except ValueError:
            month_day -= 1


def days_later(day: date, days: int) -> date:
    return day + days * ONE_DAY


def next_fixed_date(policy: Policy, not_before: date) -> date:
    """Case 1: the first of the fixed dates that is not before that day; 29 February is the 28th in a common year."""
    for year in (not_before.year, not_before.year + 1):
        found = months_later(date(2000, policy.fixed_month, policy.fixed_day), 12 * (year - 2000))
        if found >= not_before:
            return found
    raise AssertionError("there is one in every year")


def window_start(due: date, cause: date, policy: Policy) -> date:
    """Case 4: so many days before the present due date, not before its cause, and at least one day before it."""
    opens = days_later(due, -policy.window_days)
    if opens < cause:
        opens = cause
    return opens if opens < due else due - ONE_DAY


def whole_months(first: date, last: date) -> int:
    """The number of whole months between the days; 0 if it is not a whole number."""
    for months in ((last.year - first.year) * 12 + last.month - first.month + extra for extra in (-1, 0, 1)):
        if months > 0 and months_later(first, months) == last:
            return months
    return 0


def adjoining_spans(spans: list[tuple[date, date | None, date]], on: date) -> list[tuple[date, date]]:
    """Case 19: the spans that cover the day, and those before them without a day between: (first day, day of
    recording)."""
    found = [span for span in spans if span[0] <= on and (span[1] is None or on <= span[1])]
    more = bool(found)
    while more:
        first = min(span[0] for span in found)
        before = [
            span
            for span in spans
            if span[0] < first and (span[1] is None or (span[1] >= span[0] and span[1] + ONE_DAY >= first))
        ]
        more = any(span not in found for span in before)
        found += [span for span in before if span not in found]
    return [(span[0], span[2]) for span in found]
