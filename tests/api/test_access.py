"""Which token opens what: every address of the API, with every kind of token, about people of its own team and of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.api.rules.operations import OPERATIONS
from course.api_tokens.actions import revoke_token
from course.api_tokens.models import ApiToken
from course.api_tokens.rules import API_SCOPES, SCIM_SCOPE, new_token
from course.clock import now
from course.context import make_context
from course.people.actions import merge_teams
from course.people.models import Person, RoleGrant
from course.web.access import PUBLIC, access_rule_of
from course.web.bearer import ScopeRule
from tests.api.makers import Program, make_owner, token_of
from tests.api.world import fill_teams
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day

both_engines = pytest.mark.both_engines

# Each kind of token, and what every address answers to it; "scope" means 200 with the scope of the address, else 403.
TOKENS = {
    "none": 401, "invented": 401, "expired": 401, "revoked": 401, "owner left": 401, "owner no administrator": 401,
    "scim": 403, "every scope": 200, "of a team": 200, **dict.fromkeys(API_SCOPES, "scope"),
}  # fmt: skip
PUBLIC_PAGES = {"api.openapi", "api.docs"}


def secret_of(session: Session, kind: str) -> str:
    """A token of that kind."""
    if kind in ("none", "invented"):
        return "" if kind == "none" else new_token()
    owner = make_owner(session)
    if kind in API_SCOPES or kind == "scim":
        return token_of(session, owner, [SCIM_SCOPE if kind == "scim" else kind])
    secret = token_of(session, owner, team=make_team(session, "Nursery") if kind == "of a team" else None)
    if kind == "expired":
        session.execute(update(ApiToken).values(last_day=this_day() - timedelta(days=2)))
    elif kind == "revoked":
        assert revoke_token(make_context(session, owner.id, now()), session.query(ApiToken).one().id)
    elif kind == "owner left":
        session.execute(update(Person).values(left_at=now()))
    elif kind == "owner no administrator":
        session.execute(update(RoleGrant).values(until=now()))
    session.commit()
    return secret


def api_paths(app: Flask, person_id: int = 1) -> dict[str, str]:
    """Every address of the API by endpoint, about that person."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            with app.test_request_context():
                parts: dict[str, Any] = dict.fromkeys(rule.arguments, person_id)
                found[rule.endpoint] = app.url_for(rule.endpoint, **parts)
    return found


def test_every_address_of_the_api_needs_the_scope_that_its_description_says(prepared: Flask) -> None:
    paths = api_paths(prepared)
    assert set(paths) == {f"api.{name}" for name in OPERATIONS} | PUBLIC_PAGES
    for endpoint in paths:
        rule = access_rule_of(prepared, endpoint)
        if endpoint in PUBLIC_PAGES:
            assert rule == PUBLIC
        else:
            assert rule == ScopeRule(OPERATIONS[endpoint.removeprefix("api.")].scope)


@both_engines
@pytest.mark.parametrize("kind", TOKENS)
def test_each_token_opens_what_it_may_and_nothing_else(app: Flask, session: Session, kind: str) -> None:
    secret, expected = secret_of(session, kind), TOKENS[kind]
    opened, somebody = set(), session.query(Person.id).first()
    for endpoint, path in api_paths(app, somebody[0] if somebody else 1).items():
        if endpoint in PUBLIC_PAGES:
            continue
        scope = OPERATIONS[endpoint.removeprefix("api.")].scope
        status = expected if isinstance(expected, int) else 200 if kind == scope else 403
        if status == 200 and endpoint == "api.person" and kind == "of a team":
            status = 404  # the owner, who is in no team
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        answer = app.test_client().get(path, headers=headers)
        assert answer.status_code == status, f"{kind}: {path} gave {answer.status_code}"
        if status in (401, 403, 404):
            assert answer.content_type == "application/problem+json"
            assert answer.get_json()["status"] == status
            assert ("WWW-Authenticate" in answer.headers) == (status != 404)
        else:
            opened.add(scope)
    assert opened == (set(API_SCOPES) if expected == 200 else {kind} if expected == "scope" else set())


