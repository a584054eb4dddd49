"""Signing in with SAML in a browser: who is let in, and between two browsers, flows, providers and keys."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.identity_providers import actions
from course.identity_providers.models import IdentityLink, IdentityProvider, UsedSamlAssertion
from course.identity_providers.rules.flow import flow_cookie
from course.identity_providers.rules.groups import GroupRow
from course.identity_providers.rules.saml_settings import SamlSettings
from tests.conftest import SECRET
from tests.identity_providers.fake_provider import FakeProvider
from tests.identity_providers.making import another, begin_link, is_signed_in
from tests.identity_providers.saml_browser import bring, saml_details, service_of, set_up_saml, sign_in_with_saml
from tests.identity_providers.saml_provider import SUBJECT, SamlIdentityProvider, encoded, state_of
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.supervised_sessions.makers import enter, make_hall

pytestmark = pytest.mark.both_engines


def _problems(session: Session) -> list[str]:
    rows = select(AuditEntry).where(AuditEntry.what == "sign_in.provider_refused").order_by(AuditEntry.number)
    return [json.loads(row.details)["problem"] for row in session.execute(rows).scalars()]


def test_a_person_signs_in_over_the_page_between_and_reaches_the_page_that_they_asked_for(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    person = make_person(session)
    number = set_up_saml(session, saml_provider)
    address = next(a.get("href", "") for a in client.get("/sign-in?next=/me").all("a") if "/with/" in a.get("href", ""))
    back = sign_in_with_saml(client, saml_provider, number, client.get(address, 303).location)
    assert (back.status, back.location) == (303, "/me")
    assert client.follow(back).h1 == "Sam Okafor"
    (link,) = session.execute(select(IdentityLink)).scalars()
    assert (link.person_id, link.subject, link.how) == (person.id, SUBJECT, "address")


def test_the_browser_of_a_room_is_taken_back_with_saml_and_not_while_somebody_sits_there(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    hall = make_hall(client.app, session)
    number, planned = set_up_saml(session, saml_provider), hall.plan()
    codes, room = hall.codes(planned), hall.room(planned)

    def answer() -> dict[str, str]:
        begun = room.get(f"/sign-in/with/{number}", 303).location
        told = saml_provider.answer(begun, service_of(client, number), attributes={"mail": ["alex@example.org"]})
        return {"SAMLResponse": encoded(told), "RelayState": state_of(begun), "here": "1"}

    fields = answer()
    enter(room, codes["Sam Okafor"])
    assert bring(room, number, fields).location == "/room/part"
    room.post("/room/leave", {})
    assert bring(room, number, answer()).location == "/"
    assert "Alex Morgan" in room.get("/me").text


def test_the_address_counts_only_where_its_domain_is_named_and_then_not_any_more(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    make_person(session)
    make_person(session, "Ada Brook", "ada@example.org")
    number = set_up_saml(session, saml_provider, domains=("example.com",))
    assert sign_in_with_saml(client, saml_provider, number).status == 403
    assert _problems(session) == ["address not verified"]
    actions.change_saml_provider(
        make_context(session, None, now()), number, saml_details(), SamlSettings(saml_provider.metadata), SECRET
    )
    session.commit()
    sign_in_with_saml(client, saml_provider, number)
    again = another(client.app)
    sign_in_with_saml(again, saml_provider, number, attributes={"mail": ["ada@example.org"]})
    assert again.get("/me").h1 == "Sam Okafor"


def test_two_providers_that_call_themselves_the_same_do_not_share_accounts(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    make_person(session)
    first = set_up_saml(session, saml_provider)
    second = set_up_saml(session, saml_provider, domains=())
    sign_in_with_saml(client, saml_provider, first)
    other = another(client.app)
    assert sign_in_with_saml(other, saml_provider, second).status == 403
    assert not is_signed_in(other)


def test_an_answer_is_used_once_and_only_in_the_browser_that_began(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    make_person(session)
    number = set_up_saml(session, saml_provider)
    begun = client.get(f"/sign-in/with/{number}", 303)
    state = state_of(begun.location)
    fields = {
        "SAMLResponse": encoded(saml_provider.answer(begun.location, service_of(client, number))),
        "RelayState": state, "here": "1",
    }  # fmt: skip
    thief = another(client.app)
    assert bring(thief, number, fields).status == 403  # a stolen answer, and one that nobody asked for
    thief.get(f"/sign-in/with/{number}", 303)
    assert bring(thief, number, fields).status == 403
    copied = client.flask.get_cookie(flow_cookie(state), path="/sign-in")
    assert copied is not None
    assert bring(client, number, fields).status == 303
    thief.flask.set_cookie(copied.key, copied.value, path="/sign-in")
    page = bring(thief, number, fields)
    assert (page.status, is_signed_in(thief)) == (403, False)
    assert "used already" in page.text


def test_an_assertion_is_used_once_even_for_another_flow_and_forgotten_after_its_end(session: Session) -> None:
    at = now()
    assert actions.use_assertion(session, "a" * 64, at + timedelta(hours=1), at)
    assert not actions.use_assertion(session, "a" * 64, at + timedelta(hours=1), at)
    assert actions.use_assertion(session, "b" * 64, at + timedelta(days=9000), at)
    assert actions.use_assertion(session, "c" * 64, at + timedelta(hours=1), at + timedelta(days=2))
    assert [row.mark[0] for row in session.execute(select(UsedSamlAssertion)).scalars()] == ["c"]


def test_a_refused_answer_signs_nobody_in_is_logged_and_a_new_attempt_succeeds(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    make_person(session)
    number = set_up_saml(session, saml_provider)
    page = sign_in_with_saml(client, saml_provider, number, is_signed=False)
    assert (page.status, page.h1) == (403, "You are not signed in")
    assert _problems(session) == ["signature"]
    assert sign_in_with_saml(client, saml_provider, number).status == 303


def test_a_changed_key_is_found_at_the_metadata_address_but_not_in_pasted_metadata(
    client: Client, session: Session, tmp_path: Path, fake: FakeProvider
) -> None:
    make_person(session)
    idp = SamlIdentityProvider(tmp_path)
    fake.raw = idp.metadata.encode()
    pasted = set_up_saml(session, idp)
    by_address = set_up_saml(session, idp, discovery=f"{fake.issuer}/.well-known/openid-configuration")
    assert sign_in_with_saml(client, idp, by_address).status == 303
    idp.change_key()
    assert sign_in_with_saml(another(client.app), idp, by_address).status == 403
    fake.raw = idp.metadata.encode()
    assert sign_in_with_saml(another(client.app), idp, by_address).status == 303
    assert sign_in_with_saml(another(client.app), idp, pasted).status == 403
    assert _problems(session) == ["signature", "signature"]
    fake.down = True
    assert sign_in_with_saml(another(client.app), idp, by_address).status == 303  # kept in memory


def test_groups_give_and_take_and_a_missing_attribute_means_no_group(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    team = make_team(session)
    number = set_up_saml(
        session, saml_provider, makes_accounts=True, team_id=team.id, groups_claim="eduPersonAffiliation",
        groups=(GroupRow("leads", None, "hr", None),),
    )  # fmt: skip
    named = {"mail": ["new@example.org"], "displayName": ["Nia New"], "eduPersonAffiliation": ["leads"]}
    sign_in_with_saml(client, saml_provider, number, attributes=named)
    assert client.get("/me").h1 == "Nia New"
    client.get("/people")
    again = another(client.app)
    sign_in_with_saml(again, saml_provider, number, attributes={"mail": ["new@example.org"]})
    again.get("/people", 403)


def test_somebody_links_an_account_and_only_the_person_who_began_can(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    person = make_person(session, "Ann Min", "ann@example.net", "administrator")
    number = set_up_saml(session, saml_provider, active=False)
    sign_in(client, person)
    linked = sign_in_with_saml(client, saml_provider, number, begin_link(client, number))
    assert (linked.status, linked.location) == (303, "/me/accounts")
    assert is_signed_in(client)
    (link,) = session.execute(select(IdentityLink)).scalars()
    assert (link.person_id, link.how) == (person.id, "person")


def test_addresses_of_one_protocol_are_not_there_for_the_other(
    client: Client, session: Session, saml_provider: SamlIdentityProvider
) -> None:
    number = set_up_saml(session, saml_provider)
    client.get(f"/sign-in/with/{number}/back?state=x&code=y", 404)
    client.get("/sign-in/with/99/saml/metadata", 404)
    row = session.get_one(IdentityProvider, number)
    row.kind = "openid"
    session.commit()
    assert bring(client, number, {"SAMLResponse": "x"}).status == 404
    client.get(f"/sign-in/with/{number}/saml/metadata", 404)
