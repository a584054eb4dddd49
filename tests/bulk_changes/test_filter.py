"""Which people the list shows: each filter on both engines, and the address that keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.bulk_changes import queries
from course.bulk_changes.rules.people_filter import PeopleFilter, parse_people_filter
from course.bulk_changes.rules.planning import (
    INVITE,
    LEAVE,
    MOVE,
    PATHWAY,
    ROLE,
    ChangeFrame,
    ChangeValues,
    HeldRole,
    PersonState,
    plan_change,
)
from course.clock import now
from course.content.schema import SETTINGS
from course.context import make_context
from course.people import actions
from course.people.models import Team
from course.people.rules import COMMAND_VIEWER, ROLES, Viewer, grantable_roles, guarded_roles
from course.recertification.rules.explanations import STATUS_GROUPS
from course.standings.jobs import refresh_standings
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, words

TODAY = date(2026, 11, 22)


def parsed(**arguments: str) -> PeopleFilter:
    return parse_people_filter(arguments, STATUS_GROUPS, SETTINGS)[0]


@pytest.fixture
def school(session: Session) -> dict[str, Team]:
    """Trust > Hill. Ada manages Trust, Ben learns in Hill and was invited, Cat is in no team and has no address, Alex is
    an administrator."""
    trust = make_team(session, "Trust")
    hill = make_team(session, "Hill", trust)
    make_person(session, "Ada", "ada@example.org", "manager", team=trust)
    ben = make_person(session, "Ben", "ben@example.org", team=hill, password=None)
    make_person(session, "Cat", "cat@nowhere.invalid", password=None)
    make_person(session, "Alex", "alex@example.org", "administrator")
    context = make_context(session, None, NOW)
    actions.invite(context, ben.id, "Alex")
    actions.choose_pathway(context, [ben.id], "clubs", "")
    session.commit()
    return {"Trust": trust, "Hill": hill}


FOUND: tuple[tuple[dict[str, str], list[str]], ...] = (
    ({}, ["Ada", "Alex", "Ben", "Cat"]),
    ({"q": "be"}, ["Ben"]),
    ({"team": "Trust"}, ["Ada", "Ben"]),
    ({"team": "Hill"}, ["Ben"]),
    ({"team": "none"}, ["Alex", "Cat"]),
    ({"role": "learner"}, ["Ben", "Cat"]),
    ({"role": "manager"}, ["Ada"]),
    ({"role": "administrator"}, ["Alex"]),
    ({"pathway": "clubs"}, ["Ben"]),
    ({"invited": "yes"}, ["Ben"]),
    ({"invited": "no"}, []),
    ({"invited_until": NOW.date().isoformat()}, ["Ben"]),
    ({"invited_until": (NOW.date() - timedelta(days=1)).isoformat()}, []),
    ({"invited": "no-email"}, ["Cat"]),
    ({"signed-in": "yes"}, ["Ada", "Alex"]),
    ({"signed-in": "no"}, ["Ben", "Cat"]),
    ({"status": "not-started"}, ["Ada", "Alex", "Ben", "Cat"]),
    ({"status": "up-to-date"}, []),
    ({"status": "not-started", "signed-in": "no", "team": "Hill"}, ["Ben"]),
)


@pytest.mark.both_engines
def test_each_filter_finds_the_people_that_it_says(app: Flask, session: Session, school: dict[str, Team]) -> None:
    with app.app_context():
        refresh_standings(NOW)
    for arguments, expected in FOUND:
        team = school.get(arguments.get("team", ""))
        wanted = parsed(**(arguments | ({"team": str(team.id)} if team else {})))
        ids = queries.matching_ids(session, COMMAND_VIEWER, wanted, 100)
        assert [one.name for one in queries.person_states(session, "Europe/London", ids)] == expected, arguments


@pytest.mark.both_engines
def test_a_filter_shows_a_manager_nobody_beside_their_own_people(session: Session, school: dict[str, Team]) -> None:
    viewer = Viewer(0, "", "", manages=(school["Hill"].id,))
    ids = queries.matching_ids(session, viewer, parsed(team=str(school["Trust"].id)), 100)
    assert [one.name for one in queries.person_states(session, "Europe/London", ids)] == ["Ben"]


@pytest.mark.parametrize(
    "query",
    ["", "q=Sam+Okafor", "team=7&role=manager", "pathway=clubs&status=overdue&invited=no", "signed-in=no&from=2026-09-01",
     "team=none&sort=new", "invited=yes&invited_until=2026-11-27"],
)  # fmt: skip
def test_the_address_keeps_the_filter(query: str) -> None:
    wanted = parsed(**dict(parse_qsl(query)))
    assert wanted.address() == query
    assert parsed(**dict(parse_qsl(wanted.address(page=3)))) == wanted


@pytest.mark.parametrize(
    "arguments", [{"team": "x"}, {"role": "king"}, {"status": "late"}, {"invited": "?"}, {"sort": "z"}]
)
def test_what_no_filter_offers_is_ignored(arguments: dict[str, str]) -> None:
    assert parsed(**arguments) == PeopleFilter()


@pytest.mark.parametrize("text", ["yesterday", "31/02/2026", "1/1/1066"])
def test_a_day_that_is_none_is_told(text: str) -> None:
    wanted, mistakes = parse_people_filter({"from": text, "q": "sam"}, STATUS_GROUPS, SETTINGS)
    assert wanted == PeopleFilter(words="sam")
    assert [field for field, _ in mistakes] == ["from"]


HILL, BROOK = (1, "Hill"), (2, "Brook")
SAM = PersonState(5, "Sam", "sam@example.org", False, date(2026, 3, 1), teams=(HILL,))


@pytest.mark.parametrize(
    ("kind", "values", "person", "words", "left_out"),
    [
        (MOVE, ChangeValues(2, "Brook"), SAM, "Hill → Brook", False),
        (MOVE, ChangeValues(1, "Hill"), SAM, "Is already in Hill.", True),
        (MOVE, ChangeValues(1, "Hill"), PersonState(5, "S", "", False, TODAY, teams=(BROOK, HILL)), "Brook, Hill → Hill", False),
        (MOVE, ChangeValues(2, "Brook", moves=False), SAM, "Also in Brook. Now: Hill", False),
        (PATHWAY, ChangeValues(pathway="clubs"), PersonState(5, "S", "", False, TODAY, pathway="clubs"), "Already has", True),
        (INVITE, ChangeValues(), SAM, "An invitation to sam@example.org.", False),
        (INVITE, ChangeValues(), PersonState(5, "S", None, False, TODAY), "Has no e-mail address.", True),
        (INVITE, ChangeValues(), PersonState(5, "S", "a@b.c", False, TODAY, active=True), "needs no invitation", True),
        (INVITE, ChangeValues(), PersonState(5, "S", "a@b.c", True, TODAY), "Has left.", True),
        (ROLE, ChangeValues(role="learner"), SAM, "Is a learner only.", True),
        (ROLE, ChangeValues(1, "Hill", role="manager"), SAM, "Becomes manager of Hill.", False),
        (ROLE, ChangeValues(role="administrator"), PersonState(9, "Me", "", False, TODAY), "This is you.", True),
        (ROLE, ChangeValues(1, "Hill", role="manager"),
         PersonState(5, "S", "", False, TODAY, roles=(HeldRole(1, "manager", 1, "x"),)), "Already has this role.", True),
        (LEAVE, ChangeValues(last_day=TODAY), SAM, "Last day 22 November 2026. Leaves: Hill", False),
        (LEAVE, ChangeValues(last_day=TODAY + timedelta(1)), SAM, "Leaves after 23 November 2026.", False),
        (LEAVE, ChangeValues(last_day=date(2026, 2, 1)), SAM, "Started on 1 March 2026", True),
    ],
)  # fmt: skip
def test_what_a_change_would_do_to_one_person(
    kind: str, values: ChangeValues, person: PersonState, words: str, left_out: bool
) -> None:
    plan = plan_change(ChangeFrame(kind, values, actor=9, today=TODAY), person)
    assert words in str(plan.words)
    assert plan.is_left_out == left_out


HAL = Viewer(9, "Hal Noor", "hal@example.org", hr=True)


@pytest.mark.parametrize("role", ["auditor", "administrator"])
@pytest.mark.parametrize(
    "kind_and_values", [(ROLE, ChangeValues(role="learner")), (LEAVE, ChangeValues(last_day=TODAY))]
)
def test_hr_takes_nothing_from_somebody_who_may_see_more(role: str, kind_and_values: tuple[str, ChangeValues]) -> None:
    guarded = replace(SAM, roles=(HeldRole(1, role, None, role),))
    frame = ChangeFrame(*kind_and_values, HAL.id, TODAY, {}, grantable_roles(HAL), guarded_roles(HAL))
    assert plan_change(frame, guarded).words.startswith("Only an administrator can")
    assert plan_change(frame, guarded).is_left_out
    assert not plan_change(replace(frame, grantable=ROLES, guarded=()), guarded).is_left_out


@pytest.mark.parametrize(("role", "left_out"), [("administrator", True), ("hr", True), ("manager", False)])
def test_hr_gives_no_role_to_many_that_they_may_not_give_to_one(role: str, left_out: bool) -> None:
    values = ChangeValues(1, "Hill", role=role)
    frame = ChangeFrame(ROLE, values, HAL.id, TODAY, {}, grantable_roles(HAL), guarded_roles(HAL))
    assert plan_change(frame, SAM).is_left_out == left_out


@pytest.mark.both_engines
def test_the_page_keeps_the_filter_over_pages_and_back_from_a_person(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    team = make_team(session, "Hill")
    for number in range(52):
        make_person(session, f"Learner {number:02}", f"l{number}@example.org", team=team, password=None)
    page = client.get(f"/people?team={team.id}&signed-in=no&sort=new")
    assert f"/people?team={team.id}&amp;signed-in=no&amp;sort=new&amp;page=2" in page.html
    second = client.get(f"/people?team={team.id}&signed-in=no&sort=new&page=2")
    assert "Page 2 of 2" in second.text
    link = next(a.get("href", "") for a in second.all("a") if "back=" in a.get("href", ""))
    assert f"team%3D{team.id}%26signed-in%3Dno%26sort%3Dnew%26page%3D2" in link
    person = client.get(link)
    assert f'href="/people?team={team.id}&amp;signed-in=no&amp;sort=new&amp;page=2#p' in person.html
    refused = client.get("/people?from=soon", 422)
    assert refused.title.startswith("Error: People")
    assert ("#from", True) in [(a.get("href"), "is not a day" in words(a)) for a in refused.all("a")]
    assert next(one for one in refused.all("input") if one.get("id") == "from").get("aria-invalid") == "true"


@pytest.mark.both_engines
def test_from_a_person_in_the_report_to_their_entry_and_back_to_the_place_in_the_list(
    session: Session, client: Client
) -> None:
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    team = make_team(session, "Hill")
    person = make_person(session, "Sam Okafor", "sam@example.org", team=team, at=now())
    report = client.get(f"/report?team={team.id}&status=not-started&sort=name")
    record = client.get(next(a.get("href", "") for a in report.all("a") if f"people/{person.id}?" in a.get("href", "")))
    place = f'href="/report?team={team.id}&amp;status=not-started&amp;sort=name&amp;page=1#p{person.id}"'
    assert place in record.html
    entry = client.get(next(a.get("href", "") for a in record.all("a") if "from=report" in a.get("href", "")))
    assert entry.h1 == "Sam Okafor"
    assert place in entry.html
    assert f'id="p{person.id}"' in report.html
    assert (
        'href="/report?x=javascript%3Aalert#p'
        in client.get(f"/people/{person.id}?from=report&back=x=javascript:alert").html
    )