@both_engines
@pytest.mark.parametrize("about", ["people", "status", "completions", "certificates", "events"])
def test_a_token_of_a_team_reads_about_the_team_and_those_below_and_about_no_one_else(
    app: Flask, session: Session, about: str
) -> None:
    owner = make_owner(session)
    teams, inside, outside = fill_teams(session)
    own, everyone = (Program(app, token_of(session, owner, team=team)) for team in (teams["Nursery"], None))
    key = "id" if about == "people" else "person_id"
    found = {row[key] for row in own.read(f"/{about}?limit=500")["data"]}
    assert found == inside
    assert outside <= {row[key] for row in everyone.read(f"/{about}?limit=500")["data"]}
    # A team of others is as one that does not exist.
    for team in (teams["Office"].id, 99999):
        refused = own.read(f"/{about}?team={team}", 422)
        assert [one["parameter"] for one in refused["errors"]] == ["team"]
    below = {row[key] for row in own.read(f"/{about}?team={teams['Baby room'].id}&limit=500")["data"]}
    assert below
    assert below < inside
    # An empty list would say that everybody has left.
    assert merge_teams(make_context(session, owner.id, now()), teams["Nursery"].id, teams["Office"].id, "one") is None
    session.commit()
    assert "team of this token is closed" in own.read(f"/{about}", 401)["detail"]


@both_engines
def test_a_person_of_another_team_is_as_one_who_does_not_exist(app: Flask, session: Session) -> None:
    owner, nursery, office = make_owner(session), make_team(session, "Nursery"), make_team(session, "Office")
    mine = make_person(session, "Cleo Ash", "cleo@example.org", team=nursery)
    other = make_person(session, "Dan Fir", "dan@example.org", team=office)
    program = Program(app, token_of(session, owner, ["people:read"], nursery))
    assert program.read(f"/people/{mine.id}")["name"] == "Cleo Ash"
    assert program.read(f"/people/{other.id}", 404) == program.read("/people/99999", 404)


def test_a_signed_in_administrator_without_a_token_reads_nothing_there(client: Client, session: Session) -> None:
    sign_in(client, make_person(session, role="administrator"))
    answer = client.flask.get("/api/v1/people")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_token_is_taken_from_the_header_only(app: Flask, session: Session) -> None:
    secret = token_of(session, make_owner(session))
    for address in (f"/api/v1/people?access_token={secret}", f"/api/v1/people?token={secret}"):
        assert app.test_client().get(address).status_code == 401
    answer = app.test_client().get("/api/v1/people", headers={"Authorization": f"Basic {secret}"})
    assert answer.status_code == 401
    assert app.test_client().get("/people", headers={"Authorization": f"Bearer {secret}"}).status_code == 303


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_sent_there(app: Flask, session: Session, method: str) -> None:
    program = Program(app, token_of(session, make_owner(session)))
    answer = program.open("/people", 405, method)
    assert answer.content_type == "application/problem+json"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_head_and_options_are_sane_and_no_other_site_may_read(app: Flask, session: Session) -> None:
    program = Program(app, token_of(session, make_owner(session)))
    whole, head = program.open("/people"), program.open("/people", 200, "HEAD")
    assert head.get_data() == b""
    assert head.headers["ETag"] == whole.headers["ETag"]
    options = app.test_client().options("/api/v1/people", headers={"Origin": "https://evil.example"})
    assert options.status_code == 200
    for answer in (whole, options):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


def test_the_page_that_describes_the_api_names_every_address_and_is_open_to_everyone(client: Client) -> None:
    page = client.get("/api/v1/docs")
    assert "Set-Cookie" not in page.headers
    for operation in OPERATIONS.values():
        assert f"/{operation.path}" in page.text
        assert operation.scope in page.text
    assert client.flask.get("/api/v1/openapi.json").headers["ETag"]
