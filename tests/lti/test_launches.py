"""Opening the course from a platform: who is let in, and everything that must not be accepted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.lti import actions, queries
from course.lti.models import LtiAccount, LtiContext, LtiLaunch, LtiLink
from course.lti.platform_client import PlatformNetwork
from course.lti.rules.problems import LtiError, LtiProblem, problem_words
from course.people.actions import (
    grant_role,
    record_departure,
    set_team_setting,
)
from course.people.models import Membership, Person
from course.people.queries import chosen_pathway
from tests.conftest import SECRET
from tests.lti.making import begin, bring, details, enter, open_course, register, sign_in_from
from tests.lti.platform import CLIENT_ID, FakePlatform, platform_key
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.support.days import this_day

NAME = "Riverside Moodle"


def is_signed_in(client: Client) -> bool:
    return client.flask.get("/me").status_code == 200


def _log(session: Session, what: str) -> list[dict[str, Any]]:
    session.expire_all()
    rows = select(AuditEntry.details).where(AuditEntry.what == what).order_by(AuditEntry.number)
    return [json.loads(row) for row in session.execute(rows).scalars()]


def _says(page: Page, problem: LtiProblem, name: str = NAME) -> bool:
    """Whether a page says what is wrong and what to do, in the words of the problem."""
    return all(sentence in page.text for sentence in problem_words(problem, name))


@pytest.mark.both_engines
def test_somebody_new_opens_a_module_in_a_window_of_its_own_and_is_known_from_then_on(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    team = make_team(session, "Sixth form")
    number = register(session, fake, makes_accounts=True, team_id=team.id)
    login = begin(client, fake)
    asked = parse_qs(urlsplit(login.location).query)
    assert login.location.startswith(f"{fake.issuer}/auth?")
    assert (asked["login_hint"], asked["lti_message_hint"], asked["redirect_uri"]) == (
        ["7"], ["hint"], ["http://127.0.0.1:8000/lti/launch"],
    )  # fmt: skip
    [cookie] = login.headers.getlist("Set-Cookie")
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/lti/launch"} <= set(cookie.split("; "))
    custom = {"course_open": "module:responding", "course_pathway": "clubs"}
    page = bring(client, fake.launch(login.location, custom=custom))
    assert page.status == 200
    origin = fake.server.removesuffix("/")
    assert f"frame-ancestors {origin};" in page.headers["Content-Security-Policy"] + ";"
    assert page.headers["Cache-Control"] == "no-store"
    assert not is_signed_in(client)
    opened = enter(client, page)
    assert (opened.status, opened.location) == (303, "/module/responding")
    assert "frame-ancestors 'none'" in client.get(opened.location).headers["Content-Security-Policy"]
    person = session.execute(select(Person)).scalar_one()
    assert (person.name, person.email) == ("Sam Okafor", "sam@example.org")
    assert session.execute(select(Membership.team_id).where(Membership.person_id == person.id)).scalar_one() == team.id
    chosen = chosen_pathway(session, person.id)
    assert chosen is not None
    assert chosen.pathway == "clubs"
    # Again, by another address and name: the account counts.
    again = sign_in_from(Client(client.app), fake, custom={"course_open": "refresher"}, email="new@example.org")
    assert again.location == "/refresher"
    session.expire_all()
    [link] = session.execute(select(LtiLink)).scalars()
    assert (link.opens, link.module, link.line_item) == ("refresher", None, f"{fake.issuer}/items/1")
    [use] = queries.link_uses(session, person_id=person.id)
    assert (use.link_id, use.subject, use.is_learner) == (link.id, "user-2481", True)
    [place] = queries.contexts(session, number)
    assert (place.title, place.members_address) == ("Safeguarding 101", f"{fake.issuer}/members")
    assert len(session.execute(select(LtiLaunch)).all()) == len(_log(session, "lti.linked")) == 1


WRONG_CLAIMS: list[tuple[LtiProblem, dict[str, Any]]] = [
    (LtiProblem.AUDIENCE, {"aud": "another"}),
    (LtiProblem.AUTHORISED_PARTY, {"aud": [CLIENT_ID, "another"], "azp": "another"}),
    (LtiProblem.DEPLOYMENT, {"deployment_id": "foreign"}),
    (LtiProblem.EXPIRED, {"exp": 1_700_000_000}),
    (LtiProblem.ISSUER, {"iss": "https://other.example"}),
    (LtiProblem.MESSAGE, {"message_type": "Other"}),
    (LtiProblem.NONCE, {"nonce": "another"}),
    (LtiProblem.SUBJECT, {"sub": None}),
    (LtiProblem.TARGET, {"custom": {"course_open": "module:none"}}),
    (LtiProblem.VERSION, {"version": "1.2"}),
]


def test_a_message_that_is_not_right_lets_nobody_in_and_the_log_says_why(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    register(session, fake, makes_accounts=True)
    for problem, changed in WRONG_CLAIMS:
        page = open_course(client, fake, **changed)
        assert page.status == 400
        assert _says(page, problem), page.text
    logged = [entry["problem"] for entry in _log(session, "lti.launch_refused")]
    assert logged == [str(problem) for problem, _changed in WRONG_CLAIMS]
    assert session.execute(select(Person)).first() is None
    assert not is_signed_in(client)


def _nonce_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["nonce"][0]


def test_a_forged_signature_is_refused_and_a_new_key_of_the_platform_is_fetched(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    register(session, fake, makes_accounts=True)
    forged: list[tuple[Any, dict[str, Any]]] = [
        (platform_key("forger"), {}),
        (platform_key("forger"), {"kid": "first"}),
    ]
    for key, header in forged:
        location = begin(client, fake).location
        form = fake.launch(location)
        page = bring(client, {**form, "id_token": fake.sign(fake.claims(_nonce_of(location)), key, header)})
        assert _says(page, LtiProblem.SIGNATURE)
    for token in ("", "a.b.c", "eyJhbGciOiJub25lIn0.e30."):
        form = fake.launch(begin(client, fake).location)
        assert _says(bring(client, {**form, "id_token": token}), LtiProblem.SIGNATURE)
    assert sign_in_from(client, fake).status == 303
    fake.rotate("second")
    assert sign_in_from(Client(client.app), fake).status == 303
    fake.down = True
    fake.signing_key = platform_key("forger")
    page = open_course(client, fake)
    assert page.status == 424
    assert _says(page, LtiProblem.UNREACHABLE)


def test_a_launch_is_used_once_in_the_browser_that_began_within_ten_minutes(
    client: Client, session: Session, fake: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(session, fake, makes_accounts=True)
    form = fake.launch(begin(client, fake).location)
    other = bring(Client(client.app), form)
    assert other.status == 400
    assert "Open in a new window" in other.text
    link = next(one.get("href", "") for one in other.all("a") if one.get("target") == "_blank")
    again = parse_qs(urlsplit(link).query)
    assert (again["iss"], again["login_hint"], again["lti_message_hint"]) == ([fake.issuer], ["7"], ["hint"])
    copied = {name: client.flask.get_cookie(name, path="/lti/launch") for name in _login_cookies(client)}
    assert bring(client, form).status == 200
    for name, cookie in copied.items():
        assert cookie is not None
        client.flask.set_cookie(name, cookie.value, path="/lti/launch")
    assert _says(bring(client, form), LtiProblem.USED)
    assert _says(bring(client, {**form, "state": form["state"][:-2]}), LtiProblem.STATE, "The platform")
    late = fake.launch(begin(client, fake).location)
    with monkeypatch.context() as clock:
        clock.setattr("course.lti.views.launch.now", lambda: now() + timedelta(minutes=11))
        assert _says(bring(client, late), LtiProblem.STATE, "The platform")
    refused = {"state": fake.launch(begin(client, fake).location)["state"], "error": "login_required"}
    assert _says(bring(client, refused), LtiProblem.REFUSED_THERE)


def _login_cookies(client: Client) -> list[str]:
    return [one.key for one in (client.flask._cookies or {}).values() if one.key.startswith("lti-")]


def test_without_cookies_the_storage_of_the_platform_shows_that_it_is_the_same_browser(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    register(session, fake, makes_accounts=True)
    storing = Page(begin(client, fake, lti_storage_target="_parent"))
    assert storing.status == 200
    link = next(a for a in storing.all("a") if a.get("data-platform") == "put")
    assert (link.get("data-frame"), link.get("data-origin")) == ("_parent", fake.server)
    assert storing.headers["Refresh"] == f"3; url={link.get('href')}"
    form = fake.launch(str(link.get("href")))
    elsewhere = Client(client.app)  # a browser that sent no cookie
    asking = bring(elsewhere, form)
    waiting = next(one for one in asking.all("form") if one.get("data-platform") == "get")
    assert waiting.get("data-key") == link.get("data-key")
    fields = {i.get("name", ""): i.get("value", "") for i in waiting.iter("input")}
    wrong = bring(elsewhere, {**fields, "stored": "guessed"})
    assert wrong.status == 400
    assert not [one for one in wrong.all("form") if one.get("data-platform")]
    assert bring(elsewhere, {**fields, "stored": str(link.get("data-value"))}).status == 200
    # A frame whose name is none is not asked.
    assert begin(client, fake, lti_storage_target="x'];alert(1)").status_code == 303


@pytest.mark.both_engines
def test_the_button_works_once_within_a_minute_and_from_our_own_page(
    client: Client, session: Session, fake: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = register(session, fake, makes_accounts=True)
    page = open_course(client, fake)
    assert _says(enter(client, page, "https://other.example"), LtiProblem.TICKET)
    assert enter(client, page).status == 303
    elsewhere = Client(client.app)
    assert _says(enter(elsewhere, page), LtiProblem.TICKET)
    late = open_course(elsewhere, fake)
    with monkeypatch.context() as clock:
        clock.setattr("course.lti.views.launch.now", lambda: now() + timedelta(seconds=61))
        assert _says(enter(elsewhere, late), LtiProblem.TICKET, "The platform")
    # What changes between the launch and the button counts.
    off = open_course(elsewhere, fake)
    actions.switch_platform(make_context(session, None, now()), number, "off")
    session.commit()
    assert _says(enter(elsewhere, off), LtiProblem.OFF)
    assert _says(Page(begin(elsewhere, fake)), LtiProblem.OFF)
    actions.switch_platform(make_context(session, None, now()), number, "on")
    session.commit()
    left = open_course(elsewhere, fake)
    person = session.execute(select(Person)).scalar_one()
    record_departure(make_context(session, None, now()), person.id, this_day(), "moved")
    session.commit()
    gone = enter(elsewhere, left)
    assert gone.status == 403
    assert _says(gone, LtiProblem.LEFT)
    assert _says(open_course(elsewhere, fake), LtiProblem.LEFT)
    assert not is_signed_in(elsewhere)


@pytest.mark.both_engines
def test_an_address_links_nobody_unless_an_administrator_trusts_the_platform(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    person = make_person(session)
    number = register(session, fake, makes_accounts=True)
    page = open_course(client, fake)
    assert (page.status, _says(page, LtiProblem.ADDRESS_OF_ANOTHER)) == (403, True)
    unknown = open_course(client, fake, sub="u-2", email="ada@example.org")
    assert unknown.status == 200
    settings = queries.platform(session, number)
    assert settings is not None
    actions.change_platform(make_context(session, None, now()), number, details(fake.issuer, links_by_address=True))
    session.commit()
    assert sign_in_from(client, fake).location == "/"
    assert client.get("/me").h1 == "Sam Okafor"
    other = open_course(client, fake, sub="u-3")
    assert _says(other, LtiProblem.ADDRESS_OF_ANOTHER)
    assert _says(open_course(client, fake, sub="u-4", email="x@example.org"), LtiProblem.NOT_KNOWN)
    [account] = session.execute(select(LtiAccount).where(LtiAccount.person_id == person.id)).scalars()
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    assert actions.unlink_account(make_context(session, boss.id, now()), person.id, account.id)
    session.commit()
    assert not is_signed_in(client)
    assert _says(open_course(client, fake), LtiProblem.UNLINKED)


def test_people_who_see_others_sign_in_themselves_unless_the_platform_may_let_them_in(
    app: Flask, session: Session, fake: FakePlatform
) -> None:
    person = make_person(session)
    number = register(session, fake, links_by_address=True)
    client = Client(app)
    assert sign_in_from(client, fake).status == 303
    # The same person becomes a manager: what holds is what they are now.
    team = make_team(session, "Night staff")
    assert grant_role(make_context(session, None, now()), person.id, "manager", team.id) is None
    session.commit()
    fresh = Client(app)
    page = sign_in_from(fresh, fake)
    assert (page.status, page.h1) == (200, "Sign in to this course yourself")
    assert not is_signed_in(fresh)
    sign_in(fresh, person)
    assert sign_in_from(fresh, fake, custom={"course_open": "refresher"}).location == "/refresher"
    allowed = details(fake.issuer, links_by_address=True, lets_staff_in=True)
    actions.change_platform(make_context(session, None, now()), number, allowed)
    session.commit()
    let_in = Client(app)
    assert sign_in_from(let_in, fake).status == 303
    assert is_signed_in(let_in)
    with let_in.flask.session_transaction() as cookie:
        assert "proved" not in cookie  # a launch is no proof before sensitive deeds


def test_team_and_nation_of_somebody_new_follow_the_context_and_the_link(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    own, group, below = make_team(session, "All"), make_team(session, "Evening class"), make_team(session, "Cardiff")
    number = register(session, fake, makes_accounts=True, team_id=own.id)
    first = sign_in_from(client, fake, sub="a", email="a@example.org")
    assert first.status == 303
    [place] = queries.contexts(session, number)
    assert actions.set_context_teams(make_context(session, None, now()), number, {place.id: group.id})
    session.commit()
    sign_in_from(Client(client.app), fake, sub="b", email=None, name=None)
    wales = {"custom": {"course_nation": "wales"}}
    assert _says(open_course(client, fake, sub="c", email="c@example.org", **wales), LtiProblem.NATION)
    set_team_setting(make_context(session, None, now()), below.id, "nation", "wales")
    session.commit()
    # Not below the team of the context: still none.
    assert _says(open_course(client, fake, sub="c", email="c@example.org", **wales), LtiProblem.NATION)
    assert actions.set_context_teams(make_context(session, None, now()), number, {place.id: below.id})
    session.commit()
    assert sign_in_from(Client(client.app), fake, sub="c", email="c@example.org", **wales).status == 303
    rows = select(LtiAccount.subject, Membership.team_id).join(Membership, Membership.person_id == LtiAccount.person_id)
    found = {row.subject: row.team_id for row in session.execute(rows)}
    assert found == {"a": own.id, "b": group.id, "c": below.id}
    nameless = session.execute(select(Person).where(Person.email.is_(None))).scalar_one()
    assert str(nameless.sign_in_name).startswith(f"platform-{number}-")
    assert session.execute(select(LtiContext.id)).scalar_one() == place.id


def test_a_platform_that_is_not_registered_or_asks_for_nothing_is_told_so(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    unknown = Page(begin(client, fake))
    assert _says(unknown, LtiProblem.REGISTRATION, "The platform")
    assert "frame-ancestors 'none'" in unknown.headers["Content-Security-Policy"]
    register(session, fake, "waiting")
    assert _says(Page(begin(client, fake)), LtiProblem.OFF)
    assert _says(Page(begin(client, fake, login_hint="")), LtiProblem.OFF)
    assert _says(Page(begin(client, fake, client_id="another")), LtiProblem.REGISTRATION, "The platform")
    assert _says(Page(client.flask.post("/lti/login")), LtiProblem.REQUEST, "The platform")


def test_a_token_for_services_is_kept_until_its_end_and_a_lost_key_is_named(
    session: Session, fake: FakePlatform
) -> None:
    number = register(session, fake)
    score = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    network, at = PlatformNetwork(allow_local=True), now()
    connection = queries.platform_connection(session, number, SECRET, network, at)
    assert connection is not None
    session.commit()
    token = actions.access_token(connection, [score])
    assert actions.access_token(connection, [score]) == token
    assert actions.access_token(connection, [score], fresh=True) != token
    later = queries.platform_connection(session, number, SECRET, network, at + timedelta(hours=1))
    assert later is not None
    session.commit()
    before = fake.asked.count("POST /token")
    actions.access_token(later, [score])
    assert fake.asked.count("POST /token") == before + 1
    fake.scopes = ()
    with pytest.raises(LtiError) as refused:
        actions.access_token(connection, [score], fresh=True)
    assert (refused.value.problem, refused.value.detail) == (LtiProblem.TOKEN_REFUSED, "invalid_scope")
    locked = queries.platform_connection(session, number, "x" * 40, network, at)
    assert locked is not None
    session.commit()
    with pytest.raises(LtiError) as lost:
        actions.access_token(locked, [score], fresh=True)
    assert lost.value.problem == LtiProblem.KEY_LOCKED


def test_the_language_of_the_platform_is_spoken_until_somebody_chooses_one_here(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    register(session, fake, makes_accounts=True)
    claim = "https://purl.imsglobal.org/spec/lti/claim/launch_presentation"
    assert '<html lang="en-GB">' in open_course(client, fake, **{claim: {"locale": "xx-nonsense"}}).html
    page = open_course(client, fake, **{claim: {"locale": "cy_GB"}})
    assert '<html lang="cy">' in page.html
    opened = enter(client, page)
    assert '<html lang="cy">' in client.get(opened.location).html
    # What was chosen in this browser comes before what a platform says.
    client.post("/me/language", {"language": "en"})
    assert '<html lang="en-GB">' in open_course(client, fake, **{claim: {"locale": "cy"}}).html
    assert '<html lang="en-GB">' in client.get("/").html


def test_why_somebody_has_a_pathway_is_stored_in_english_whatever_the_platform_speaks(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    register(session, fake, makes_accounts=True)
    claim = "https://purl.imsglobal.org/spec/lti/claim/launch_presentation"
    enter(client, open_course(client, fake, **{claim: {"locale": "cy"}, "custom": {"course_pathway": "clubs"}}))
    person = session.execute(select(Person)).scalar_one()
    chosen = chosen_pathway(session, person.id)
    assert chosen is not None
    assert chosen.reason.startswith("By a link at ")
