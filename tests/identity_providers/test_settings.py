"""Setting providers up, testing the connection, and requiring one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth.actions import create_link
from course.clock import now
from course.context import make_context
from course.identity_providers.models import IdentityLink, IdentityProvider
from course.identity_providers.provider_client import ProviderClient, ProviderNetwork
from course.identity_providers.queries import provider, providers
from course.identity_providers.rules.groups import GroupRow
from course.identity_providers.rules.problems import ProviderError, ProviderProblem
from course.people.actions import add_identity
from course.people.models import Person
from course.people.rules import PersonIdentity
from tests.identity_providers.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, FakeProviders
from tests.identity_providers.making import another, begin_link, is_signed_in, set_up_provider, sign_in_with
from tests.makers import PASSWORD, make_person, make_team, set_password, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


@pytest.fixture
def admin(client: Client, session: Session) -> Client:
    """The browser of an administrator."""
    return sign_in(client, make_person(session, "Ann Min", "ann@example.org", "administrator"))


def _form(fake: FakeProvider, **changed: Any) -> dict[str, Any]:
    usual = {
        "kind": "openid", "name": "Riverside ID", "discovery": fake.issuer, "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET, "scopes": "openid email profile", "groups_claim": "groups", "team": "", "active": "y",
    }  # fmt: skip
    return {**usual, **changed}


def test_a_provider_that_is_set_up_on_the_page_signs_people_in_and_its_secret_is_never_shown(
    admin: Client, session: Session, fake: FakeProvider
) -> None:
    team = make_team(session)
    saved = admin.post("/providers/new", _form(
        fake, group=["staff", "", "leads"], group_team=[str(team.id), "", str(team.id)], group_role=["", "", "manager"],
        group_pathway=["school", "", ""],
    ))  # fmt: skip
    page = admin.follow(saved)
    (made,) = providers(session)
    assert f"http://127.0.0.1:8000/sign-in/with/{made.id}/back" in page.text
    assert CLIENT_SECRET not in page.html
    assert made.groups == (GroupRow("staff", team.id, None, "school"), GroupRow("leads", team.id, "manager", None))
    row = session.get_one(IdentityProvider, made.id)
    assert row.secret_locked is not None
    assert CLIENT_SECRET.encode() not in row.secret_locked
    make_person(session)
    sign_in_with(another(admin.app), fake, made.id)
    # Saved again as it is: the secret stays, and nothing is logged.
    admin.post(f"/providers/{made.id}", {**page.fields(), "secret": "", "group": ["staff"], "group_team": [str(team.id)],
                                         "group_role": [""], "group_pathway": ["school"]})  # fmt: skip
    sign_in_with(another(admin.app), fake, made.id)
    session.expire_all()
    rows = select(AuditEntry.details).where(AuditEntry.what == "provider.changed")
    assert [json.loads(one)["changed"] for one in session.execute(rows).scalars()] == ["groups"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "Enter what people call it"),
        ({"discovery": "ftp://id.example"}, "begins with https://"),
        ({"discovery": "https://user:secret@id.example"}, "begins with https://"),
        ({"discovery": "https://[id.example"}, "begins with https://"),
        ({"scopes": "email"}, "must contain openid"),
        ({"domains": "gmail.com"}, "Anyone can get an address at gmail.com"),
        ({"domains": "sam@example.org"}, "is not a domain"),
        ({"kind": "microsoft"}, "Enter the tenant ID"),
        ({"kind": "microsoft", "tenants": "../x"}, "A tenant ID looks like"),
        ({"discovery": "https://accounts.google.com", "makes_accounts": "y"}, "Anyone can get an account there"),
        (
            {"group": "leads", "group_team": "", "group_role": "manager", "group_pathway": ""},
            "Choose the team that members",
        ),
        ({"group": "leads", "group_team": "", "group_role": "", "group_pathway": ""}, "Choose what members"),
        ({"group": "leads", "group_team": "99", "group_role": "king", "group_pathway": ""}, "from the lists"),
        ({"group": "x" * 300, "group_team": "", "group_role": "hr", "group_pathway": ""}, "more than 255 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_that_was_entered_is_lost(
    changed: dict[str, str], words: str, admin: Client, session: Session, fake: FakeProvider
) -> None:
    page = admin.post("/providers/new", _form(fake, client_id="kept in the form", **changed), 422)
    assert words in page.text
    assert "kept in the form" in page.html
    assert changed.get("group", "")[:50] in page.html
    assert providers(session) == []


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({}, "It did not refuse client ID and secret."),
    ({"down": True}, "The provider cannot be reached"),
    ({"raw": b"<html>"}, "The answer is not JSON"),
    ({"discovery": {"issuer": "https://other.example"}}, "calls itself https://other.example"),
    ({"discovery": {"token_endpoint": None}}, "does not say token_endpoint"),
    ({"discovery": {"response_types_supported": ["id_token"]}}, "does not offer the authorisation code flow"),
    ({"keys": []}, "publishes no key"),
    ({"discovery": {"code_challenge_methods_supported": ["plain"]}}, "PKCE with S256"),
    ({"discovery": {"claims_supported": ["sub", "email"]}}, "the time of a sign-in (auth_time)"),
    ({"discovery": {"end_session_endpoint": None}}, "no address for signing out"),
    (
        {"discovery": {"token_endpoint_auth_methods_supported": ["client_secret_post"]}},
        "refuses the client ID or the client secret",
    ),
    ({"discovery": {"jwks_uri": "https://127.0.0.1:1/keys"}}, "cannot be reached"),
]


@pytest.mark.parametrize(("broken", "words"), BROKEN)
def test_the_test_says_in_words_what_is_wrong(
    broken: dict[str, Any], words: str, admin: Client, session: Session, fake: FakeProvider
) -> None:
    number = set_up_provider(session, fake)
    for name, value in broken.items():
        setattr(fake, name, value)
    page = admin.post(f"/providers/{number}/test", {}, 200)
    assert words in page.text
    assert ("Check this" in page.text) is bool(broken)


def test_a_secret_of_another_secret_key_is_to_be_entered_again(
    admin: Client, session: Session, fake: FakeProvider
) -> None:
    number = set_up_provider(session, fake)
    session.get_one(IdentityProvider, number).secret_locked = b"x" * 40
    session.commit()
    assert "Enter the client secret again" in admin.post(f"/providers/{number}/test", {}, 200).text
    assert "not set up as it should be" in another(admin.app).get(f"/sign-in/with/{number}", 403).text


def _requirement(number: int, people: list[int]) -> dict[str, Any]:
    return {"provider": str(number), "exceptions": [str(one) for one in people]}


def test_a_provider_is_required_only_after_an_administrator_signed_in_through_it(
    admin: Client, session: Session, fake: FakeProvider
) -> None:
    ann = session.execute(select(Person.id).where(Person.email == "ann@example.org")).scalar_one()
    sam = make_person(session)
    number = set_up_provider(session, fake)
    refused = admin.post("/providers/require", _requirement(number, [ann]), 422)
    assert "No administrator has signed in" in refused.text
    sign_in_with(another(admin.app), fake, number)  # who is no administrator
    admin.post("/providers/require", _requirement(number, [ann]), 422)
    sign_in_with(another(admin.app), fake, number, sub="ann", email="ann@example.org")
    assert "at least one" in admin.post("/providers/require", _requirement(number, []), 422).text
    admin.post("/providers/require", _requirement(number, [sam.id]), 422)
    admin.post("/providers/require", _requirement(number, [ann]))
    assert "can still use their password: Ann Min" in admin.get("/providers").text
    form = _form(fake, active="")
    assert "Lift that first" in admin.post(f"/providers/{number}", form, 422).text
    admin.post("/providers/require/end", {})
    admin.post(f"/providers/{number}", form)


@pytest.fixture
def required(admin: Client, session: Session, fake: FakeProvider) -> int:
    """A provider that is required, with Ann as the exception."""
    ann = session.execute(select(Person.id).where(Person.email == "ann@example.org")).scalar_one()
    number = set_up_provider(session, fake)
    sign_in_with(another(admin.app), fake, number, sub="ann", email="ann@example.org")
    admin.post("/providers/require", _requirement(number, [ann]))
    return number


@pytest.mark.usefixtures("required")
def test_the_log_names_the_exceptions_and_holds_their_numbers(admin: Client, session: Session) -> None:
    ann = session.execute(select(Person.id).where(Person.email == "ann@example.org")).scalar_one()
    entry = session.execute(select(AuditEntry).where(AuditEntry.what == "provider.required")).scalar_one()
    assert "Ann" not in entry.details
    assert json.loads(entry.details)["exceptions"] == [ann]
    assert "required signing in through Riverside ID, except for Ann Min" in admin.get("/audit").text


@pytest.mark.usefixtures("required")
def test_a_right_password_a_link_and_a_code_no_longer_sign_in_and_say_why(app: Flask, session: Session) -> None:
    sam = make_person(session)
    browser = Client(app)
    page = browser.post("/sign-in", {"email": "sam@example.org", "password": PASSWORD}, 422)
    assert "asks you to sign in with Riverside ID" in page.text
    assert "is not right" in browser.post("/sign-in", {"email": "sam@example.org", "password": "wrong"}, 422).text
    token = create_link(session, sam.id, "forgotten", now())
    session.commit()
    assert "Sign in with Riverside ID" in browser.get(f"/link/{token}", 403).text
    assert not is_signed_in(browser)
    assert "have no password here" in browser.get("/forgotten").text
    assert is_signed_in(
        sign_in(Client(app), session.execute(select(Person).where(Person.name == "Ann Min")).scalar_one())
    )


def test_another_provider_signs_in_only_who_can_have_no_account_at_the_required_one(
    app: Flask, session: Session, fakes: FakeProviders, required: int
) -> None:
    sam, old = make_person(session), fakes.new()
    number = set_up_provider(session, old, name="Old ID", makes_accounts=True, team_id=make_team(session).id)
    for claims in ({}, {"sub": "2", "email": "new@example.org"}):
        page = sign_in_with(Client(app), old, number, 403, **claims)
        assert "Everyone who can has to sign in with Riverside ID." in page.text
    assert session.execute(select(Person.id).where(Person.email == "new@example.org")).first() is None
    assert session.execute(select(IdentityLink.id).where(IdentityLink.person_id == sam.id)).first() is None
    # The exceptions still come in, and so does everyone whom the required provider does not cover.
    sign_in_with(Client(app), old, number, sub="3", email="ann@example.org")
    session.execute(update(IdentityProvider).where(IdentityProvider.id == required).values(domains="riverside.example"))
    session.commit()
    sign_in_with(Client(app), old, number)


def test_who_has_no_address_still_signs_in_and_who_linked_an_account_uses_it(
    app: Flask, session: Session, fake: FakeProvider, required: int
) -> None:
    sam = add_identity(
        make_context(session, None, now()), PersonIdentity("Sam Okafor", sign_in_name="sam"), None, "learner"
    )
    assert isinstance(sam, Person)
    set_password(session, sam.id, PASSWORD)
    session.commit()
    browser = Client(app)
    browser.post("/sign-in", {"email": "sam", "password": PASSWORD})
    assert is_signed_in(browser)
    browser.get(fake.sign_in(begin_link(browser, required)), 303)
    link = browser.get("/me/accounts")
    assert "asks you to sign in with Riverside ID" in link.text
    refused = Client(app).post("/sign-in", {"email": "sam", "password": PASSWORD}, 422)
    assert "asks you to sign in with Riverside ID" in refused.text


def test_the_list_on_the_server_says_that_there_are_no_providers(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["providers", "list"]).output == "There are no identity providers.\n"


@pytest.mark.usefixtures("required")
def test_the_command_on_the_server_lets_passwords_work_again(app: Flask, session: Session) -> None:
    sam = make_person(session)
    runner = app.test_cli_runner()
    assert "(on, required)" in runner.invoke(args=["providers", "list"]).output
    assert runner.invoke(args=["providers", "not-required"]).output == "Passwords work again.\n"
    assert runner.invoke(args=["providers", "not-required"]).output == "No provider is required.\n"
    assert is_signed_in(sign_in(Client(app), sam))


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("https://127.0.0.1:1/x", frozenset()),
        ("https://10.0.0.1/x", frozenset()),
        ("http://sso.internal/x", frozenset({"sso.internal"})),  # named, and still only by https
        ("file:///etc/passwd", frozenset()),
    ],
)
def test_only_public_addresses_are_asked_unless_the_server_names_a_host(address: str, hosts: frozenset[str]) -> None:
    with pytest.raises(ProviderError) as raised:
        ProviderNetwork(False, hosts).send("GET", address, {})
    assert raised.value.problem == ProviderProblem.UNREACHABLE


def test_discovery_is_kept_for_an_hour_and_asked_again_afterwards(session: Session, fake: FakeProvider) -> None:
    settings, at = provider(session, set_up_provider(session, fake)), now()
    assert settings is not None
    network = ProviderNetwork(allow_local=True)
    for later in (timedelta(0), timedelta(minutes=59), timedelta(minutes=61)):
        assert ProviderClient(settings, CLIENT_SECRET, network, at + later).metadata().issuer == fake.issuer
    assert len(fake.asked) == 2
