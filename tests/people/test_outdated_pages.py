"""A page that was opened before somebody else saved another value brings the former one back only if that is said and meant."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from course.context import make_context
from course.people import actions
from course.people.actions.ownership import set_owned_fields
from course.people.models import Person, Team
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client


@pytest.fixture(autouse=True)
def boss(session: Session, client: Client) -> Person:
    person = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sign_in(client, person)
    return person


def test_who_corrects_a_name_does_not_bring_back_the_former_address_unseen(
    session: Session, client: Client, boss: Person
) -> None:
    person = make_person(session)
    path = f"/people/{person.id}/correct"
    form = client.get(path).fields() | {"name": "Sam Hill", "reason": "married"}
    actions.correct_identity(
        make_context(session, boss.id, NOW), person.id, "Sam Okafor", "s@example.org", "", "not theirs"
    )
    session.commit()
    page = client.post(path, form, 422)
    assert "It now says “s@example.org” here. Save again to replace that." in page.text
    assert page.text.count("It now says") == 2  # at the field and above the form: nobody else has changed the name
    client.follow(client.post(path, page.fields() | {"email": "s@example.org"}))
    session.refresh(person)
    assert (person.name, person.email) == ("Sam Hill", "s@example.org")


def test_what_another_system_has_changed_meanwhile_stays_and_stops_no_correction(
    session: Session, client: Client
) -> None:
    person = make_person(session)
    path, system = f"/people/{person.id}/correct", make_context(session, None, NOW)
    set_owned_fields(system, person.id, ["email"], "scim:1", "Entra")
    session.commit()
    form = client.get(path).fields() | {"job_role": "Cook", "reason": "known now"}
    actions.correct_identity(system, person.id, "Sam Okafor", "s@example.org", "", "from Entra")
    session.commit()
    client.follow(client.post(path, form))
    session.refresh(person)
    assert (person.job_role, person.email) == ("Cook", "s@example.org")


def test_who_renames_a_team_does_not_move_it_back_unseen(session: Session, client: Client, boss: Person) -> None:
    region, team = make_team(session, "Region"), make_team(session, "Harbour")
    path = f"/teams/{team.id}/change"
    form = client.get(path).fields() | {"name": "Harbour School", "reason": "clearer"}
    actions.change_team(make_context(session, boss.id, NOW), team.id, "Harbour", region.id, "belongs there")
    session.commit()
    page = client.post(path, form, 422)
    assert "It now says “Region” here. Save again to replace that." in page.text
    client.follow(client.post(path, page.fields() | {"parent": str(region.id)}))
    found = session.get_one(Team, team.id, populate_existing=True)
    assert (found.name, found.parent_id) == ("Harbour School", region.id)
