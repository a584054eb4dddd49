"""The line of the last twelve months: its days, its points and places, and what the page shows of it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.organisation.models import Organisation
from course.people.actions import join_team
from course.recertification.rules import CertificationFacts, Policy
from course.recertification.rules.certification_status import status_details
from course.reports import views
from course.reports.rules import fact_dates, held_certificate_on
from course.reports.team_trend import TrendPoint
from course.reports.twelve_months import BOTTOM, LEFT, RIGHT, TOP, MonthPoint, month_ends, month_line
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.recertification.random_histories import days, histories, several_policies
from tests.refreshers.makers import complete
from tests.reports.makers import ZONE

PAST = now() - timedelta(days=500)


@pytest.mark.parametrize(
    ("on", "first", "last"),
    [
        (date(2026, 11, 29), date(2025, 11, 30), date(2026, 10, 31)),
        (date(2026, 1, 1), date(2025, 1, 31), date(2025, 12, 31)),
        (date(2025, 3, 31), date(2024, 3, 31), date(2025, 2, 28)),
        (date(2024, 3, 1), date(2023, 3, 31), date(2024, 2, 29)),
    ],
)
def test_the_months_are_the_twelve_that_have_ended(on: date, first: date, last: date) -> None:
    ends = month_ends(on)
    assert (len(ends), ends[0], ends[-1]) == (12, first, last)
    assert ends == sorted(ends)
    assert all((end + timedelta(days=1)).day == 1 for end in ends)


@settings(max_examples=150)
@given(histories, several_policies, st.lists(days, min_size=1, max_size=8))
def test_a_certificate_is_held_on_each_of_several_days_as_if_each_had_been_derived_for_itself(
    facts: CertificationFacts, rules: tuple[Policy, ...], some: list[date]
) -> None:
    # Days on and beside those of the facts, where something begins and ends, as well as days by chance.
    dates = {day for change in fact_dates(facts) for day in (change, change + timedelta(days=1))}
    wanted = sorted({*some, *dates, *(date(2025, month, 28) for month in range(1, 13))})
    held = [(details := status_details(facts, rules, on).valid_until) is not None and on <= details for on in wanted]
    assert held_certificate_on(facts, rules, wanted) == held


@pytest.mark.parametrize(
    ("people", "certified", "percent"),
    [(0, 0, 0), (300, 0, 0), (300, 1, 1), (300, 150, 50), (300, 299, 99), (300, 300, 100), (1, 1, 100)],
)
def test_only_all_are_100_per_cent_and_only_none_are_0_as_in_the_table_of_teams(
    people: int, certified: int, percent: int
) -> None:
    on = date(2026, 11, 30)
    assert MonthPoint(on, people, certified).percent == percent
    assert not people or TrendPoint(on, people, certified).percent == percent


@pytest.mark.parametrize(
    ("shares", "floor", "heights"),
    [
        ([(10, 10), (10, 10)], 90, [TOP, TOP]),
        ([(10, 9), (10, 10)], 80, [(TOP + BOTTOM) / 2, TOP]),
        ([(10, 0), (10, 10)], 0, [BOTTOM, TOP]),
        ([(0, 0), (10, 5), (10, 10)], 40, [BOTTOM - (BOTTOM - TOP) / 6, TOP]),
    ],
)
def test_the_line_begins_with_the_first_people_and_shows_small_changes(
    shares: list[tuple[int, int]], floor: int, heights: list[float]
) -> None:
    line = month_line([MonthPoint(date(2026, 1 + i, 28), *share) for i, share in enumerate(shares)])
    assert line is not None
    assert line.floor == floor
    assert [y for _x, y in line.places] == [round(height, 1) for height in heights]
    assert (line.places[0][0], line.places[-1][0]) == (LEFT, RIGHT)


@pytest.mark.parametrize("shares", [[], [(10, 9)], [(0, 0), (0, 0), (10, 9)]])
def test_one_point_is_no_line(shares: list[tuple[int, int]]) -> None:
    assert month_line([MonthPoint(date(2026, 1 + i, 28), *share) for i, share in enumerate(shares)]) is None


def rows(client: Client, address: str) -> list[list[str]]:
    """The cells of the table beside the line, newest first."""
    table = client.get(address).html.split('class="months"')[1].split("<tbody>")[1].split("</tbody>")[0]
    return [re.findall(r">([^<>]+)</t[dh]>", row) for row in table.split("<tr")[1:]]


@pytest.fixture
def history(app: Flask, session: Session, client: Client) -> tuple[int, int]:
    """A team of two people, who joined it long ago, one of whom has just completed the course, and its manager, who is
    signed in. Returns the ids of the team and of the one with the certificate."""
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    session.execute(update(Organisation).values(set_up_at=PAST))
    team = make_team(session, "Elm")
    team.opened_at = PAST
    kim = make_person(session, "Kim Else", "kim@example.org", team=team, at=PAST)
    make_person(session, "Sam Other", "sam@example.org", team=team, at=PAST)
    complete(session, app.extensions["course"].library.for_("school", "england"), kim, now() - timedelta(days=40))
    session.commit()
    sign_in(client, boss)
    return team.id, kim.id


def test_the_report_of_a_team_shows_its_share_at_each_months_end(client: Client, history: tuple[int, int]) -> None:
    for address in (f"/report?team={history[0]}", f"/report/months?team={history[0]}"):
        found = rows(client, address)
        assert len(found) == 13
        assert found[0] == ["Today", "2", "1", "50 %"]
        assert found[1][1:] == ["2", "1", "50 %"]
        assert found[-1][1:] == ["2", "0", "0 %"]
    assert rows(client, "/report")[0] == ["Today", "3", "1", "33 %"]


def test_what_is_recorded_later_changes_no_earlier_month(
    session: Session, client: Client, history: tuple[int, int]
) -> None:
    before = rows(client, f"/report?team={history[0]}")
    late = make_person(session, "Ann Late", "ann@example.org")
    join_team(make_context(session, late.id, now()), late.id, history[0], move=False)
    session.commit()
    after = rows(client, f"/report?team={history[0]}")
    assert after[0] == ["Today", "3", "1", "33 %"]
    assert after[1:] == before[1:]


def test_with_many_people_the_line_has_a_page_of_its_own(
    client: Client, history: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MAX_PEOPLE_WITH_LINE", 2)
    page = client.get(f"/report?team={history[0]}")
    assert 'class="months"' not in page.html
    assert f'href="/report/months?team={history[0]}"' in page.html
    assert rows(client, f"/report/months?team={history[0]}&on={civil_date(now(), ZONE) - timedelta(days=1)}")
    client.get("/report/months?on=tomorrow", 404)
