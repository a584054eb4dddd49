"""Teams compared: the rows of the table, their order and shares, and the trend on Mondays beside the report of each Monday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings

from course.context import make_context
from course.people.rules import COMMAND_VIEWER
from course.recertification import queries as renewal
from course.recertification.rules import Policy
from course.recertification.rules.certification_status import status_details
from course.recertification.rules.facts import (
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Pause,
    Requirement,
)
from course.reports.queries import reported_people
from course.reports.report_view import build_report_view, compared_teams
from course.reports.rules import ReportFilter
from course.reports.status_cache import StatusCache
from course.reports.team_table import MAX_TEAM_ROWS, NOT_COUNTED, TEAM_COLUMNS, TeamScope, compare_teams, team_cells
from course.reports.team_trend import TrendPoint, WeeklyCounts, Weeks, policy_weeks, share, weekly_states, weeks_before
from course.standings.rules import CountedCell, ListedPerson, ReportedPerson, is_employed_on, status_line
from tests.conftest import undone
from tests.reports.random_histories import DAYS, ZONE, HistoryRecorder, Lives, Rules, people, rules, ten_o_clock

TREE = [(1, "Trust", None), (2, "Elm", 1), (3, "Fern", 1), (4, "Fern nursery", 3), (5, "Oak", 1), (9, "Apart", 77)]


def cell(teams: tuple[int, ...], group: str, people: int, valid: bool = False) -> CountedCell:
    return CountedCell(",".join(map(str, teams)), teams, group, valid, False, people)


CELLS = [
    cell((1,), "up-to-date", 2, True),
    cell((2,), "up-to-date", 8, True),
    cell((2,), "overdue", 2),
    cell((3,), "due-soon", 3, True),
    cell((4,), "overdue", 1),
    cell((3, 4), "not-started", 1),
    cell((5,), "in-progress", 4),
    cell((5,), "paused", 6, True),
    cell((), "not-started", 2),
    cell((9,), "not-required", 1),
]


def row_of(name: str, scope: TeamScope) -> tuple[int, int, int, int | None]:
    (row,) = [row for row in compare_teams(CELLS, scope).rows if str(row.name) == name]
    return row.people, row.required, row.valid, row.percent


def names(scope: TeamScope) -> list[str]:
    return [str(row.name) for row in compare_teams(CELLS, scope).rows]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (TeamScope(TREE, "Everyone"), ["Trust", "Apart", "In no team"]),
        (TeamScope(TREE, "Trust", 1, {1, 2, 3, 4, 5}), ["Fern", "Elm", "Oak", "Directly in Trust"]),
        # With one highest team its sub-teams are the rows, for everybody and for a manager of it.
        (TeamScope(TREE[:5], "Everyone"), ["Fern", "Elm", "Oak", "In no team", "Directly in Trust"]),
        (TeamScope(TREE[:5], "Trust", None, {1, 2, 3, 4, 5}), ["Fern", "Elm", "Oak", "Directly in Trust"]),
        (TeamScope(TREE, "Fern", 3, {3, 4}), ["Fern nursery", "Directly in Fern"]),
        (TeamScope(TREE, "Elm", 2, {2}), []),
        (TeamScope(TREE[:5], "Everyone", every_level=True), ["Fern nursery", "Fern", "Elm", "Oak", "In no team"]),
        (TeamScope([(2, "Elm", 1), (5, "Oak", 1)], "My teams", None, {2, 5}), ["Elm", "Oak"]),
        (TeamScope([], "Everyone"), []),
    ],
)
def test_the_rows_are_the_teams_one_step_down_and_the_worst_comes_first(scope: TeamScope, expected: list[str]) -> None:
    assert names(scope) == expected


def test_who_is_paused_or_not_required_counts_in_no_share() -> None:
    scope = TeamScope(TREE[:5], "Everyone")
    assert row_of("Oak", scope) == (10, 4, 0, 0)
    assert row_of("Elm", scope) == (10, 10, 8, 80)
    assert row_of("Fern", scope) == (5, 5, 3, 60), "a person in a team and in its sub-team counts once"
    assert row_of("In no team", scope) == (3, 2, 0, 0), "a team that the report does not know is no team of it"
    total = compare_teams(CELLS, scope).total
    assert (total.people, total.required, total.valid, total.percent) == (30, 23, 13, 57)
    assert row_of("Apart", TeamScope(TREE, "Everyone")) == (1, 0, 0, None)


def test_a_person_in_two_rows_counts_once_in_the_total() -> None:
    table = compare_teams([cell((2, 3), "overdue", 1), cell((2,), "up-to-date", 1, True)], TeamScope(TREE, "Trust", 1))
    assert [(str(row.name), row.people) for row in table.rows] == [("Fern", 1), ("Elm", 2)]
    assert (table.total.people, table.total.counts["overdue"]) == (2, 1)


def test_a_row_says_where_its_team_is_and_whether_there_are_teams_below() -> None:
    table = compare_teams(CELLS, TeamScope(TREE, "Fern", 3, {3, 4}))
    assert table.above == ((1, "Trust"), (3, "Fern"))
    assert [(row.id, row.path, row.level, row.has_sub_teams) for row in table.rows] == [
        (4, ("Trust", "Fern", "Fern nursery"), 2, False), (None, ("Trust", "Fern"), 1, False),
    ]  # fmt: skip
    assert {row.id: row.has_sub_teams for row in compare_teams(CELLS, TeamScope(TREE[:5], "All")).rows}[3]


def test_only_all_are_a_hundred_per_cent_and_only_none_are_nothing() -> None:
    assert [share(*both) for both in [(0, 0), (0, 999), (1, 999), (998, 999), (999, 999), (1, 3)]] == [
        None, 0, 1, 99, 100, 33,
    ]  # fmt: skip


def test_the_page_shows_the_worst_of_many_teams() -> None:
    teams = [(number, f"Team {number:02}", None) for number in range(1, MAX_TEAM_ROWS + 6)]
    cells = [cell((number,), group, count) for number, _name, _above in teams
             for group, count in (("overdue", number), ("not-started", 40))]  # fmt: skip
    table = compare_teams(cells, TeamScope(teams, "Everyone"))
    assert (len(table.rows), len(table.shown)) == (MAX_TEAM_ROWS + 5, MAX_TEAM_ROWS)
    assert table.shown[0].name == f"Team {MAX_TEAM_ROWS + 5}"


def test_a_file_has_every_row_and_the_sum() -> None:
    table = compare_teams(CELLS, TeamScope(TREE[:5], "Everyone", every_level=True))
    lines = [dict(zip(map(str, TEAM_COLUMNS), line, strict=True)) for line in team_cells(table)]
    assert [(line["Team"], line["Team path"], line["Level"]) for line in lines[:2]] == [
        ("Fern nursery", "Trust > Fern > Fern nursery", 3), ("Fern", "Trust > Fern", 2),
    ]  # fmt: skip
    assert lines[-1]["Team"] == "All together"
    assert (lines[-1]["People"], lines[-1]["Required"], lines[-1]["Valid"], lines[-1]["Overdue"]) == (30, 23, 13, 3)
    for line in lines:
        groups = ("Overdue", "Due soon", "In progress", "Not started", "Up to date", "Paused", "Not required")
        assert sum(line[name] for name in groups) == line["People"]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("on", "first", "last", "number"),
    [
        (date(2026, 11, 29), date(2025, 12, 1), date(2026, 11, 23), 52),  # a Sunday
        (date(2026, 11, 30), date(2025, 12, 1), date(2026, 11, 23), 52),  # a Monday is the day itself
        (date(2026, 12, 1), date(2025, 12, 1), date(2026, 11, 30), 53),
        (date(2024, 2, 29), date(2023, 3, 6), date(2024, 2, 26), 52),
    ],
)
def test_the_trend_has_the_mondays_of_twelve_months(on: date, first: date, last: date, number: int) -> None:
    weeks = weeks_before(on, ZONE)
    assert (weeks.days[0], weeks.days[-1], len(weeks.days)) == (first, last, number)
    assert {day.weekday() for day in weeks.days} == {0}
    assert all(
        end.astimezone(ten_o_clock(day).tzinfo).date() == day for day, end in zip(weeks.days, weeks.ends, strict=True)
    )


def test_a_trend_ends_with_the_numbers_of_the_row() -> None:
    days = date(2026, 11, 16), date(2026, 11, 23)
    weekly = WeeklyCounts(
        date(2026, 11, 29), days, {(2,): ((4, 5), (1, 2)), (2, 3): ((1, 1), (1, 0)), (): ((3, 3), (0, 0))}
    )
    table = compare_teams(CELLS, TeamScope(TREE[:5], "Everyone"), weekly)
    trends = {str(row.name): [(point.required, point.valid) for point in row.trend] for row in table.rows}
    assert trends["Elm"] == [(5, 2), (6, 2), (10, 8)]
    assert trends["Fern"] == [(1, 1), (1, 0), (5, 3)]
    assert trends["In no team"] == [(3, 3 * 0), (3, 0), (2, 0)]
    assert [(point.day, point.required, point.valid) for point in table.total.trend] == [
        (days[0], 8, 2), (days[1], 9, 2), (weekly.on, 23, 13),
    ]  # fmt: skip
    assert compare_teams(CELLS, TeamScope(TREE[:5], "Everyone")).has_trend is False


def state_on(person: ReportedPerson, policies: Sequence[Policy], weeks: Weeks, number: int) -> object:
    """What a Monday says of a person, derived for itself."""
    on = weeks.days[number]
    if not is_employed_on(person.facts, on):
        return None
    listed = ListedPerson(person.id, person.name, person.email, person.teams_at(weeks.ends[number]))
    line = status_line(listed, person.facts, status_details(person.facts, policies, on), "school")
    required = line.group not in NOT_COUNTED
    return line.teams, required, required and line.has_valid_certificate


@pytest.mark.parametrize("weekday", range(7))
def test_what_ends_on_any_day_of_the_week_ends_on_the_right_monday(weekday: int) -> None:
    end, start = date(2026, 6, 1) + timedelta(days=weekday), date(2024, 1, 1)
    leaving = EmploymentFact(start, end + timedelta(days=70), date(2026, 5, 1))
    facts = CertificationFacts(
        (EmploymentFact(start), leaving), (Requirement(start, None, "employment"),), (CompletionFact(date(2026, 1, 1)),),
        pauses=(Pause(date(2026, 4, 1), end, 14, "leave"),),
    )  # fmt: skip
    moved = ten_o_clock(end + timedelta(days=21))
    person = ReportedPerson(1, "Ann", "ann@example.org", facts, ((1, ten_o_clock(start), moved), (2, moved, None)), ())
    policies, weeks = [Policy(start)], weeks_before(date(2026, 11, 29), ZONE)
    states = weekly_states(person, policies, weeks, policy_weeks(policies, weeks))
    for number, day in enumerate(weeks.days):
        state = [one for one in states if one.week <= number][-1]
        found = None if state.teams is None else (state.teams, state.is_required, state.is_valid)
        assert found == state_on(person, policies, weeks, number), day
    kinds = [(state.teams, state.is_required, state.is_valid) for state in states]
    assert kinds[-4:] == [((1,), False, False), ((1,), True, True), ((2,), True, True), (None, False, False)]


@given(lives=people, versions=rules)
@settings(max_examples=25)
def test_a_person_counts_on_each_monday_as_if_it_had_been_derived_for_itself(
    prepared: Flask, lives: Lives, versions: Rules
) -> None:
    last = date(2026, 11, 29)
    with undone(prepared) as app, app.extensions["course.sessions"].writing() as session:
        HistoryRecorder(session, last - timedelta(days=1)).record(lives, versions)
        policies = renewal.policies(session, ZONE)
        for weeks in (weeks_before(last, ZONE), weeks_before(last - timedelta(days=DAYS // 2), ZONE)):
            for person in reported_people(session, ZONE):
                states = weekly_states(person, policies, weeks, policy_weeks(policies, weeks))
                for number in range(len(weeks.days)):
                    state = [one for one in states if one.week <= number][-1]
                    found = None if state.teams is None else (state.teams, state.is_required, state.is_valid)
                    assert found == state_on(person, policies, weeks, number), (person.name, weeks.days[number])


@pytest.mark.both_engines
@given(lives=people, versions=rules)
@settings(max_examples=3)
def test_each_monday_of_the_trend_is_the_report_of_that_monday(prepared: Flask, lives: Lives, versions: Rules) -> None:
    last = date(2026, 11, 29)
    with undone(prepared) as app, app.extensions["course.sessions"].writing() as session:
        HistoryRecorder(session, last - timedelta(days=1)).record(lives, versions)
        context, cache = make_context(session, None, ten_o_clock(last)), StatusCache()
        for on in (None, last - timedelta(days=DAYS // 3)):
            view = build_report_view(context, cache, COMMAND_VIEWER, ReportFilter(on=on), "Everyone")
            table = compared_teams(context, cache, view, every_level=True)
            for number in (0, 7, 8, 20, 33, 34, 51, -1):
                day = table.total.trend[number].day
                wanted = ReportFilter(on=None if day == last else day)
                then = build_report_view(context, cache, COMMAND_VIEWER, wanted, "Everyone")
                compared = replace(then, teams=view.teams).team_table(every_level=True)
                expected = {
                    row.path: TrendPoint(day, row.required, row.valid) for row in (*compared.rows, compared.total)
                }
                for row in (*table.rows, table.total):
                    found = row.trend[number]
                    assert found == expected.get(row.path, TrendPoint(day, 0, 0)), (on, day, str(row.name))
