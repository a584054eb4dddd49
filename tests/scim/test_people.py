"""What an identity provider does to people: matched, added, owned, gone and back, with nothing of what they did lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.people import actions as people
from course.people.models import Employment, Person, RoleGrant
from course.people.queries.ownership import owned_fields
from course.people.rules import PersonIdentity
from course.scim.actions.connections import lock_connection, set_administrators_owned
from course.scim.models import ScimUser
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.scim.connected import ENTERPRISE_SCHEMA, Provider, connect, user

DEACTIVATE = {"op": "replace", "path": "active", "value": False}
ACTIVATE = {"op": "replace", "path": "active", "value": True}


@pytest.fixture
def entra(app: Flask, session: Session) -> Provider:
    return connect(app, session)


def reread(session: Session, person_id: int) -> Person:
    session.expire_all()
    return session.get_one(Person, person_id)


def refusal(provider: Provider, body: dict[str, Any]) -> tuple[int, str | None]:
    answer = provider.call("POST", "/Users", body)
    return answer.status_code, answer.get_json().get("scimType")


def test_somebody_whom_the_course_knows_by_address_and_name_is_found_and_not_added(
    session: Session, entra: Provider
) -> None:
    known = make_person(session, "Mia Okoro", "mia@example.org")
    entra.create("MIA@example.org", title="Teacher")
    found = session.execute(select(Person.id, Person.job_role).where(Person.email == "mia@example.org")).all()
    session.expire_all()
    assert found == [(known.id, "Teacher")]
    assert set(owned_fields(session, known.id).fields) == {"name", "email", "job_role", "stay"}


def test_somebody_who_had_left_and_is_provisioned_has_a_new_stay(session: Session, entra: Provider) -> None:
    known = make_person(session, "Mia Okoro", "mia@example.org", at=now() - timedelta(days=90))
    before = make_context(session, None, now() - timedelta(days=30))
    assert people.record_departure(before, known.id, before.today, "") is None
    session.commit()
    entra.create("mia@example.org")
    stays = select(Employment.start, Employment.end).where(Employment.person_id == known.id).order_by(Employment.id)
    today = make_context(session, None, now()).today
    assert reread(session, known.id).left_at is None
    assert session.execute(stays).all()[-1] == (today, None)


@pytest.mark.parametrize(
    ("given", "family", "number", "what"),
    [
        ("Ivo", "Petrov", None, "the address is of somebody with another name"),
        ("Mia", "Okoro", "T-2", "the staff number is that of somebody else"),
    ],
)
def test_an_account_that_may_be_somebody_else_is_refused_and_changes_nobody(
    session: Session, entra: Provider, given: str, family: str, number: str | None, what: str
) -> None:
    known = make_person(session, "Mia Okoro", "mia@example.org")
    other = make_person(session, "Sam Reed", "sam@example.org")
    context = make_context(session, None, now())
    assert people.change_identity(context, other.id, PersonIdentity("Sam Reed", "sam@example.org", "T-2"), "") is None
    session.commit()
    values: dict[str, Any] = {ENTERPRISE_SCHEMA: {"employeeNumber": number}} if number else {}
    assert refusal(entra, user("mia@example.org", given, family, **values)) == (409, "uniqueness"), what
    assert (reread(session, known.id).name, reread(session, other.id).name) == ("Mia Okoro", "Sam Reed")
    assert entra.call("GET", "/Users").get_json()["totalResults"] == 0


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_an_administrator_or_auditor_is_not_taken_over(session: Session, entra: Provider, role: str) -> None:
    chief = make_person(session, "Mia Okoro", "mia@example.org")
    context = make_context(session, None, now())
    day = context.today + timedelta(days=30) if role == "auditor" else None
    assert people.grant_role(context, chief.id, role, None, day) is None
    session.commit()
    assert refusal(entra, user("mia@example.org")) == (409, "uniqueness")
    assert owned_fields(session, chief.id).source is None


def test_whoever_becomes_an_administrator_keeps_their_address_until_the_connection_owns_administrators(
    app: Flask, session: Session
) -> None:
    entra = connect(app, session)
    made = entra.create("mia@example.org")
    mia = session.execute(select(Person).where(Person.email == "mia@example.org")).scalar_one()
    assert people.grant_role(make_context(session, None, now()), mia.id, "administrator", None) is None
    session.commit()
    change = {"op": "replace", "path": "userName", "value": "attacker@example.org"}
    assert entra.patch(f"/Users/{made['id']}", change).status_code == 403
    assert reread(session, mia.id).email == "mia@example.org"
    assert entra.call("GET", f"/Users/{made['id']}").get_json()["userName"] == "mia@example.org"
    connection = lock_connection(session, entra.connection_id)
    assert connection is not None
    assert set_administrators_owned(make_context(session, None, now()), connection, True)
    session.commit()
    assert entra.patch(f"/Users/{made['id']}", {**change, "value": "mia.new@example.org"}).status_code == 204
    assert reread(session, mia.id).email == "mia.new@example.org"
    assert entra.patch(f"/Users/{made['id']}", DEACTIVATE).status_code == 204
    assert reread(session, mia.id).left_at is not None


def test_the_only_administrator_is_not_deactivated(app: Flask, session: Session) -> None:
    entra = connect(app, session, owns_administrators=True)
    ada = session.execute(select(Person).where(Person.name == "Ada Byron")).scalar_one()
    made = entra.create(str(ada.email), "Ada", "Byron")
    refused = entra.patch(f"/Users/{made['id']}", DEACTIVATE)
    assert (refused.status_code, entra.call("DELETE", f"/Users/{made['id']}").status_code) == (403, 403)
    assert "only administrator" in refused.get_json()["detail"]
    assert reread(session, ada.id).left_at is None


@pytest.mark.both_engines
def test_a_deactivated_user_leaves_that_day_and_their_session_ends_at_once(
    session: Session, client: Client, entra: Provider
) -> None:
    team = make_team(session)
    mia = make_person(session, "Mia Okoro", "mia@example.org", "manager", team)
    made = entra.create("mia@example.org")
    sign_in(client, mia).get("/record")
    assert entra.patch(f"/Users/{made['id']}", DEACTIVATE).status_code == 204
    assert client.get("/record", 303).location.startswith("/sign-in")
    today = make_context(session, None, now()).today
    ends = select(Employment.end).where(Employment.person_id == mia.id).order_by(Employment.id.desc())
    assert session.execute(ends).scalars().first() == today
    assert (
        session.execute(select(RoleGrant.id).where(RoleGrant.person_id == mia.id, RoleGrant.until.is_(None))).all()
        == []
    )
    assert entra.patch(f"/Users/{made['id']}", ACTIVATE).status_code == 204
    assert reread(session, mia.id).left_at is None


def test_a_deleted_user_is_not_found_and_the_person_stays_and_comes_back_as_the_same(
    session: Session, entra: Provider
) -> None:
    made = entra.create("mia@example.org", externalId="e-1")
    mia = session.execute(select(Person).where(Person.email == "mia@example.org")).scalar_one()
    assert entra.call("DELETE", f"/Users/{made['id']}").status_code == 204
    for method in ("GET", "DELETE", "PUT"):
        assert entra.call(method, f"/Users/{made['id']}", user("mia@example.org")).status_code == 404
    assert entra.patch(f"/Users/{made['id']}", ACTIVATE).status_code == 404
    assert reread(session, mia.id).left_at is not None
    assert owned_fields(session, mia.id).source is None
    again = entra.create("mia.new@example.org", "Mia", "Stone", externalId="e-1")
    assert again["id"] != made["id"]
    found = reread(session, mia.id)
    assert (found.name, found.email, found.left_at) == ("Mia Stone", "mia.new@example.org", None)


def test_a_user_name_that_is_given_to_somebody_else_after_years_is_not_the_same_person(
    session: Session, entra: Provider
) -> None:
    made = entra.create("m.okoro@example.org", "Mia", "Okoro", externalId="e-1")
    mia = session.execute(select(Person.id).where(Person.email == "m.okoro@example.org")).scalar_one()
    entra.call("DELETE", f"/Users/{made['id']}")
    assert refusal(entra, user("m.okoro@example.org", "Max", "Sauer", externalId="e-2")) == (409, "uniqueness")
    assert reread(session, mia).left_at is not None


def test_an_inactive_account_of_somebody_unknown_makes_nobody_until_it_is_activated(
    session: Session, entra: Provider
) -> None:
    made = entra.create("old@example.org", "Old", "Account", active=False)
    assert session.execute(select(Person.id).where(Person.email == "old@example.org")).first() is None
    assert made["active"] is False
    silent = {name: one for name, one in made.items() if name not in ("active", "meta")}
    assert entra.call("PUT", f"/Users/{made['id']}", silent).status_code == 200
    assert session.execute(select(Person.id).where(Person.email == "old@example.org")).first() is None
    assert entra.patch(f"/Users/{made['id']}", ACTIVATE).status_code == 204
    assert session.execute(select(Person.name).where(Person.email == "old@example.org")).scalar() == "Old Account"


def test_nothing_is_kept_of_an_account_that_was_never_active_and_is_deleted(session: Session, entra: Provider) -> None:
    made = entra.create("old@example.org", "Old", "Account", active=False)
    assert entra.call("DELETE", f"/Users/{made['id']}").status_code == 204
    assert session.execute(select(ScimUser.id)).all() == []


@pytest.mark.parametrize(
    "body",
    [
        user("x" * 255),
        user("mia@example.org", "M" * 201),
        user("mia@example.org", title="T" * 101),
        user("mia@example.org", externalId="e" * 255),
        user("mia@example.org") | {ENTERPRISE_SCHEMA: {"employeeNumber": "9" * 51}},
        user("mia\0@example.org"),
        user("two@at@example.org"),
        user("  "),
        user("?"),
    ],
)
def test_a_value_that_cannot_be_kept_is_refused_in_words(
    session: Session, entra: Provider, body: dict[str, Any]
) -> None:
    people_before = session.execute(select(Person.id)).all()
    answer = entra.call("POST", "/Users", body)
    assert (answer.status_code, answer.get_json()["scimType"]) == (400, "invalidValue")
    assert len(answer.get_json()["detail"]) > 10
    assert session.execute(select(Person.id)).all() == people_before


def test_each_change_is_in_the_log_with_the_connection_as_the_one_who_did_it(
    session: Session, client: Client, entra: Provider
) -> None:
    made = entra.create("mia@example.org")
    entra.patch(f"/Users/{made['id']}", {"op": "replace", "path": "name.familyName", "value": "Stone"})
    entra.patch(f"/Users/{made['id']}", DEACTIVATE)
    entries = session.execute(select(AuditEntry).where(AuditEntry.actor_id.is_(None))).scalars()
    done = [one.what for one in entries if '"connection":"Microsoft Entra"' in one.details]
    assert done == ["person.added", "scim.user_linked", "person.changed", "person.left"]
    ada = session.execute(select(Person).where(Person.name == "Ada Byron")).scalar_one()
    page = sign_in(client, ada).get("/audit")
    assert "Microsoft Entra added Mia Stone" in page.text
    assert "mia@example.org" not in "".join(session.execute(select(AuditEntry.details)).scalars())


def test_why_somebody_left_is_stored_in_english_whatever_the_language_of_the_request(
    session: Session, entra: Provider
) -> None:
    made = entra.create("mia@example.org")
    assert entra.patch(f"/Users/{made['id']}", DEACTIVATE, Accept_Language="cy").status_code == 204
    session.expire_all()
    left = select(Employment.reason).where(Employment.end.is_not(None))
    assert session.execute(left).scalars().all() == ["From Microsoft Entra"]
