"""Counting, choosing and ordering the lines of a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from course.recertification.rules.explanations import GROUPS
from course.recertification.rules.facts import Employment, Facts
from course.reports.rules import Line, Wanted, asked, in_order, present, report

DAY = date(2026, 11, 23)
PATHWAYS = ("school", "clubs")


def line(number: int, name: str, state: str = "up-to-date", due: int | None = None, **other: object) -> Line:
    """Somebody whose due day is so many days from the day of the report."""
    when = None if due is None else DAY + timedelta(days=due)
    late = max(0, -(due or 0))
    known = Line(number, name, f"{name.split()[0].lower()}@example.org", (1,), "school", date(2025, 1, 1), state, when,
                 when if state != "not-yet-due" else None, late, None, "initial", DAY)  # fmt: skip
    return replace(known, **other)  # type: ignore[arg-type]


LINES = sorted(
    [
        line(1, "Ann Hill", "overdue", -9),
        line(2, "bo Marsh", "expired", -23, pathway="clubs", start=date(2026, 3, 1)),
        line(3, "Cy Vale", "due-soon", 12, teams=(2,)),
        line(4, "Di Shaw", "in-progress", 3, teams=(2, 3), valid_until=None),
        line(5, "Ed Cole", "not-yet-due", 20, teams=()),
        line(6, "Flo Reed", "up-to-date", 300),
        line(7, "Gil Nash", "paused", None),
        line(8, "Hal Ford", "due-soon", 0),
    ],
    key=lambda one: one.urgency,
)


def names(wanted: Wanted, teams: frozenset[int] | None = None) -> str:
    return " ".join(one.name.split()[0] for one in report(in_order(LINES, wanted.sort), wanted, teams).lines)


@pytest.mark.parametrize(
    ("wanted", "teams", "expected"),
    [
        (Wanted(), None, "bo Ann Hal Cy Di Ed Flo Gil"),
        (Wanted(group="overdue"), None, "bo Ann"),
        (Wanted(group="not-started"), None, "Ed"),
        (Wanted(pathway="clubs"), None, "bo"),
        (Wanted(started_from=date(2026, 3, 1)), None, "bo"),
        (Wanted(started_from=date(2026, 3, 2)), None, ""),
        (Wanted(started_to=date(2026, 2, 28)), None, "Ann Hal Cy Di Ed Flo Gil"),
        (Wanted(words="SHAW"), None, "Di"),
        (Wanted(words="cy@"), None, "Cy"),
        (Wanted(), frozenset({2, 3}), "Cy Di"),
        (Wanted(), frozenset({3}), "Di"),
        (Wanted(), frozenset(), ""),
        (Wanted(sort="name"), None, "Ann bo Cy Di Ed Flo Gil Hal"),
        (Wanted(sort="due"), None, "bo Ann Hal Di Cy Ed Flo Gil"),
        (Wanted(sort="start"), None, "bo Ann Hal Cy Di Ed Flo Gil"),
    ],
)
def test_the_report_shows_who_was_asked_for_worst_first(
    wanted: Wanted, teams: frozenset[int] | None, expected: str
) -> None:
    assert names(wanted, teams) == expected


def test_the_counts_are_of_the_team_whatever_else_was_asked_for() -> None:
    found = report(LINES, Wanted(words="nobody is called that"), None)
    assert (found.total, found.holding, len(found.lines), found.pages) == (8, 3, 0, 1)
    assert list(found.counts.items()) == [
        ("overdue", 2), ("due-soon", 2), ("in-progress", 1), ("not-started", 1), ("up-to-date", 1), ("paused", 1),
        ("not-required", 0),
    ]  # fmt: skip
    assert sum(found.counts.values()) == found.total
    widths = [(group, number, left, width) for group, _, number, left, width in found.parts]
    assert widths[:2] == [("up-to-date", 1, 0, 125), ("due-soon", 2, 125, 250)]
    assert widths[-1][2] + widths[-1][3] == 1000
    assert report([], Wanted(), None).parts == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (line(1, "A", "overdue", -1), "Overdue 1 day"),
        (line(1, "A", "expired", -23), "Overdue 23 days"),
        (line(1, "A", "due-soon", 12), "Due in 12 days"),
        (line(1, "A", "due-soon", 0), "Due today"),
        (line(1, "A", "paused"), "Paused"),
        (line(1, "A", "not-required"), "Not required"),
    ],
)
def test_a_status_is_told_in_words(one: Line, words: str) -> None:
    assert one.words == words


def test_pages_have_fifty_people_and_miss_nobody() -> None:
    many = [line(n, f"P{n:03}") for n in range(120)]
    found = report(many, Wanted(), None)
    assert found.pages == 3
    assert [len(found.page(n)) for n in (1, 2, 3, 4)] == [50, 50, 20, 0]
    assert [one.id for n in (1, 2, 3) for one in found.page(n)] == list(range(120))


@pytest.mark.parametrize(
    ("arguments", "wanted", "wrong"),
    [
        ({}, Wanted(), 0),
        ({"team": "3", "status": "overdue", "pathway": "clubs", "q": " ann ", "sort": "name"},
         Wanted(3, "overdue", "clubs", words="ann", sort="name"), 0),
        ({"team": "x", "status": "x", "pathway": "x", "sort": "x"}, Wanted(), 0),
        ({"team": "²"}, Wanted(), 0),
        ({"on": "2026-03-01"}, Wanted(on=date(2026, 3, 1)), 0),
        ({"on": DAY.isoformat()}, Wanted(), 0),
        ({"on": "2026-11-24"}, Wanted(), 1),
        ({"on": "1 March"}, Wanted(), 1),
        ({"from": "2026-02-30", "to": "0001-01-01"}, Wanted(), 2),
        ({"on": "1/3/2026"}, Wanted(on=date(2026, 3, 1)), 0),
        ({"from": "9999-01-01"}, Wanted(), 1),
        ({"from": "2026-03-02", "to": "2026-03-01"},
         Wanted(started_from=date(2026, 3, 2), started_to=date(2026, 3, 1)), 1),
        ({"from": "2026-02-01", "to": "2026-03-01"},
         Wanted(started_from=date(2026, 2, 1), started_to=date(2026, 3, 1)), 0),
    ],
)  # fmt: skip
def test_an_address_is_understood_or_says_what_is_wrong(arguments: dict[str, str], wanted: Wanted, wrong: int) -> None:
    found, mistakes = asked(arguments, GROUPS, PATHWAYS, DAY)
    assert found == wanted
    assert len(mistakes) == wrong


def test_an_address_keeps_the_filter_and_sets_parts_of_it_anew() -> None:
    wanted = Wanted(3, "overdue", "clubs", date(2026, 1, 1), None, "Ann & Co", "name", date(2026, 3, 1))
    address = wanted.address(page=2, status=None)
    assert address == "team=3&pathway=clubs&from=2026-01-01&q=Ann+%26+Co&sort=name&on=2026-03-01&page=2"
    assert Wanted().address() == ""


@pytest.mark.parametrize(
    ("stays", "on", "there"),
    [
        ([Employment(date(2026, 1, 5))], date(2026, 1, 5), True),
        ([Employment(date(2026, 1, 5))], date(2026, 1, 4), False),  # nobody had written it down yet
        ([Employment(date(2026, 1, 5), None, date(2026, 1, 1))], date(2026, 1, 2), True),  # agreed, begins soon
        ([Employment(date(2026, 1, 5)), Employment(date(2026, 1, 5), date(2026, 3, 1), date(2026, 3, 1))],
         date(2026, 2, 28), True),
        ([Employment(date(2026, 1, 5)), Employment(date(2026, 1, 5), date(2026, 3, 1), date(2026, 3, 1))],
         date(2026, 3, 1), False),  # who left during a day is not there at its end
        # On 10 February nobody knew that they would leave; the report of that day does not either.
        ([Employment(date(2026, 1, 5)), Employment(date(2026, 1, 5), date(2026, 2, 1), date(2026, 3, 1))],
         date(2026, 2, 10), True),
    ],
)  # fmt: skip
def test_somebody_is_in_the_report_of_the_days_on_which_they_were_known_to_be_here(
    stays: list[Employment], on: date, there: bool
) -> None:
    assert present(Facts(tuple(stays)), on) is there
