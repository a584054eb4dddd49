"""Tokens of programs: their form, when they work, and the pages on which administrators make and revoke them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.api_tokens import actions, queries
from course.api_tokens.events import PersonalDataRead
from course.api_tokens.models import ApiToken
from course.api_tokens.rules import (
    API_SCOPES,
    SCIM_SCOPE,
    TOKEN_PATTERN,
    TokenView,
    is_well_formed,
    new_token,
    token_mistake,
)
from course.auth.rules import token_hash
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.people.actions import close_team, end_role, grant_role
from course.people.models import Person, RoleGrant
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import form_day, this_day
from tests.support.outbox import rendered_mails

TODAY = date(2026, 11, 29)
VIEW = TokenView(
    1, "Nightly report", 2, "Ada Byron", ("status:read",), None, None, "x1Yz", datetime(2026, 11, 1, tzinfo=UTC),
    TODAY + timedelta(days=3), None, None, None, True,
)  # fmt: skip


def test_tokens_are_long_and_differ_and_scanners_recognise_them() -> None:
    made = {new_token() for _ in range(50)}
    assert len(made) == 50
    for token in made:
        assert TOKEN_PATTERN.fullmatch(token)
        assert is_well_formed(token)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:0],
        lambda token: token[:-1],
        lambda token: token + "a",
        lambda token: token.replace("oacr_", "oacs_"),
        lambda token: token[:10] + ("a" if token[10] != "a" else "b") + token[11:],
        lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
        lambda token: token[:-1] + "é",
    ],
)
def test_a_mistyped_token_is_seen_without_a_look_at_the_database(change: Any) -> None:
    assert not is_well_formed(change(new_token()))


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "active"),
        ({"last_day": TODAY}, "active"),
        ({"last_day": TODAY - timedelta(days=1)}, "expired"),
        ({"is_owner_administrator": False}, "stopped"),
        ({"is_team_closed": True}, "closed"),
        ({"revoked_at": datetime(2026, 11, 2, tzinfo=UTC)}, "revoked"),
        ({"revoked_at": datetime(2026, 11, 2, tzinfo=UTC), "last_day": TODAY - timedelta(days=1)}, "revoked"),
    ],
)
def test_a_token_works_until_its_last_day_its_revocation_or_its_owners_end(changes: dict[str, Any], state: str) -> None:
    assert replace(VIEW, **changes).state(TODAY) == state


@pytest.mark.parametrize(
    ("scopes", "days", "mistake"),
    [
        (["status:read"], 90, None),
        (["status:read"], 0, None),
        (list(API_SCOPES), 365, None),
        ([SCIM_SCOPE], 365, None),
        ([], 90, "Choose at least one thing"),
        (["status:write"], 90, "Choose at least one thing"),
        ([SCIM_SCOPE, "people:read"], 90, "for nothing else"),
        (["status:read"], -1, "has passed"),
        (["status:read"], 366, "at most one year"),
    ],
)
def test_what_a_token_may_be(scopes: list[str], days: int, mistake: str | None) -> None:
    found = token_mistake(scopes, TODAY + timedelta(days=days), TODAY)
    assert (found is None) if mistake is None else (found is not None and mistake in found)


@pytest.mark.parametrize(
    ("today", "latest"),
    [
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2027, 3, 1), date(2028, 3, 1)),  # 366 days, because 29 February lies between
        (date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_a_year_ahead_is_the_same_day_of_the_next_year(today: date, latest: date) -> None:
    assert token_mistake(["status:read"], latest, today) is None
    assert "at most one year" in str(token_mistake(["status:read"], latest + timedelta(days=1), today))


def made_token(session: Session, owner: Person, scopes: tuple[str, ...] = ("status:read",), days: int = 30) -> str:
    context = make_context(session, owner.id, now())
    secret = actions.make_token(context, "Nightly report", scopes, context.today + timedelta(days=days))
    session.commit()
    return secret


@pytest.mark.both_engines
def test_a_token_stops_when_its_owner_loses_the_role_and_does_not_come_back_with_it(session: Session) -> None:
    make_person(session, "Ben Ode", "ben@example.org", "administrator")
    owner = make_person(session, role="administrator")
    secret = made_token(session, owner)
    today = this_day()
    token = queries.token_by_secret(session, secret, today)
    assert token is not None
    assert token.state(today) == "active"
    grant = session.execute(
        select(RoleGrant).where(RoleGrant.person_id == owner.id, RoleGrant.role == "administrator")
    ).scalar_one()
    end_role(make_context(session, None, now()), grant)
    session.commit()
    token = queries.token_by_secret(session, secret, today)
    assert token is not None
    assert token.state(today) == "stopped"
    grant_role(make_context(session, None, now()), owner.id, "administrator", None, None)
    session.commit()
    token = queries.token_by_secret(session, secret, today)
    assert token is not None
    assert token.state(today) == "stopped"


@pytest.mark.both_engines
def test_a_token_stops_when_its_owner_leaves(session: Session) -> None:
    owner = make_person(session, role="administrator")
    secret = made_token(session, owner)
    today = this_day()
    session.get_one(Person, owner.id).last_day = today - timedelta(days=1)
    session.commit()
    token = queries.token_by_secret(session, secret, today)
    assert token is not None
    assert token.state(today) == "stopped"


def test_an_administrator_makes_a_token_sees_it_once_and_revokes_it(session: Session, client: Client) -> None:
    team = make_team(session, "Nursery")
    sign_in(client, make_person(session, role="administrator"))
    form = client.get("/system/tokens/make").fields()
    made = client.post(
        "/system/tokens/make",
        {**form, "name": "Nightly report", "scopes": ["status:read", "people:read"], "team": str(team.id)},
    )
    page = client.follow(made)
    assert page.headers["Cache-Control"] == "no-store"
    secret = next(i for i in page.all("input") if i.get("id") == "token").get("value", "")
    assert is_well_formed(secret)
    assert "Nursery and below" in page.text
    assert secret not in client.get("/system/tokens").html
    row = session.execute(select(ApiToken)).scalar_one()
    assert row.token_hash == token_hash(secret)
    assert row.scopes == ["people:read", "status:read"]
    client.post(f"/system/tokens/{row.id}/revoke", {})
    assert "Revoked by Sam Okafor" in client.get("/system/tokens").text
    again = client.follow(client.post(f"/system/tokens/{row.id}/revoke", {}))
    assert "already revoked" in again.text


def test_a_form_with_mistakes_keeps_what_was_entered_and_makes_nothing(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    entered = {"name": "Dashboard", "scopes": ["events:read"], "team": "", "last_day": form_day(400)}
    page = client.post("/system/tokens/make", entered, 422)
    assert "at most one year ahead" in page.text
    assert 'value="Dashboard"' in page.html
    assert "checked" in page.html
    page = client.post("/system/tokens/make", {"name": "", "team": "", "last_day": ""}, 422)
    for words in ("Enter which program", "Choose at least one thing", "Enter the last day"):
        assert words in page.text
    assert session.execute(select(ApiToken)).first() is None


def test_a_route_with_a_scope_needs_the_token_and_nothing_else(app: Flask) -> None:
    with app.test_request_context("/api/v1/people"):
        assert app.extensions["course.bearer_check"]("", "people:read").status == 401


def test_administrators_read_on_today_and_in_one_mail_that_a_token_ends_and_on_today_that_one_has_stopped(
    app: Flask, session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    other = make_person(session, "Mona Field", "mona@example.org", "administrator")
    sign_in(client, boss)
    day, at = civil_date(now(), "Europe/London"), now()
    for name, days in (("Soon", 14), ("Later", 15), ("Revoked", 3)):
        actions.make_token(make_context(session, other.id, at), name, ["status:read"], day + timedelta(days=days))
    rows = {row.name: row.id for row in session.execute(select(ApiToken)).scalars()}
    assert actions.revoke_token(make_context(session, boss.id, at), rows["Revoked"])
    session.commit()
    assert "1 token of another system has stopped or ends soon" in client.get("/today").text
    assert [actions.announce_ends(make_context(session, None, at)) for _ in range(2)] == [2, 0]
    session.commit()
    mails = rendered_mails(app, session, "token:")
    assert sorted(mail.recipient for mail in mails) == ["alex@example.org", "mona@example.org"]
    assert "The token “Soon” works until" in mails[0].text
    session.expire_all()
    role = session.execute(select(RoleGrant).where(RoleGrant.person_id == other.id)).scalar_one()
    end_role(make_context(session, boss.id, now()), role)
    session.commit()
    assert "2 tokens of other systems have stopped or end soon" in client.get("/today").text
    for name in ("Soon", "Later"):
        actions.revoke_token(make_context(session, boss.id, now()), rows[name])
    session.commit()
    assert "another system" not in client.get("/today").text
    team = make_team(session, "Nursery")
    actions.make_token(
        make_context(session, boss.id, now()), "Nursery", ["status:read"], day + timedelta(days=90), team.id
    )
    assert close_team(make_context(session, boss.id, now()), team.id, "moved") is None
    session.commit()
    assert "1 token of another system has stopped" in client.get("/today").text
    assert "Its team is closed" in client.get("/system/tokens").text


def test_people_see_which_programs_read_data_of_them_or_their_teams_by_day(
    app: Flask, session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    north, south = make_team(session, "North"), make_team(session, "South")
    ward = make_team(session, "Ward", north)
    sam = make_person(session, team=ward, at=now() - timedelta(days=10))
    kim = make_person(session, "Kim Low", "kim@example.org", team=south, at=now() - timedelta(days=3))
    day = civil_date(now(), "Europe/London")
    for name, team in (("HR export", None), ("Board of the North", north.id)):
        actions.make_token(make_context(session, boss.id, now()), name, ["status:read"], day, team)
    tokens = {row.name: row.id for row in session.execute(select(ApiToken)).scalars()}
    for name, ago, rows in (
        ("HR export", 5, 40), ("HR export", 2, 40), ("HR export", 2, 1), ("Board of the North", 1, 9), ("HR export", 0, 0),
    ):  # fmt: skip
        at = now() - timedelta(days=ago)
        read = PersonalDataRead(tokens[name], name, boss.id, "status", f"{rows}", rows, day - timedelta(days=ago), at)
        actions.record_read(session, read)
    session.commit()
    assert sign_in(client, sam).get("/me/seen").text.count("Alex Morgan") == 2
    found = queries.program_reads(session, sam.id, "Europe/London")
    assert [(one.token, one.days) for one in found] == [("Board of the North", 1), ("HR export", 2)]
    # Of the other team, and added three days ago.
    (only,) = queries.program_reads(session, kim.id, "Europe/London")
    assert (only.token, only.days, only.last) == ("HR export", 1, day - timedelta(days=2))
    assert "on 1 day" not in sign_in(Client(app), kim).get("/me/seen").text
