"""Counting, filtering and sorting the lines of a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from course.recertification.rules.explanations import STATUS_GROUPS
from course.recertification.rules.facts import CertificationFacts, EmploymentFact
from course.reports.rules import (
    ReportFilter,
    StatusLine,
    completion_report,
    is_employed_on,
    parse_filter,
    sort_lines,
)

DAY = date(2026, 11, 23)
PATHWAYS = ("school", "clubs")


def line(number: int, name: str, state: str = "up-to-date", due: int | None = None, **other: object) -> StatusLine:
    """The line of a person whose due date is so many days after the day of the report."""
    when = None if due is None else DAY + timedelta(days=due)
    overdue_days = max(0, -(due or 0))
    complete_line = StatusLine(
        number, name, f"{name.split()[0].lower()}@example.org", (1,), "school", date(2025, 1, 1), state, when,
        when if state != "not-yet-due" else None, overdue_days, None, "initial", DAY,
    )  # fmt: skip
    return replace(complete_line, **other)  # type: ignore[arg-type]


LINES = sorted(
    [
        line(1, "Ann Hill", "overdue", -9),
        line(2, "bo Marsh", "expired", -23, pathway="clubs", employment_start=date(2026, 3, 1)),
        line(3, "Cy Vale", "due-soon", 12, teams=(2,)),
        line(4, "Di Shaw", "in-progress", 3, teams=(2, 3), valid_until=None),
        line(5, "Ed Cole", "not-yet-due", 20, teams=()),
        line(6, "Flo Reed", "up-to-date", 300),
        line(7, "Gil Nash", "paused", None),
        line(8, "Hal Ford", "due-soon", 0),
    ],
    key=lambda one: one.urgency,
)


def names(wanted: ReportFilter, teams: frozenset[int] | None = None) -> str:
    return " ".join(
        one.name.split()[0] for one in completion_report(sort_lines(LINES, wanted.sort), wanted, teams).lines
    )


@pytest.mark.parametrize(
    ("wanted", "teams", "expected"),
    [
        (ReportFilter(), None, "bo Ann Hal Cy Di Ed Flo Gil"),
        (ReportFilter(group="overdue"), None, "bo Ann"),
        (ReportFilter(group="not-started"), None, "Ed"),
        (ReportFilter(pathway="clubs"), None, "bo"),
        (ReportFilter(started_from=date(2026, 3, 1)), None, "bo"),
        (ReportFilter(started_from=date(2026, 3, 2)), None, ""),
        (ReportFilter(started_to=date(2026, 2, 28)), None, "Ann Hal Cy Di Ed Flo Gil"),
        (ReportFilter(search_text="SHAW"), None, "Di"),
        (ReportFilter(search_text="cy@"), None, "Cy"),
        (ReportFilter(), frozenset({2, 3}), "Cy Di"),
        (ReportFilter(), frozenset({3}), "Di"),
        (ReportFilter(), frozenset(), ""),
        (ReportFilter(sort="name"), None, "Ann bo Cy Di Ed Flo Gil Hal"),
        (ReportFilter(sort="due"), None, "bo Ann Hal Di Cy Ed Flo Gil"),
        (ReportFilter(sort="start"), None, "bo Ann Hal Cy Di Ed Flo Gil"),
    ],
)
def test_the_report_shows_the_filtered_people_most_urgent_first(
    wanted: ReportFilter, teams: frozenset[int] | None, expected: str
) -> None:
    assert names(wanted, teams) == expected


def test_the_counts_are_of_the_team_whatever_the_filter() -> None:
    found = completion_report(LINES, ReportFilter(search_text="nobody is called that"), None)
    assert (found.total, found.certified_count, len(found.lines), found.pages) == (8, 3, 0, 1)
    assert list(found.counts.items()) == [
        ("overdue", 2), ("due-soon", 2), ("in-progress", 1), ("not-started", 1), ("up-to-date", 1), ("paused", 1),
        ("not-required", 0),
    ]  # fmt: skip
    assert sum(found.counts.values()) == found.total
    widths = [(group, number, left, width) for group, _, number, left, width in found.bar_segments]
    assert widths[:2] == [("up-to-date", 1, 0, 125), ("due-soon", 2, 125, 250)]
    assert widths[-1][2] + widths[-1][3] == 1000
    assert completion_report([], ReportFilter(), None).bar_segments == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (line(1, "A", "overdue", -1), "1 day overdue"),
        (line(1, "A", "expired", -23), "23 days overdue"),
        (line(1, "A", "due-soon", 12), "Due in 12 days"),
        (line(1, "A", "due-soon", 0), "Due today"),
        (line(1, "A", "paused"), "Paused"),
        (line(1, "A", "not-required"), "Not required"),
    ],
)
def test_a_status_has_a_label(one: StatusLine, words: str) -> None:
    assert one.label == words


def test_pages_have_fifty_people_and_miss_nobody() -> None:
    many = [line(n, f"P{n:03}") for n in range(120)]
    found = completion_report(many, ReportFilter(), None)
    assert found.pages == 3
    assert [len(found.page(n)) for n in (1, 2, 3, 4)] == [50, 50, 20, 0]
    assert [one.id for n in (1, 2, 3) for one in found.page(n)] == list(range(120))


@pytest.mark.parametrize(
    ("arguments", "wanted", "wrong"),
    [
        ({}, ReportFilter(), ""),
        ({"team": "3", "status": "overdue", "pathway": "clubs", "q": " ann ", "sort": "name"},
         ReportFilter(3, "overdue", "clubs", search_text="ann", sort="name"), ""),
        ({"team": "x", "status": "x", "pathway": "x", "sort": "x"}, ReportFilter(), ""),
        ({"team": "²"}, ReportFilter(), ""),
        ({"on": "2026-03-01"}, ReportFilter(on=date(2026, 3, 1)), ""),
        ({"on": DAY.isoformat()}, ReportFilter(), ""),
        ({"on": "2026-11-24"}, ReportFilter(), "on"),
        ({"on": "1 March"}, ReportFilter(), "on"),
        ({"from": "2026-02-30", "to": "0001-01-01"}, ReportFilter(), "from to"),
        ({"on": "1/3/2026"}, ReportFilter(on=date(2026, 3, 1)), ""),
        ({"from": "9999-01-01"}, ReportFilter(), "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"},
         ReportFilter(started_from=date(2026, 3, 2), started_to=date(2026, 3, 1)), "to"),
        ({"from": "2026-02-01", "to": "2026-03-01"},
         ReportFilter(started_from=date(2026, 2, 1), started_to=date(2026, 3, 1)), ""),
    ],
)  # fmt: skip
def test_a_query_string_is_parsed_or_its_mistakes_are_named(
    arguments: dict[str, str], wanted: ReportFilter, wrong: str
) -> None:
    found, mistakes = parse_filter(arguments, STATUS_GROUPS, PATHWAYS, DAY)
    assert found == wanted
    assert " ".join(field for field, _ in mistakes) == wrong


def test_a_query_string_keeps_the_filter_and_replaces_parts_of_it() -> None:
    wanted = ReportFilter(3, "overdue", "clubs", date(2026, 1, 1), None, "Ann & Co", "name", date(2026, 3, 1))
    address = wanted.address(page=2, status=None)
    assert address == "team=3&pathway=clubs&from=2026-01-01&q=Ann+%26+Co&sort=name&on=2026-03-01&page=2"
    assert ReportFilter().address() == ""


@pytest.mark.parametrize(
    ("stays", "on", "there"),
    [
        ([EmploymentFact(date(2026, 1, 5))], date(2026, 1, 5), True),
        ([EmploymentFact(date(2026, 1, 5))], date(2026, 1, 4), False),  # nobody had written it down yet
        ([EmploymentFact(date(2026, 1, 5), None, date(2026, 1, 1))], date(2026, 1, 2), True),  # agreed, begins soon
        ([EmploymentFact(date(2026, 1, 5)), EmploymentFact(date(2026, 1, 5), date(2026, 3, 1), date(2026, 3, 1))],
         date(2026, 2, 28), True),
        ([EmploymentFact(date(2026, 1, 5)), EmploymentFact(date(2026, 1, 5), date(2026, 3, 1), date(2026, 3, 1))],
         date(2026, 3, 1), False),  # who left during a day is not there at its end
        # On 10 February nobody knew that they would leave, so the report of that day does not know it either.
        ([EmploymentFact(date(2026, 1, 5)), EmploymentFact(date(2026, 1, 5), date(2026, 2, 1), date(2026, 3, 1))],
         date(2026, 2, 10), True),
    ],
)  # fmt: skip
def test_a_person_is_in_the_report_of_the_days_on_which_they_were_known_to_be_employed(
    stays: list[EmploymentFact], on: date, there: bool
) -> None:
    assert is_employed_on(CertificationFacts(tuple(stays)), on) is there


def test_people_who_are_overdue_for_more_than_a_year_are_counted_whatever_the_filter() -> None:
    lines = [line(20, "Ida Long", "overdue", -366), line(21, "Jo Year", "overdue", -365), *LINES]
    assert completion_report(lines, ReportFilter(group="paused"), None).long_overdue_count == 1
