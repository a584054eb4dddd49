"""Before sensitive deeds: who signs in through a provider proves there that it is them, and an old session there is no proof."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth.models import SignInSession
from course.clock import now
from course.people.models import Person, RoleGrant
from tests.auth.test_proof import age_proof
from tests.identity_providers.fake_provider import FakeProvider
from tests.identity_providers.making import another, set_up_provider, sign_in_with
from tests.identity_providers.saml_browser import bring, service_of, set_up_saml, sign_in_with_saml
from tests.identity_providers.saml_provider import SamlIdentityProvider, encoded, replaced, state_of
from tests.makers import PASSWORD, make_organisation, make_person, make_team, sign_in
from tests.pages import Client, Page

NEW_PERSON = {"name": "Kim Low", "email": "kim@example.org", "role": "hr", "pathway": ""}


def _hours_ago(hours: float) -> int:
    return int((now() - timedelta(hours=hours)).timestamp())


def _admin(session: Session) -> Person:
    make_organisation(session)
    return make_person(session, "Sam Okafor", "sam@example.org", "administrator")


def _ask(client: Client, team_id: int) -> Page:
    """Try to add somebody with a role; the page that asks for a proof."""
    asked = client.post("/people/add", {**NEW_PERSON, "team": str(team_id)}, 409)
    assert "Sign in again with Riverside ID" in asked.text
    return asked


def _go(client: Client, number: int, asked: Page, status: int = 200) -> Page:
    """Press the button of the provider on that page."""
    fields = {name: asked.fields()[name] for name in ("kept", "next")}
    return client.post(f"/sign-in/with/{number}/confirm", fields, status)


def _address(page: Page) -> str:
    return str(page.headers["Refresh"]).partition("url=")[2]


def _added(session: Session) -> list[str]:
    session.expire_all()
    rows = select(Person.name).join(RoleGrant, RoleGrant.person_id == Person.id).where(RoleGrant.role == "hr")
    return list(session.execute(rows).scalars())


def _problems(session: Session) -> list[str]:
    session.expire_all()
    rows = select(AuditEntry.details).where(AuditEntry.what == "sign_in.provider_refused").order_by(AuditEntry.number)
    return [json.loads(row)["problem"] for row in session.execute(rows).scalars()]


@pytest.mark.both_engines
def test_what_was_entered_waits_while_the_person_proves_at_the_provider_who_they_are(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    _admin(session)
    team, number = make_team(session), set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    age_proof(client, timedelta(minutes=16))
    begun = _go(client, number, _ask(client, team.id))
    asked = parse_qs(urlsplit(_address(begun)).query)
    assert (asked["max_age"], asked["prompt"]) == (["0"], ["login"])
    assert "Kim Low" not in str(begun.headers)
    proved = client.get(fake.sign_in(_address(begun)), 200)
    assert proved.h1 == "Thank you"
    client.flask.post("/people/add", data=proved.fields())
    assert _added(session) == ["Kim Low"]
    # The session that the person had goes on: nobody is signed in a second time.
    assert len(session.execute(select(SignInSession.nonce_hash)).all()) == 1


WRONG_PROOFS: list[tuple[str, dict[str, Any], str]] = [
    ("time of the sign-in", {"auth_time": None}, "does not say when you signed in"),
    ("not signed in anew", {"auth_time": _hours_ago(5)}, "did not ask who you are again"),
    ("account that is not linked to them", {"sub": "another"}, "an account that is not linked to you"),
]


@pytest.mark.parametrize(("problem", "claims", "words"), WRONG_PROOFS)
def test_what_proves_nothing_is_refused_in_words_and_what_was_entered_still_waits_for_another_way(
    problem: str, claims: dict[str, Any], words: str, client: Client, session: Session, fake: FakeProvider
) -> None:
    _admin(session)
    team, number = make_team(session), set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    age_proof(client, None)
    begun = _go(client, number, _ask(client, team.id))
    refused = client.get(fake.sign_in(_address(begun), **claims), 403)
    assert words in refused.text
    assert _problems(session) == [problem]
    client.post("/people/add", {**NEW_PERSON, "team": str(team.id)}, 409)  # nothing is proved
    assert _added(session) == []
    proved = client.post("/me/proof", {**refused.fields(), "password": PASSWORD}, 200)
    client.flask.post("/people/add", data=proved.fields())
    assert _added(session) == ["Kim Low"]


def test_a_provider_that_does_not_answer_costs_nothing_that_was_entered(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    _admin(session)
    team, number = make_team(session), set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    age_proof(client, None)
    asked = _ask(client, team.id)
    back = fake.sign_in(_address(_go(client, number, asked)))
    fake.down = True
    refused = client.get(back, 424)
    assert "does not answer" in refused.text
    assert refused.fields()["kept"] == asked.fields()["kept"]


def test_what_is_too_long_for_a_cookie_is_said_before_and_the_page_of_the_form_opens_again(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    _admin(session)
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    age_proof(client, None)
    origin = client.app.extensions["course"].config.public_url
    long = {**NEW_PERSON, "name": secrets.token_hex(4000), "csrf_token": client.token()}
    asked = Page(
        client.flask.post("/people/add", data=long, headers={"Origin": origin, "Referer": f"{origin}/people/add?q=k"})
    )
    assert "too long to be kept while you sign in somewhere else" in asked.text
    back = client.get(fake.sign_in(_address(_go(client, number, asked))), 303)
    assert back.location == "/people/add?q=k"


def test_a_proof_that_one_person_began_is_none_for_the_next_in_this_browser(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    _admin(session)
    other = make_person(session, "Ada Brook", "ada@example.org", "administrator")
    team, number = make_team(session), set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    age_proof(client, None)
    back = fake.sign_in(_address(_go(client, number, _ask(client, team.id))))
    client.post("/sign-out", {})
    sign_in(client, other)
    age_proof(client, None)
    assert "Kim Low" not in client.get(back, 403).html
    client.post("/people/add", {**NEW_PERSON, "team": str(team.id)}, 409)
    # Without anyone signed in here there is nothing to prove.
    client.flask.post(f"/sign-in/with/{number}/confirm")
    assert another(client.app).flask.post(f"/sign-in/with/{number}/confirm").status_code in (302, 303, 400, 409)


@pytest.mark.parametrize(("hours_ago", "status"), [(0, 303), (5, 409), (None, 409)], ids=["now", "old", "unknown"])
def test_an_ordinary_sign_in_through_a_provider_proves_as_much_as_the_session_there(
    hours_ago: int | None, status: int, client: Client, session: Session, fake: FakeProvider
) -> None:
    """Whoever finds an open browser can sign out here and in again by the session at the provider, without any password."""
    _admin(session)
    team, number = make_team(session), set_up_provider(session, fake)
    sign_in_with(client, fake, number, auth_time=None if hours_ago is None else _hours_ago(hours_ago))
    client.post("/people/add", {**NEW_PERSON, "team": str(team.id)}, status)


def test_with_saml_an_old_session_is_no_proof_and_a_fresh_sign_in_is(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    _admin(session)
    team, number = make_team(session), set_up_saml(session, saml_provider)
    old = replaced('AuthnInstant="[^"]*"', 'AuthnInstant="2026-01-01T00:00:00Z"')
    sign_in_with_saml(client, saml_provider, number, edit=old)
    for edit, expected in ((old, "did not ask who you are again"), (str, "Send it now")):
        begun = _address(_go(client, number, _ask(client, team.id)))
        answer = encoded(saml_provider.answer(begun, service_of(client, number), edit=edit))
        came = bring(client, number, {"SAMLResponse": answer, "RelayState": state_of(begun), "here": "1"})
        assert expected in came.text
    client.flask.post("/people/add", data=came.fields())
    assert _added(session) == ["Kim Low"]
