"""Signing in through a provider: who is let in, and everything that must not be accepted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from joserfc.jwk import ECKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth.provider_hooks import provider_refusal
from course.auth.rate_limits import PageRateLimiter
from course.clock import now
from course.context import make_context
from course.identity_providers import views
from course.identity_providers.models import IdentityLink, IdentityProvider
from course.people.actions import record_departure
from course.people.models import Person
from course.web.unit_of_work import unit_of_work
from tests.auth.factor_helpers import add_app
from tests.conftest import make_app
from tests.identity_providers.fake_provider import FakeProvider
from tests.identity_providers.making import another, is_signed_in, set_up_provider, sign_in_with
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines


def _links(session: Session) -> list[IdentityLink]:
    session.expire_all()
    return list(session.execute(select(IdentityLink).order_by(IdentityLink.id)).scalars())


def _problems(session: Session) -> list[str]:
    rows = select(AuditEntry).where(AuditEntry.what == "sign_in.provider_refused").order_by(AuditEntry.number)
    return [json.loads(row.details)["problem"] for row in session.execute(rows).scalars()]


def test_a_person_with_a_verified_address_is_linked_signs_in_and_reaches_the_page_that_they_asked_for(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person = make_person(session)
    number = set_up_provider(session, fake)
    page = client.get("/sign-in?next=/me")
    assert "Sign in with Riverside ID" in page.text
    address = next(a.get("href", "") for a in page.all("a") if "/sign-in/with/" in a.get("href", ""))
    begun = client.get(address, 303)
    asked = parse_qs(urlsplit(begun.location).query)
    assert asked["redirect_uri"] == [f"http://127.0.0.1:8000/sign-in/with/{number}/back"]
    back = client.get(fake.sign_in(begun.location), 303)
    assert back.location == "/me"
    assert client.follow(back).h1 == "Sam Okafor"
    (link,) = _links(session)
    assert (link.person_id, link.subject, link.how, link.email) == (
        person.id,
        "248289761001",
        "address",
        "sam@example.org",
    )
    assert link.last_used_at is not None


def test_afterwards_the_account_counts_and_not_the_address(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    other = make_person(session, "Ada Brook", "ada@example.org")
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    again = another(client.app)
    sign_in_with(again, fake, number, email=other.email)
    assert again.get("/me").h1 == "Sam Okafor"
    assert len(_links(session)) == 1


WRONG_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("audience", {"aud": "another client"}),
    ("audience", {"aud": ["another", "third"]}),
    ("authorised party", {"aud": ["course", "another"]}),
    ("authorised party", {"azp": "another"}),
    ("issuer", {"iss": "https://other.example"}),
    ("nonce", {"nonce": "another"}),
    ("nonce", {"nonce": None}),
    ("expired", {"exp": 1000}),
    ("expired", {"exp": None}),
    ("expired", {"iat": 1000}),
    ("issued in the future", {"iat": 4_000_000_000}),
    ("subject", {"sub": None}),
    ("subject", {"sub": ""}),
    ("hash of the access token", {"at_hash": "AAAA"}),
    ("address not verified", {"email_verified": False}),
    ("address not verified", {"email_verified": None}),
    ("address not verified", {"email_verified": "yes"}),
    ("not known", {"email": "nobody@example.org"}),
    ("not known", {"email": None}),
]


@pytest.mark.parametrize(("problem", "claims"), WRONG_ANSWERS)
def test_an_answer_that_is_not_right_signs_nobody_in_and_is_logged(
    problem: str, claims: dict[str, Any], client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    fake.userinfo = {"sub": claims.get("sub", "248289761001")}
    page = sign_in_with(client, fake, number, 403, **claims)
    assert page.h1 == "You are not signed in"
    assert not is_signed_in(client)
    assert _links(session) == []
    assert _problems(session) == [problem]


@pytest.mark.parametrize(
    ("brought", "kept"),
    [({"error": "Sam Okafor"}, None), ({"iss": "Sam Okafor"}, None), ({"error": "access_denied"}, "access_denied")],
)
def test_the_log_keeps_nothing_that_a_browser_wrote_into_an_answer(
    brought: dict[str, str], kept: str | None, client: Client, session: Session, fake: FakeProvider
) -> None:
    """The log is kept for good, and anybody can begin a sign-in and write its answer."""
    number = set_up_provider(session, fake)
    begun = parse_qs(urlsplit(client.get(f"/sign-in/with/{number}", 303).location).query)
    issuer = {"iss": fake.issuer} if "iss" not in brought else {"code": "1"}
    client.get(f"/sign-in/with/{number}/back?{urlencode({'state': begun['state'][0], **issuer, **brought})}", 403)
    row = session.execute(select(AuditEntry).where(AuditEntry.what == "sign_in.provider_refused")).scalar_one()
    assert json.loads(row.details)["detail"] == kept


def test_a_token_that_another_key_signed_is_refused(client: Client, session: Session, fake: FakeProvider) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    fake.signing_key = ECKey.generate_key("P-256", {"kid": "first"}, auto_kid=False)
    sign_in_with(client, fake, number, 403)
    assert _problems(session) == ["signature"]
    assert not is_signed_in(client)


def test_a_provider_may_change_its_key_at_any_time(client: Client, session: Session, fake: FakeProvider) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    fake.rotate("second")
    again = another(client.app)
    sign_in_with(again, fake, number)
    assert is_signed_in(again)
    assert fake.asked.count("GET /keys") == 2
    assert fake.asked.count("GET /.well-known/openid-configuration") == 1


def test_what_came_back_once_is_refused_the_second_time_also_in_a_copy_of_the_browser(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    begun = client.get(f"/sign-in/with/{number}", 303)
    back = fake.sign_in(begun.location)
    copy = another(client.app)
    for cookie in (client.flask._cookies or {}).values():
        if cookie.key.startswith("flow-"):
            copy.flask.set_cookie(cookie.key, cookie.value, path="/sign-in")
    client.get(back, 303)
    assert is_signed_in(client)
    assert "used already" in copy.get(back, 403).text
    assert not is_signed_in(copy)
    # "Back" in the browser itself leads on, because it is signed in.
    assert client.get(back, 303).location == "/"


def test_a_code_of_another_sign_in_is_of_no_use(client: Client, session: Session, fake: FakeProvider) -> None:
    """Code injection: the provider compares the verifier of this browser with the challenge of the other one."""
    make_person(session)
    number = set_up_provider(session, fake)
    stolen = parse_qs(urlsplit(fake.sign_in(another(client.app).get(f"/sign-in/with/{number}", 303).location)).query)[
        "code"
    ][0]
    mine = parse_qs(urlsplit(fake.sign_in(client.get(f"/sign-in/with/{number}", 303).location)).query)["state"][0]
    client.get(f"/sign-in/with/{number}/back?code={stolen}&state={mine}", 403)
    assert _problems(session) == ["code refused"]


def test_a_sign_in_that_was_begun_in_another_browser_is_refused(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    back = fake.sign_in(another(client.app).get(f"/sign-in/with/{number}", 303).location)
    assert "not begun in this browser" in client.get(back, 403).text
    assert not is_signed_in(client)


def test_two_tabs_at_once_both_come_to_their_page(client: Client, session: Session, fake: FakeProvider) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    first = client.get(f"/sign-in/with/{number}?next=/me", 303)
    second = client.get(f"/sign-in/with/{number}?next=/record", 303)
    assert client.get(fake.sign_in(second.location), 303).location == "/record"
    assert client.get(fake.sign_in(first.location), 303).location == "/me"


def test_what_one_provider_sent_is_not_accepted_at_the_address_of_another(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    first, second = set_up_provider(session, fake), set_up_provider(session, fake, name="Another")
    back = fake.sign_in(client.get(f"/sign-in/with/{first}", 303).location)
    client.get(back.replace(f"/with/{first}/", f"/with/{second}/"), 403)
    client.get(f"{back}&iss=https://other.example", 403)
    assert not is_signed_in(client)
    assert _problems(session) == ["issuer"]


def test_whoever_cancels_at_the_provider_is_told_so(client: Client, session: Session, fake: FakeProvider) -> None:
    number = set_up_provider(session, fake)
    begun = client.get(f"/sign-in/with/{number}", 303)
    state = parse_qs(urlsplit(begun.location).query)["state"][0]
    page = client.get(f"/sign-in/with/{number}/back?error=access_denied&state={state}", 403)
    assert "Riverside ID did not sign you in" in page.text
    assert _problems(session) == ["refused at the provider"]


@pytest.mark.parametrize("is_kept", [False, True])
def test_while_the_provider_is_down_the_page_says_so(
    is_kept: bool, client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    if is_kept:  # discovery is known, and the code cannot be exchanged
        begun = client.get(f"/sign-in/with/{number}", 303)
        back = fake.sign_in(begun.location)
        fake.down = True
        page = client.get(back, 424)
    else:
        fake.down = True
        page = client.get(f"/sign-in/with/{number}", 424)
    assert "Riverside ID does not answer at the moment" in page.text
    fake.down = False
    sign_in_with(client, fake, number)
    assert is_signed_in(client)


def test_who_has_left_does_not_sign_in_linked_or_not(client: Client, session: Session, fake: FakeProvider) -> None:
    person = make_person(session)
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    record_departure(make_context(session, None, now()), person.id, this_day() - timedelta(days=1), "left")
    session.commit()
    assert not is_signed_in(client)
    sign_in_with(another(client.app), fake, number, 403)
    sign_in_with(another(client.app), fake, number, 403, sub="another account")
    assert _problems(session) == ["left", "left"]


def test_the_address_of_somebody_with_another_account_links_nothing(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    """An address that moved to another person at the provider, or two accounts whose addresses differ in case."""
    make_person(session)
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    moved = another(client.app)
    page = sign_in_with(moved, fake, number, 403, sub="another account", email="SAM@Example.org")
    assert "uses another account" in page.text
    assert not is_signed_in(moved)
    assert _problems(session) == ["address of another account"]


def test_userinfo_counts_only_about_the_same_subject(client: Client, session: Session, fake: FakeProvider) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    fake.userinfo = {"sub": "somebody else", "email": "sam@example.org", "email_verified": True}
    sign_in_with(client, fake, number, 403, email=None, email_verified=None)
    assert _problems(session) == ["subject"]
    fake.userinfo["sub"] = "248289761001"
    sign_in_with(client, fake, number, email=None, email_verified=None)
    assert is_signed_in(client)


def test_a_provider_that_is_off_has_no_button_and_lets_nobody_in(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    number = set_up_provider(session, fake, active=False)
    assert "Riverside ID" not in client.get("/sign-in").text
    client.get(f"/sign-in/with/{number}", 404)
    client.get(f"/sign-in/with/{number + 1}", 404)


def test_a_sign_in_that_came_back_after_the_provider_was_switched_off_is_refused(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    back = fake.sign_in(client.get(f"/sign-in/with/{number}", 303).location)
    session.get_one(IdentityProvider, number).active = False
    session.commit()
    client.get(back, 404)
    assert not is_signed_in(client)


def test_signing_out_leads_to_the_provider_and_back_to_the_sign_in_page(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_person(session)
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    page = client.follow(client.post("/sign-out", {}))
    assert page.h1 == "Signed out"
    address = page.headers["Refresh"].partition("url=")[2]
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{fake.issuer}/end?")
    assert asked["post_logout_redirect_uri"] == ["http://127.0.0.1:8000/sign-in"]
    assert asked["client_id"] == ["course"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert not is_signed_in(client)
    # Once: the next one who signs in here did not come from the provider.
    assert client.get("/sign-out/provider", 303).location == "/sign-in"


def test_who_signed_in_with_a_password_is_not_sent_to_the_provider(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person, other = make_person(session), make_person(session, "Ada Brook", "ada@example.org")
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    client.flask.delete_cookie(client.app.config["SESSION_COOKIE_NAME"])
    sign_in(client, other)
    assert client.post("/sign-out", {}).location == "/sign-in"
    assert person.id != other.id


def test_without_a_provider_nothing_changes(app: Flask, client: Client, session: Session) -> None:
    person = make_person(session)
    assert "Or with your password" not in client.get("/sign-in").text
    with app.test_request_context():
        assert provider_refusal(person.id) is None
    assert session.execute(select(Person.id)).scalar_one() == person.id


def test_a_sign_in_that_one_process_began_ends_in_another_and_is_used_once_in_both(
    fresh_app: Flask, fake: FakeProvider
) -> None:
    first = Client(fresh_app)
    second = Client(make_app(fresh_app.extensions["course"].config.database_url))
    with fresh_app.app_context(), unit_of_work() as session:
        make_person(session)
        number = set_up_provider(session, fake)
    back = fake.sign_in(first.get(f"/sign-in/with/{number}", 303).location)
    for cookie in (first.flask._cookies or {}).values():
        if cookie.key.startswith("flow-"):
            second.flask.set_cookie(cookie.key, cookie.value, path="/sign-in")
    second.get(back, 303)
    assert is_signed_in(second)
    first.get(back, 403)
    assert not is_signed_in(first)


@pytest.mark.parametrize(("counts", "asked"), [(False, True), (True, False)])
def test_a_second_step_is_asked_for_unless_the_provider_counts_as_one(
    counts: bool, asked: bool, client: Client, session: Session, fake: FakeProvider
) -> None:
    person = make_person(session)
    add_app(sign_in(another(client.app), person))
    number = set_up_provider(session, fake, second_factor=counts)
    page = sign_in_with(client, fake, number)
    assert page.location.startswith("/sign-in/") is asked
    assert is_signed_in(client) is not asked


def test_a_network_that_asks_without_end_is_stopped(
    client: Client, session: Session, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = set_up_provider(session, fake)
    monkeypatch.setattr(views.sign_in, "_throttle", PageRateLimiter("identity providers of a test", 2, 60))
    for status in (303, 303, 429):
        page = client.get(f"/sign-in/with/{number}", status)
    assert 0 < int(page.headers["Retry-After"]) <= 61
