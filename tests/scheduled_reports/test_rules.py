"""When a report by mail is due, and its content."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from course.recertification.rules.explanations import STATUS_GROUPS
from course.reports.rules import StatusLine
from course.scheduled_reports.rules import (
    MAX_NAMED,
    due_period,
    next_period,
    next_report_period,
    period_containing,
    summarise_report,
)

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("every", "day", "name", "first", "next_first"),
    [
        ("week", MONDAY, "2026-W48", MONDAY, date(2026, 11, 30)),
        ("week", date(2026, 11, 29), "2026-W48", MONDAY, date(2026, 11, 30)),
        ("week", date(2027, 1, 1), "2026-W53", date(2026, 12, 28), date(2027, 1, 4)),
        ("month", date(2026, 12, 31), "2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("month", date(2028, 2, 29), "2028-02", date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_a_day_is_in_one_period_and_another_follows(
    every: str, day: date, name: str, first: date, next_first: date
) -> None:
    found = period_containing(every, day)
    assert (found.name, found.first) == (name, first)
    assert next_period(every, day).first == next_first


@pytest.mark.parametrize(
    ("every", "since", "today", "sent", "expected", "then"),
    [
        ("week", MONDAY, MONDAY, (), None, date(2026, 11, 30)),
        ("week", date(2026, 11, 25), date(2026, 11, 29), (), None, date(2026, 11, 30)),
        ("week", date(2026, 11, 25), date(2026, 11, 30), (), "2026-W49", date(2026, 11, 30)),
        ("week", date(2026, 11, 25), date(2026, 12, 2), (), "2026-W49", date(2026, 11, 30)),
        ("week", date(2026, 11, 25), date(2026, 12, 2), ("2026-W49",), None, date(2026, 12, 7)),
        ("week", date(2026, 1, 1), MONDAY, ("2026-W02",), "2026-W48", MONDAY),
        ("month", date(2026, 11, 1), date(2026, 11, 2), (), None, date(2026, 12, 1)),
        ("month", date(2026, 11, 30), date(2026, 12, 3), (), "2026-12", date(2026, 12, 1)),
        ("month", date(2026, 11, 30), date(2026, 12, 3), ("2026-12",), None, date(2027, 1, 1)),
    ],
)
def test_the_first_report_is_for_the_next_period_and_of_missed_ones_only_the_newest_is_sent(
    every: str, since: date, today: date, sent: tuple[str, ...], expected: str | None, then: date
) -> None:
    found = due_period(every, since, today, sent)
    assert (found.name if found else None) == expected
    assert next_report_period(every, since, today, sent).first == then


def line(number: int, state: str, when: int | None) -> StatusLine:
    day = None if when is None else MONDAY + timedelta(days=when)
    return StatusLine(number, f"P{number:02}", "", (1,), "school", None, state, day, None, 3, None, "initial", MONDAY)


def counts(**found: int) -> dict[str, int]:
    return dict.fromkeys(STATUS_GROUPS, 0) | {name.replace("_", "-"): number for name, number in found.items()}


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (counts(overdue=3, up_to_date=5), None, ("5 up to date", "3 overdue")),
        (
            counts(overdue=3, up_to_date=5),
            counts(overdue=1, up_to_date=6, paused=1),
            ("5 up to date (1 fewer than last time)", "3 overdue (2 more than last time)",
             "0 paused (1 fewer than last time)"),
        ),
        (counts(up_to_date=5), counts(up_to_date=5), ("5 up to date",)),
    ],
)  # fmt: skip
def test_the_change_since_the_last_report_is_in_words(
    now: dict[str, int], before: dict[str, int] | None, words: tuple[str, ...]
) -> None:
    assert summarise_report([], now, before, MONDAY).counts == words


def test_overdue_and_soon_due_people_are_named_up_to_a_limit() -> None:
    lines = [line(n, "overdue", -n) for n in range(MAX_NAMED + 7)]
    near = [line(90, "due-soon", 6), line(91, "due-soon", 7), line(92, "not-yet-due", 3), line(93, "up-to-date", 2)]
    told = summarise_report([*lines, *near], counts(overdue=27, due_soon=2), None, MONDAY + timedelta(days=6))
    assert (len(told.late), told.unnamed_overdue) == (MAX_NAMED, 7)
    assert [one.name for one in told.near] == ["P90", "P92"]


@pytest.mark.parametrize(
    ("lines", "found", "quiet"),
    [
        ([line(1, "overdue", -3)], counts(overdue=1), False),
        ([line(1, "due-soon", 60)], counts(due_soon=1), False),
        ([line(1, "up-to-date", 90)], counts(up_to_date=1), True),
        ([], counts(paused=1), True),
    ],
)
def test_nothing_is_due_if_nobody_has_something_to_do(
    lines: list[StatusLine], found: dict[str, int], quiet: bool
) -> None:
    assert summarise_report(lines, found, None, MONDAY).nothing_due is quiet
