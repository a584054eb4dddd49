"""Teams compared on the page of the report: for whom, how deep, on which day, and with or without the trend."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import format_date
from course.organisation.models import Organisation
from course.people.actions import change_team, end_employment, set_teams
from course.people.models import Person, Team
from course.reports import views
from course.server.jobs import SERVER_TASKS
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import complete
from tests.support.days import this_day

PAST = now() - timedelta(days=500)


class Trust:
    """A trust with two schools, of which one has a nursery. Elm: two valid; Fern: one overdue, and one valid in the
    nursery; the manager, in no school, is overdue."""

    def __init__(self, app: Flask, session: Session) -> None:
        self.top = self.team(session, "Trust", None)
        self.elm, self.fern = self.team(session, "Elm", self.top), self.team(session, "Fern", self.top)
        self.nursery = self.team(session, "Nursery", self.fern)
        self.manager = make_person(session, "Priya Nair", "priya@example.org", "manager", self.top, at=PAST)
        session.execute(update(Organisation).values(set_up_at=PAST))  # there is one since there is a person
        library = app.extensions["course"].library.for_("school", "england")
        self.people: dict[str, Person] = {}
        for name, team, days in (
            ("Ann", self.elm, 60),
            ("Bo", self.elm, 90),
            ("Cy", self.fern, 0),
            ("Di", self.nursery, 30),
        ):
            person = make_person(session, f"{name} Hill", f"{name.lower()}@example.org", team=team, at=PAST)
            self.people[name] = person
            if days:
                complete(session, library, person, now() - timedelta(days=days))
        session.commit()

    @staticmethod
    def team(session: Session, name: str, above: Team | None) -> Team:
        team = make_team(session, name, above)
        team.opened_at = PAST
        return team


@pytest.fixture
def trust(app: Flask, session: Session, client: Client) -> Trust:
    """The trust, whose manager is signed in."""
    made = Trust(app, session)
    sign_in(client, made.manager)
    return made


def table(client: Client, address: str) -> list[list[str]]:
    """The cells of the table of teams, without its pictures; what is written above and below numbers is left out."""
    html = client.get(address).html
    if 'class="t by-team"' not in html:
        return []
    body = html.split('class="t by-team"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in body.split("<tr")[1:]]
    return [[" ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", "", cell).split()) for cell in row] for row in rows]


def test_the_worst_team_comes_first_and_leads_to_the_teams_below_it(client: Client, trust: Trust) -> None:
    rows = table(client, "/report")
    assert [row[:4] + row[5:8] for row in rows] == [
        ["Fern", "2", "1", "50 %", "1 (50 %)", "0", "0"],
        ["Elm", "2", "2", "100 %", "0", "0", "0"],
        ["Directly in Trust", "1", "0", "0 %", "1 (100 %)", "0", "0"],
        ["All together", "5", "3", "60 %", "2 (40 %)", "0", "0"],
    ]
    below = client.get(f"/report?team={trust.fern.id}")
    assert f'<a href="/report?team={trust.fern.id}">Fern</a>' in client.get("/report").html
    assert f'<a href="/report?team={trust.top.id}">Trust</a> › ' in below.html, "the way back up"
    assert [row[0] for row in table(client, f"/report?team={trust.fern.id}")] == [
        "Nursery", "Directly in Fern", "All together",
    ]  # fmt: skip
    assert table(client, f"/report?team={trust.nursery.id}") == [], "there is nothing to compare"
    assert [row[0] for row in table(client, "/report?levels=all")] == ["Fern", "Elm", "Fern › Nursery", "All together"]


def test_a_list_that_is_narrowed_shows_people_and_no_teams(client: Client, trust: Trust) -> None:
    assert table(client, "/report?status=overdue") == []
    assert table(client, f"/report?team={trust.fern.id}&levels=all")[0][0] == "Nursery"


def test_a_manager_of_one_team_compares_nothing_outside_it(session: Session, client: Client, trust: Trust) -> None:
    lead = make_person(session, "Fay Lead", "fay@example.org", "manager", trust.fern, at=PAST)
    client.post("/sign-out", {})
    sign_in(client, lead)
    rows = table(client, "/report")
    assert [row[0] for row in rows] == ["Nursery", "Directly in Fern", "All together"]
    assert rows[-1][1] == "3"
    html = client.get(f"/report/teams?team={trust.elm.id}").html
    assert "Elm" not in html
    assert "Trust" not in html.split("<main")[1].replace("Riverside Trust", "")


def test_a_past_day_compares_the_teams_and_people_of_that_day(session: Session, client: Client, trust: Trust) -> None:
    context = make_context(session, trust.manager.id, now())
    change_team(context, trust.elm.id, "Oak", trust.top.id, "new name")
    set_teams(context, trust.people["Cy"].id, [trust.elm.id])
    end_employment(context, trust.people["Ann"].id, this_day() - timedelta(days=1), "moved")
    session.commit()
    assert [row[:3] for row in table(client, "/report")] == [
        ["Oak", "2", "1"], ["Fern", "1", "1"], ["Directly in Trust", "1", "0"], ["All together", "4", "2"],
    ]  # fmt: skip
    assert [row[:3] for row in table(client, f"/report?on={this_day() - timedelta(days=2)}")] == [
        ["Fern", "2", "1"], ["Elm", "2", "2"], ["Directly in Trust", "1", "0"], ["All together", "5", "3"],
    ]  # fmt: skip
    assert [row[:3] for row in table(client, f"/report?on={this_day() - timedelta(days=75)}")][:3] == [
        ["Fern", "2", "0"], ["Elm", "2", "1"], ["Directly in Trust", "1", "0"],
    ]  # fmt: skip


def weeks(client: Client, address: str) -> dict[str, list[str]]:
    """The table of weeks by its first column."""
    body = client.get(address).html.split('class="t plain weeks"')[1].split("<tbody>")[1].split("</tbody>")[0]
    found = {}
    for row in body.split("<tr")[1:]:
        day, *cells = [re.sub("<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        found[day] = cells
    return found


def test_the_trend_has_each_monday_and_the_report_of_that_monday_says_the_same(client: Client, trust: Trust) -> None:
    found = weeks(client, "/report/teams")
    days = [day for day in (this_day() - timedelta(days=number) for number in range(370)) if format_date(day) in found]
    assert days[0] == this_day()
    assert {day.weekday() for day in days[1:]} == {0}
    assert len(days) in (53, 54)
    assert found[format_date(this_day())] == ["60 % 3/5", "50 % 1/2", "100 % 2/2", "0 % 0/1"]
    for day in (days[4], days[8], days[10], days[13]):
        shown = {row[0]: f"{row[3]} {row[2]}/{row[1]}" for row in table(client, f"/report?on={day}")}
        names = ("All together", "Fern", "Elm", "Directly in Trust")
        assert found[format_date(day)] == [shown[name] for name in names], day
    earlier = weeks(client, f"/report/teams?on={days[8]}&team={trust.top.id}")
    assert earlier[format_date(days[10])][0] == found[format_date(days[10])][0], "a past day has its own twelve months"
    assert format_date(days[7]) not in earlier


@pytest.mark.usefixtures("trust")
def test_the_pictures_say_in_words_what_they_show(client: Client) -> None:
    pictures = re.findall(r'class="spark"[^>]*aria-label="([^"]+)"', client.get("/report").html)
    assert len(pictures) == 4
    assert re.fullmatch(rf"0 % on [^,]+, lowest 0 % on [^,]+, 100 % on {format_date(this_day())}", pictures[1])


def test_with_many_people_the_trend_is_shown_once_it_is_ready(
    app: Flask, session: Session, client: Client, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MAX_PEOPLE_WITH_LINE", 2)
    before = client.get("/report")
    assert 'class="spark"' not in before.html
    assert "Show the twelve-month trend" in before.text
    with app.app_context():
        for job in SERVER_TASKS:
            job.run(now())
    assert 'class="spark"' in client.get("/report").html
    complete(session, app.extensions["course"].library.for_("school", "england"), trust.people["Cy"], now())
    session.commit()
    assert weeks(client, "/report/teams")[format_date(this_day())][0] == "80 % 4/5", "what is ready follows the facts"
    monkeypatch.setattr(views, "MAX_KEPT_PEOPLE", 4)
    refused = client.get("/report/teams")
    assert "The trend of teams is shown for up to 4 people." in refused.text
    assert 'class="spark"' in client.get(f"/report/teams?team={trust.fern.id}").html
    client.get("/report/teams?on=tomorrow", 404)


def test_a_team_without_sub_teams_has_no_trend_of_teams(client: Client, trust: Trust) -> None:
    assert "There are no sub-teams to compare." in client.get(f"/report/teams?team={trust.elm.id}").text
