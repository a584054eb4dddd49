"""Accounts that are made, linked and unlinked, and what groups give and take: also between two sign-ins, people and processes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.identity_providers.actions import sign_in_identity
from course.identity_providers.models import IdentityLink
from course.identity_providers.queries import provider
from course.identity_providers.rules.groups import GroupRow
from course.identity_providers.rules.identity import ProviderIdentity
from course.learning.models import Enrolment
from course.people.actions import grant_role, merge_people, merge_teams, revoke_role
from course.people.models import Membership, Person, RoleGrant, Team
from course.people.queries import chosen_pathway, role_assignments
from course.web.unit_of_work import unit_of_work
from tests.identity_providers.fake_provider import FakeProvider
from tests.identity_providers.making import another, begin_link, is_signed_in, set_up_provider, sign_in_with
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


def _person(session: Session, email: str = "sam@example.org") -> Person:
    session.expire_all()
    return session.execute(select(Person).where(Person.email == email)).scalar_one()


def _roles(session: Session, person_id: int) -> set[str | None]:
    session.expire_all()
    return {one.role for one in role_assignments(session, person_id) if one.until is None}


def _teams(session: Session, person_id: int) -> set[str]:
    rows = select(Team.name).join(Membership, Membership.team_id == Team.id)
    return set(session.execute(rows.where(Membership.person_id == person_id, Membership.until.is_(None))).scalars())


def test_the_first_sign_in_adds_a_person_with_team_role_and_pathway_of_their_groups(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_organisation(session)
    staff, leads = make_team(session), make_team(session, "Leads")
    number = set_up_provider(
        session, fake, makes_accounts=True, team_id=staff.id,
        groups=(GroupRow("leads", leads.id, "manager", "leaders"), GroupRow("hr", None, "hr", None)),
    )  # fmt: skip
    sign_in_with(client, fake, number, groups=["leads"], email="SAM@example.org")
    person = _person(session)
    assert client.get("/me").h1 == "Sam Okafor"
    assert _teams(session, person.id) == {"Leads"}
    assert _roles(session, person.id) == {"manager"}
    chosen = chosen_pathway(session, person.id)
    assert chosen is not None
    assert chosen.pathway == "leaders"
    assert session.execute(select(func.count()).select_from(Enrolment)).scalar_one() == 1
    # In no group of the table: the team of the provider, a learner, and nothing else.
    sign_in_with(another(client.app), fake, number, sub="2", email="ada@example.org", groups=["admins"])
    other = _person(session, "ada@example.org")
    assert (_teams(session, other.id), _roles(session, other.id)) == ({"Staff"}, set())


def test_a_role_of_a_group_is_taken_with_the_group_and_one_given_by_hand_never(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person = make_person(session)
    make_person(session, "Ann Min", "ann@example.org", "administrator")
    staff, leads = make_team(session), make_team(session, "Leads")
    table = (
        GroupRow("a", None, "administrator"),
        GroupRow("h", None, "hr"),
        GroupRow("s", staff.id),
        GroupRow("l", leads.id),
    )
    number = set_up_provider(session, fake, groups=table)
    grant_role(make_context(session, None, now()), person.id, "hr", None)
    session.commit()
    steps: list[tuple[Any, set[str], set[str]]] = [
        (["a", "h", "s"], {"administrator", "hr"}, {"Staff"}),
        # Too many groups for a token: the provider does not say them, and nothing is taken.
        (None, {"administrator", "hr"}, {"Staff"}),
        (["l"], {"hr"}, {"Leads"}),
        # The only team stays, so that a manager sees them.
        ([], {"hr"}, {"Leads"}),
        (["s"], {"hr"}, {"Staff"}),
    ]
    fake.userinfo = {"sub": "248289761001"}
    for groups, roles, teams in steps:
        sign_in_with(another(client.app), fake, number, groups=groups)
        assert (_roles(session, person.id), _teams(session, person.id)) == (roles, teams), groups


def test_a_role_that_was_given_by_hand_after_the_groups_one_was_removed_stays(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person = make_person(session)
    number = set_up_provider(session, fake, groups=(GroupRow("h", None, "hr"),))
    sign_in_with(client, fake, number, groups=["h"])
    context = make_context(session, None, now())
    session.expire_all()
    grant = session.execute(select(RoleGrant.id)).scalar_one()
    revoke_role(context, person.id, grant)
    grant_role(context, person.id, "hr", None)
    session.commit()
    sign_in_with(another(client.app), fake, number, groups=[])
    assert _roles(session, person.id) == {"hr"}


def test_the_last_administrator_stays_one_without_the_group(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person = make_person(session)
    number = set_up_provider(session, fake, groups=(GroupRow("a", None, "administrator"),))
    sign_in_with(client, fake, number, groups=["a"])
    sign_in_with(another(client.app), fake, number, groups=[])
    assert _roles(session, person.id) == {"administrator"}


def test_a_closed_team_of_the_table_hinders_nobody(client: Client, session: Session, fake: FakeProvider) -> None:
    make_organisation(session)
    staff, leads = make_team(session), make_team(session, "Leads")
    number = set_up_provider(
        session, fake, makes_accounts=True, team_id=staff.id, groups=(GroupRow("l", leads.id, "manager"),)
    )
    leads.closed_at = now()
    session.commit()
    sign_in_with(client, fake, number, groups=["l"])
    assert _teams(session, _person(session).id) == {"Staff"}


def test_who_has_no_password_cannot_change_unlink_or_use_one_and_may_choose_one_by_a_link(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_organisation(session)
    number = set_up_provider(session, fake, makes_accounts=True)
    sign_in_with(client, fake, number)
    assert "Change my password" not in client.get("/me").text
    page = client.get("/me/accounts")
    assert "Riverside ID · sam@example.org" in page.text
    link = session.execute(select(IdentityLink.id)).scalar_one()
    client.post(f"/me/accounts/{link}/unlink", {})
    assert "your only way to sign in" in client.get("/me/accounts").text
    other = another(client.app)
    assert (
        "is not right"
        in other.post("/sign-in", {"email": "sam@example.org", "password": "quiet river 42 lamp"}, 422).text
    )


def test_a_person_links_and_unlinks_an_account_whose_address_is_another_one(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person, other = make_person(session), make_person(session, "Ada Brook", "ada@example.org")
    number = set_up_provider(session, fake)
    sign_in(client, person)
    begun = begin_link(client, number)
    back = client.get(fake.sign_in(begun, email="private@example.net", email_verified=False), 303)
    assert "is linked" in client.follow(back).text
    fresh = another(client.app)
    sign_in_with(fresh, fake, number, email="private@example.net", email_verified=False)
    assert fresh.get("/me").h1 == "Sam Okafor"
    # The same account cannot belong to somebody else as well.
    sign_in(ada := another(client.app), other)
    begun = begin_link(ada, number)
    assert "linked to another person" in ada.get(fake.sign_in(begun), 403).text
    link = session.execute(select(IdentityLink.id)).scalar_one()
    ada.post(f"/me/accounts/{link}/unlink", {})
    assert session.execute(select(IdentityLink.ended_at)).scalar_one() is None
    client.post(f"/me/accounts/{link}/unlink", {})
    sign_in_with(another(client.app), fake, number, 403, email="private@example.net", email_verified=False)


def test_linking_that_was_begun_as_one_person_does_not_end_with_another(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person, other = make_person(session), make_person(session, "Ada Brook", "ada@example.org")
    number = set_up_provider(session, fake)
    sign_in(client, person)
    begun = begin_link(client, number)
    client.post("/sign-out", {})
    sign_in(client, other)
    client.get(fake.sign_in(begun), 403)
    assert session.execute(select(func.count()).select_from(IdentityLink)).scalar_one() == 0


def test_an_account_that_an_administrator_unlinked_is_signed_out_and_not_linked_again_by_its_address(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person = make_person(session)
    admin = make_person(session, "Ann Min", "ann@example.org", "administrator")
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    link = session.execute(select(IdentityLink.id)).scalar_one()
    sign_in(boss := another(client.app), admin)
    assert "Riverside ID · sam@example.org" in boss.get(f"/people/{person.id}/accounts").text
    boss.post(f"/people/{person.id}/accounts/{link}/unlink", {})
    boss.post(f"/people/{person.id}/accounts/{link}/unlink", {})
    assert not is_signed_in(client)
    assert "An administrator has unlinked" in sign_in_with(client, fake, number, 403).text
    # Another account with the same address is linked, as when it was made anew at the provider.
    sign_in_with(client, fake, number, sub="made anew")
    assert is_signed_in(client)


def test_two_entries_that_were_one_person_keep_the_linked_account(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    person, kept = make_person(session), make_person(session, "Sam Okafor", "sam.okafor@example.org")
    number = set_up_provider(session, fake)
    sign_in_with(client, fake, number)
    merge_people(make_context(session, None, now()), person.id, kept.id, False, "the same person")
    session.commit()
    sign_in_with(client, fake, number)
    assert "sam.okafor@example.org" in client.get("/me").text


def test_what_groups_gave_an_entry_is_taken_with_the_group_after_it_was_merged_into_another(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_organisation(session)
    staff, leads = make_team(session), make_team(session, "Leads")
    table = (GroupRow("l", leads.id, "manager"), GroupRow("h", None, "hr"))
    kept = make_person(session, "Sam Okafor", "sam.okafor@example.org", team=staff)
    context = make_context(session, None, now())
    grant_role(context, kept.id, "hr", None)
    number = set_up_provider(session, fake, makes_accounts=True, groups=table)
    sign_in_with(another(client.app), fake, number, groups=["l", "h"])
    merge_people(make_context(session, None, now()), _person(session).id, kept.id, False, "the same person")
    session.commit()
    assert (_roles(session, kept.id), _teams(session, kept.id)) == ({"manager", "hr"}, {"Staff", "Leads"})
    sign_in_with(client, fake, number, groups=["l"])
    assert (_roles(session, kept.id), _teams(session, kept.id)) == ({"manager", "hr"}, {"Staff", "Leads"})
    sign_in_with(another(client.app), fake, number, groups=[])
    # What they had by hand before stays.
    assert (_roles(session, kept.id), _teams(session, kept.id)) == ({"hr"}, {"Staff"})


def test_what_groups_give_in_a_team_that_is_merged_they_give_in_the_other_one_and_take_there(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_organisation(session)
    staff, leads, pool = make_team(session), make_team(session, "Leads"), make_team(session, "Pool")
    table = (GroupRow("l", leads.id, "manager"), GroupRow("p", pool.id))
    number = set_up_provider(session, fake, makes_accounts=True, team_id=pool.id, groups=table)
    sign_in_with(client, fake, number, groups=["l", "p"])
    person = _person(session)
    assert merge_teams(make_context(session, None, now()), leads.id, staff.id, "one team") is None
    assert merge_teams(make_context(session, None, now()), pool.id, staff.id, "one team") is None
    session.commit()
    assert (_roles(session, person.id), _teams(session, person.id)) == ({"manager"}, {"Staff"})
    for groups in (["l"], ["l", "p"]):
        sign_in_with(another(client.app), fake, number, groups=groups)
        assert (_roles(session, person.id), _teams(session, person.id)) == ({"manager"}, {"Staff"})
    # Somebody who comes later is put into the team that there is.
    sign_in_with(another(client.app), fake, number, sub="2", email="ada@example.org", groups=["none"])
    assert _teams(session, _person(session, "ada@example.org").id) == {"Staff"}
    # Who is in the group no more is no manager any more. The only team stays.
    sign_in_with(another(client.app), fake, number, groups=[])
    assert (_roles(session, person.id), _teams(session, person.id)) == (set(), {"Staff"})


def test_two_first_sign_ins_at_once_make_one_person(committed: Flask, fake: FakeProvider) -> None:
    with committed.app_context(), unit_of_work() as session:
        make_organisation(session)
        number = set_up_provider(session, fake, makes_accounts=True)
    identity = ProviderIdentity(fake.issuer, "1", "sam@example.org", True, "Sam Okafor")
    barrier, results = threading.Barrier(2), []

    def enter() -> None:
        with committed.app_context():
            barrier.wait(10)
            with unit_of_work() as session:
                settings = provider(session, number)
                assert settings is not None
                results.append(sign_in_identity(make_context(session, None, now()), settings, identity))

    threads = [threading.Thread(target=enter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2
    assert results[0] == results[1]
    with committed.app_context(), unit_of_work() as session:
        assert session.execute(select(func.count()).select_from(Person)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(IdentityLink)).scalar_one() == 1


def test_why_somebody_has_a_pathway_is_stored_in_english_whatever_their_browser_asks_for(
    client: Client, session: Session, fake: FakeProvider
) -> None:
    make_organisation(session)
    groups = (GroupRow("leads", None, None, "leaders"),)
    number = set_up_provider(session, fake, makes_accounts=True, groups=groups)
    client.flask.environ_base["HTTP_ACCEPT_LANGUAGE"] = "cy"
    sign_in_with(client, fake, number, groups=["leads"])
    chosen = chosen_pathway(session, _person(session).id)
    assert chosen is not None
    assert chosen.reason.startswith("By a group at ")
