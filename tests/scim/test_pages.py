"""Administrators' pages of connections, from the first token to the end."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.people.actions import merge_teams
from course.people.models import Membership, Person, RoleGrant
from course.people.queries.ownership import owned_fields
from course.scim.events import AUDIT_EVENTS
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.scim.connected import Provider, connect


@pytest.fixture
def chief(session: Session, client: Client) -> Client:
    """The browser of an administrator."""
    return sign_in(client, make_person(session, "Ben Ode", "ben@example.org", "administrator"))


def token_on(page_text: str) -> str:
    found = re.search(r"oacr_[0-9A-Za-z]{49}", page_text)
    assert found is not None
    return found.group()


def test_an_administrator_adds_a_connection_and_replaces_its_token_while_both_work(app: Flask, chief: Client) -> None:
    page = chief.post("/system/scim", {"name": "Microsoft Entra"})
    address = str(page.location)
    first = chief.post(f"{address}/token", {})
    shown = chief.get(str(first.location).partition("#")[0])
    old = Provider(app, token_on(shown.html), 1)
    assert "/scim/v2" in shown.html
    assert "oacr_" not in chief.get(address).html
    chief.post(f"{address}/token", {})
    new = Provider(app, token_on(chief.get(address).html), 1)
    assert [one.call("GET", "/Users").status_code for one in (old, new)] == [200, 200]
    revoke = re.findall(rf"{address}/token/(\d+)/revoke", chief.get(address).html)
    assert len(revoke) == 2
    chief.post(f"{address}/token/{min(map(int, revoke))}/revoke", {})
    assert [one.call("GET", "/Users").status_code for one in (old, new)] == [401, 200]
    assert chief.post("/system/scim", {"name": "Microsoft Entra"}, 422).text.count("already a connection") == 2


def test_a_group_gives_and_takes_what_its_table_says_and_leaves_what_was_given_by_hand(
    app: Flask, session: Session, chief: Client
) -> None:
    entra = connect(app, session)
    staff, hall = make_team(session, "Staff"), make_team(session, "Hall")
    mia, leo = entra.create("mia@example.org"), entra.create("leo@example.org", "Leo", "Hahn")
    ids = {row.email: row.id for row in session.execute(select(Person.id, Person.email))}
    group = entra.group("Teachers", mia["id"])
    address = f"/system/scim/{entra.connection_id}"
    page = chief.get(address)
    number = re.findall(rf"{address}/groups/(\d+)", page.html)[0]
    chief.post(f"{address}/groups/{number}", {"kind": "team"}, 422)
    chief.post(f"{address}/groups/{number}", {"kind": "team", "team": str(staff.id)})
    chief.post(f"{address}/groups/{number}", {"kind": "manager", "team": str(hall.id)})
    chief.post(f"{address}/groups/{number}", {"kind": "pathway", "pathway": "school"})

    def teams_of(email: str) -> set[int]:
        rows = select(Membership.team_id).where(Membership.person_id == ids[email], Membership.until.is_(None))
        return set(session.execute(rows).scalars())

    session.expire_all()
    owned = owned_fields(session, ids["mia@example.org"])
    assert (set(owned.teams), set(owned.managed), "pathway" in owned.fields) == ({staff.id}, {hall.id}, True)
    assert "Member of Staff" in chief.get(address).text
    # Leo was put into the team by hand before the group: the group never takes that.
    chief.post(f"/people/{ids['leo@example.org']}/teams", {"team": str(staff.id), "how": "add"})
    entra.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": leo["id"]}]})
    assert (teams_of("mia@example.org"), teams_of("leo@example.org")) == ({staff.id}, {staff.id})
    entra.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    session.expire_all()
    assert (teams_of("mia@example.org"), teams_of("leo@example.org")) == (set(), {staff.id})
    owned = owned_fields(session, ids["mia@example.org"])
    assert (owned.teams, owned.managed, "pathway" in owned.fields) == ({}, {}, False)


def test_what_a_group_gave_in_a_team_that_was_merged_ends_with_the_group(
    app: Flask, session: Session, chief: Client
) -> None:
    entra = connect(app, session)
    staff, hall = make_team(session, "Staff"), make_team(session, "Hall")
    users = {name: entra.create(f"{name}@example.org", name.title(), "Hahn") for name in ("mia", "leo", "noor")}
    ids = {row.email: row.id for row in session.execute(select(Person.id, Person.email))}
    group = entra.group("Teachers", users["mia"]["id"], users["leo"]["id"])
    address = f"/system/scim/{entra.connection_id}"
    number = re.findall(rf"{address}/groups/(\d+)", chief.get(address).html)[0]
    chief.post(f"{address}/groups/{number}", {"kind": "team", "team": str(staff.id)})
    chief.post(f"{address}/groups/{number}", {"kind": "manager", "team": str(staff.id)})
    # Leo was put into the other team by hand.
    chief.post(f"/people/{ids['leo@example.org']}/teams", {"team": str(hall.id), "how": "add"})

    def held() -> dict[str, tuple[int, ...]]:
        """Who is in Hall, and who manages it."""
        session.expire_all()
        return {
            name: tuple(
                len(session.execute(
                    select(table.id).where(
                        table.person_id == ids[f"{name}@example.org"], table.team_id == hall.id, table.until.is_(None)
                    )
                ).all())
                for table in (Membership, RoleGrant)
            )
            for name in users
        }  # fmt: skip

    assert merge_teams(make_context(session, None, now()), staff.id, hall.id, "one team") is None
    session.commit()
    assert held() == {"mia": (1, 1), "leo": (1, 1), "noor": (0, 0)}
    owned = owned_fields(session, ids["mia@example.org"])
    assert (set(owned.teams), set(owned.managed)) == ({hall.id}, {hall.id})
    entra.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": users["noor"]["id"]}]})
    assert held() == {"mia": (1, 1), "leo": (1, 1), "noor": (1, 1)}
    assert "Member of Hall" in chief.get(address).text
    entra.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert held() == {"mia": (0, 0), "leo": (1, 0), "noor": (0, 0)}


def test_what_a_connection_owns_cannot_be_changed_by_hand_until_the_connection_ends(
    app: Flask, session: Session, chief: Client
) -> None:
    entra = connect(app, session)
    team = make_team(session, "Staff")
    made = entra.create("mia@example.org")
    mia = session.execute(select(Person).where(Person.email == "mia@example.org")).scalar_one()
    group = entra.group("Teachers", made["id"])
    address = f"/system/scim/{entra.connection_id}"
    number = re.findall(rf"{address}/groups/(\d+)", chief.get(address).html)[0]
    chief.post(f"{address}/groups/{number}", {"kind": "team", "team": str(team.id)})
    page = chief.get(f"/people/{mia.id}/correct")
    assert "This comes from Microsoft Entra" in page.text
    form = {"name": "Mia Stone", "email": "mia@example.org", "reason": "married", "job_role": "Teacher"}
    refused = chief.post(f"/people/{mia.id}/correct", form, 422)
    assert "This comes from Microsoft Entra" in refused.text
    chief.post(f"/people/{mia.id}/correct", {**form, "name": "Mia Okoro"})
    session.expire_all()
    assert (session.get_one(Person, mia.id).name, session.get_one(Person, mia.id).job_role) == ("Mia Okoro", "Teacher")
    left = {"last_day": "2026-11-20", "reason": "moved"}
    assert "This comes from Microsoft Entra" in chief.post(f"/people/{mia.id}/leave", left, 422).text
    bond = session.execute(select(Membership.id).where(Membership.person_id == mia.id)).scalar_one()
    chief.post(f"/people/{mia.id}/teams/{bond}/end", {})
    session.expire_all()
    assert session.get_one(Membership, bond).until is None
    assert "Microsoft Entra" in chief.get(f"/people/{mia.id}").text
    chief.post(f"{address}/end", {})
    session.expire_all()
    assert session.get_one(Membership, bond).until is None
    assert entra.call("GET", f"/Groups/{group['id']}").status_code == 401
    chief.post(f"/people/{mia.id}/correct", form)
    session.expire_all()
    assert session.get_one(Person, mia.id).name == "Mia Stone"


def test_the_page_says_in_words_why_a_call_was_refused_and_about_whom(
    app: Flask, session: Session, chief: Client
) -> None:
    entra = connect(app, session)
    known = make_person(session, "Ivo Petrov", "mia@example.org")
    body = {"userName": "mia@example.org", "name": {"givenName": "Mia", "familyName": "Okoro"}}
    schema = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}
    assert entra.call("POST", "/Users", schema | body).status_code == 409
    page = chief.get(f"/system/scim/{entra.connection_id}")
    assert "belong to two people here" in page.text
    assert f"/people/{known.id}" in page.html
    assert "mia@example.org" not in page.text
    assert "Not used yet" not in chief.get("/system/scim").text


def test_all_that_is_done_to_a_connection_and_by_it_is_in_the_log(app: Flask, session: Session, chief: Client) -> None:
    entra, team = connect(app, session), make_team(session, "Staff")
    chief.post("/system/scim", {"name": "Okta"})
    made = entra.create("mia@example.org")
    entra.group("Teachers", made["id"])
    address = f"/system/scim/{entra.connection_id}"
    page = chief.get(address)
    number, token = (re.findall(rf"{address}/{what}/(\d+)", page.html)[0] for what in ("groups", "token"))
    chief.post(f"{address}/groups/{number}", {"kind": "team", "team": str(team.id)})
    rule = re.findall(rf"{address}/rules/(\d+)/end", chief.get(f"{address}/groups/{number}").html)[0]
    chief.post(f"{address}/rules/{rule}/end", {})
    chief.post(f"{address}/administrators", {"owned": "yes"})
    entra.call("DELETE", f"/Users/{made['id']}")
    chief.post(f"{address}/token/{token}/revoke", {})
    chief.post(f"{address}/end", {})
    recorded = set(session.execute(select(AuditEntry.what).where(AuditEntry.what.startswith("scim."))).scalars())
    assert recorded == {kind.name for kind in AUDIT_EVENTS}
