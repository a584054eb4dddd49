"""Registering platforms, by hand and by themselves, testing them, and replacing our key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.lti import queries
from course.lti.models import LtiKey, LtiRegistration
from course.lti.platform_client import PlatformNetwork
from course.lti.rules.problems import LtiProblem, problem_words
from course.people.actions import merge_people, merge_teams
from tests.conftest import SECRET
from tests.lti.making import begin, open_course, register, sign_in_from
from tests.lti.platform import CLIENT_ID, CONFIGURATION, FakePlatform
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, Page


@pytest.fixture
def boss(client: Client, session: Session) -> Client:
    """The browser of a signed-in administrator."""
    return sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def _trust_own_keys(client: Client, fake: FakePlatform) -> list[str]:
    """Let the platform fetch the keys of the course; their ids."""
    fake.own_keys = client.flask.get("/lti/jwks").get_json()["keys"]
    return [str(key["kid"]) for key in fake.own_keys]


def _tests(page: Page) -> list[str]:
    """The results of a test, as the page says them."""
    return [text for text in ("Fine", "Check this") for _one in range(page.text.count(f"{text} "))]


def test_a_platform_is_registered_by_hand_tested_and_switched_on(
    boss: Client, session: Session, fake: FakePlatform
) -> None:
    add = boss.get("/platforms/new")
    assert "http://127.0.0.1:8000/lti/launch" in add.text
    entered: dict[str, Any] = {
        **add.fields(), "name": "Riverside Moodle", "issuer": fake.issuer, "client_id": CLIENT_ID,
        "login_address": f"{fake.issuer}/auth", "token_address": f"{fake.issuer}/token",
        "keys_address": f"{fake.issuer}/keys", "deployments": "1", "makes_accounts": "y",
    }  # fmt: skip
    for wrong, sentence in (
        ({"keys_address": "ftp://x.example"}, "Enter an address that begins with https://"),
        ({"token_address": "https://10.0.0.7/token"}, "Enter an address that begins with https://"),
        ({"page_origins": "https://x.example/path"}, "Enter addresses without a path"),
        ({"issuer": "moodle"}, "Enter the platform ID as the platform shows it"),
        ({"deployments": "x" * 256}, "Enter one ID a line"),
    ):
        refused = boss.post("/platforms/new", {**entered, **wrong}, 422)
        assert sentence in refused.text
        assert refused.fields()["client_id"] == CLIENT_ID
    shown = boss.follow(boss.post("/platforms/new", entered))
    assert shown.h1 == "Riverside Moodle"
    assert "registered already" in boss.post("/platforms/new", {**entered, "form_key": "again-7"}, 422).text
    number = session.execute(select(LtiRegistration.id)).scalar_one()
    browser = Client(boss.app)
    assert begin(browser, fake).status_code == 400
    [kid] = _trust_own_keys(boss, fake)
    assert _tests(boss.post(f"/platforms/{number}/test", {}, 200)) == ["Fine"] * 3
    fake.scopes = ("https://purl.imsglobal.org/spec/lti-ags/scope/score",)
    partly = boss.post(f"/platforms/{number}/test", {}, 200)
    assert _tests(partly) == ["Fine", "Fine", "Check this"]
    assert "It does not let the course read who is in a course there: invalid_scope." in partly.text
    fake.down = True
    assert _tests(boss.post(f"/platforms/{number}/test", {}, 200)) == ["Check this"]
    fake.down = False
    boss.post(f"/platforms/{number}/on", {})
    assert sign_in_from(browser, fake).status == 303
    page = boss.get(f"/platforms/{number}")
    assert "1 person has come from there" in page.text
    # The key is replaced: both are published for an hour, the platform takes the new one at once.
    boss.post(f"/platforms/{number}/key", {})
    old, new = _trust_own_keys(boss, fake)
    assert old == kid
    fake.scopes = None
    assert _tests(boss.post(f"/platforms/{number}/test", {}, 200)) == ["Fine"] * 3
    connection = queries.platform_connection(session, number, SECRET, PlatformNetwork(allow_local=True), now())
    assert connection is not None
    assert connection.key.kid == new
    assert [one for one in queries.public_keys(session, now() + timedelta(hours=2)) if old in one] == []
    rows = session.execute(select(LtiKey.private_locked)).scalars().all()
    assert not [one for one in rows if b"PRIVATE KEY" in one]


def test_a_changed_deployment_counts_at_once_and_what_it_opened_stays(
    boss: Client, session: Session, fake: FakePlatform
) -> None:
    number = register(session, fake, makes_accounts=True)
    browser = Client(boss.app)
    assert sign_in_from(browser, fake).status == 303
    form = boss.get(f"/platforms/{number}/change").fields()
    boss.post(f"/platforms/{number}/change", {**form, "deployments": "2"})
    refused = open_course(browser, fake)
    assert problem_words(LtiProblem.DEPLOYMENT, "Riverside Moodle")[0] in refused.text
    assert len(queries.grade_links(session, number)) == 1
    again = boss.get(f"/platforms/{number}/change").fields()
    boss.post(f"/platforms/{number}/change", {**again, "deployments": "2\n1"})
    assert sign_in_from(Client(boss.app), fake).status == 303


def _invitation(boss: Client) -> str:
    """The link for a platform, as the page shows it once."""
    page = boss.follow(boss.post("/platforms/invitation", {}))
    [link] = [one.get("value", "") for one in page.all("input") if one.get("id") == "invitation-link"]
    assert "invitation-link" not in boss.get("/platforms").html
    return link.removeprefix("http://127.0.0.1:8000")


def _register(client: Client, fake: FakePlatform, link: str, token: str = "registration-7") -> tuple[Page, Page]:
    """What the platform shows when somebody pastes the link there, and after the button."""
    # Canvas repeats its token, in which our own address stands, in that of its configuration.
    configuration = f"{fake.issuer}{CONFIGURATION}?registration_token={'e' * 1000}"
    asked = {"openid_configuration": configuration, "registration_token": token}
    page = Page(client.flask.get(f"{link}&{urlencode(asked)}"))
    if page.status != 200:
        return page, page
    return page, Page(client.flask.post("/lti/register", data=page.fields()))


def test_a_platform_registers_itself_once_and_waits_for_an_administrator(
    boss: Client, session: Session, fake: FakePlatform
) -> None:
    link, platform_browser = _invitation(boss), Client(boss.app)
    fake.down = True
    down = _register(platform_browser, fake, link)[1]
    assert down.status == 424
    fake.down = False
    other = _register(platform_browser, fake, link, "wrong")[1]
    assert problem_words(LtiProblem.REGISTRATION_REFUSED, "")[0] in other.text
    # What went wrong there has not used the link up.
    asked, done = _register(platform_browser, fake, link)
    assert str(urlsplit(fake.issuer).hostname) in asked.text
    assert done.h1 == "The platform is registered and waits"
    assert f"frame-ancestors {fake.server}" in done.headers["Content-Security-Policy"]
    tool = fake.registered["https://purl.imsglobal.org/spec/lti-tool-configuration"]
    assert fake.registered["redirect_uris"] == ["http://127.0.0.1:8000/lti/launch"]
    assert fake.registered["jwks_uri"] == "http://127.0.0.1:8000/lti/jwks"
    assert [one["type"] for one in tool["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    assert "lti-nrps" in fake.registered["scope"]
    assert "lti-ags/scope/score" in fake.registered["scope"]
    used = _register(platform_browser, fake, link)[0]
    assert problem_words(LtiProblem.INVITATION, "")[0] in used.text
    assert begin(platform_browser, fake).status_code == 400
    overview = boss.get("/platforms")
    assert "Waits for you" in overview.text
    [settings] = queries.platforms(session)
    assert (settings.state, settings.client_id, settings.deployments) == ("waiting", CLIENT_ID, ("1",))
    boss.post(f"/platforms/{settings.id}/on", {})
    refused = sign_in_page_text(platform_browser, fake)
    assert problem_words(LtiProblem.NOT_KNOWN, settings.name)[0] in refused


def sign_in_page_text(client: Client, fake: FakePlatform) -> str:
    return open_course(client, fake).text


def test_a_link_that_nobody_made_registers_nothing(client: Client, session: Session, fake: FakePlatform) -> None:
    for query in ("", "?invitation=made-up", "?invitation=made-up&openid_configuration=https://x.example"):
        page = Page(client.flask.get(f"/lti/register{query}"))
        assert problem_words(LtiProblem.INVITATION, "")[0] in page.text
    assert fake.asked == []
    assert session.execute(select(LtiRegistration)).first() is None


def test_teams_of_courses_there_are_chosen_and_a_closed_or_foreign_one_is_refused(
    boss: Client, session: Session, fake: FakePlatform
) -> None:
    team, staff = make_team(session, "Evening class"), make_team(session)
    number = register(session, fake, makes_accounts=True, team_id=team.id)
    sign_in_from(Client(boss.app), fake)
    [place] = queries.contexts(session, number)
    page = boss.get(f"/platforms/{number}")
    chosen = {**page.fields(), f"team-{place.id}": str(team.id)}
    boss.post(f"/platforms/{number}/teams", chosen)
    session.expire_all()
    assert queries.contexts(session, number)[0].team_id == team.id
    boss.post(f"/platforms/{number}/teams", {f"team-{place.id}": "999999"}, 400)
    assert queries.contexts(session, number)[0].team_id == team.id
    # A page from before: what was left on it as it was changes nothing, and another choice is not made unseen.
    boss.post(f"/platforms/{number}/teams", page.fields())
    told = boss.follow(boss.post(f"/platforms/{number}/teams", page.fields() | {f"team-{place.id}": str(staff.id)}))
    assert "someone else chose “Evening class” after you opened this page" in told.text
    session.expire_all()
    assert queries.contexts(session, number)[0].team_id == team.id
    # New people come into the team of which it has become part.
    assert merge_teams(make_context(session, None, now()), team.id, staff.id, "one team") is None
    session.commit()
    assert (queries.platforms(session)[0].team_id, queries.contexts(session, number)[0].team_id) == (staff.id, staff.id)


@pytest.mark.both_engines
def test_when_two_entries_become_one_person_the_account_and_what_it_opened_go_along(
    app: Flask, session: Session, fake: FakePlatform
) -> None:
    register(session, fake, makes_accounts=True)
    sign_in_from(Client(app), fake, email="double@example.org")
    stays = make_person(session)
    [use] = queries.link_uses(session)
    context = make_context(session, None, now())
    assert merge_people(context, use.person_id, stays.id, take_address=False, reason="same") is None
    session.commit()
    [moved] = queries.link_uses(session, person_id=stays.id)
    assert (moved.link_id, moved.subject) == (use.link_id, use.subject)
    again = Client(app)
    sign_in_from(again, fake)
    assert again.get("/me").h1 == "Sam Okafor"
