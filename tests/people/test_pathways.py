"""In which setting somebody reads the course: chosen for a person or a team, and never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.people import actions, queries
from course.people.actions.ownership import own_assignment
from course.people.models import Membership, PathwayChoice
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


def test_a_choice_has_its_date_its_maker_and_its_reason_and_the_newest_holds(session: Session) -> None:
    manager, person = make_person(session, "Priya Nair", "priya@example.org"), make_person(session)
    assert queries.chosen_pathway(session, person.id) is None
    actions.choose_pathway(make_context(session, manager.id, NOW), [person.id], "early-years", "works in the nursery")
    actions.choose_pathway(
        make_context(session, manager.id, NOW + timedelta(days=9)), [person.id], "school", "moved to Year 1"
    )
    found = queries.chosen_pathway(session, person.id)
    assert found is not None
    assert (found.pathway, found.reason, found.by) == ("school", "moved to Year 1", "Priya Nair")
    rows = session.execute(select(PathwayChoice.pathway).order_by(PathwayChoice.id)).scalars().all()
    assert list(rows) == ["early-years", "school"]


def test_the_same_choice_again_changes_nothing(session: Session) -> None:
    person = make_person(session)
    assert actions.choose_pathway(make_context(session, None, NOW), [person.id], "clubs", "") == 1
    assert actions.choose_pathway(make_context(session, None, NOW), [person.id], "clubs", "again") == 0


def test_an_unknown_pathway_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="plumbing"):
        actions.choose_pathway(make_context(session, None, NOW), [], "plumbing", "")


def test_a_team_means_everybody_in_it_and_below_it_who_is_still_there(session: Session) -> None:
    top = make_team(session, "Trust")
    nursery = make_team(session, "Nursery", top)
    office = make_team(session, "Office")
    inside = make_person(session, "Ann Lee", "ann@example.org", team=nursery)
    above = make_person(session, "Bo Lee", "bo@example.org", team=top)
    make_person(session, "Cy Lee", "cy@example.org", team=office)
    moved = make_person(session, "Di Lee", "di@example.org", team=nursery)
    gone = make_person(session, "Ed Lee", "ed@example.org", team=nursery)
    session.execute(
        Membership.__table__.update().where(Membership.__table__.c.person_id == moved.id).values(until=NOW)  # type: ignore[attr-defined]
    )
    gone.left_at = NOW
    session.commit()
    assert queries.members_below(session, top.id) == sorted([inside.id, above.id])
    assert queries.members_below(session, nursery.id) == [inside.id]


def test_an_administrator_chooses_and_the_learner_sees_why(session: Session, client: Client) -> None:
    person = make_person(session)
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", role="administrator"))
    page = client.post(f"/people/{person.id}/pathway", {"pathway": "residential", "reason": ""}, 422)
    assert page.title.startswith(f"Error: Pathway of {person.name}")
    assert "Enter a short reason" in page.text
    form = {"pathway": "residential", "reason": "works at Alder House"}
    assert "changed for 1 person" in client.follow(client.post(f"/people/{person.id}/pathway", form)).text
    client.post("/sign-out", {})
    sign_in(client, person)
    text = client.get("/").text
    assert "Residential or foster care" in text
    assert "Priya Nair chose it for you on" in text
    assert "works at Alder House" in text


def test_a_pathway_is_chosen_for_a_team_in_one_step(session: Session, client: Client) -> None:
    team = make_team(session, "Nursery")
    for number in range(3):
        make_person(session, f"Person {number}", f"p{number}@example.org", team=team)
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", role="administrator"))
    form = {"team": "", "pathway": "early-years", "reason": "nursery staff"}
    refused = client.post("/people/pathways", form, 422)
    assert "Choose a team" in refused.text
    assert refused.title.startswith("Error: Pathway of a team")
    page = client.follow(client.post("/people/pathways", {**form, "team": str(team.id)}))
    assert "changed for 3 people" in page.text
    assert page.text.count("Early years") >= 3


def test_without_a_choice_the_organisations_usual_pathway_holds(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    assert "It is what Riverside Trust chose for most of its staff" in client.get("/").text


def test_a_pathway_that_another_system_owns_is_not_said_to_be_changed(session: Session, client: Client) -> None:
    boss, sam = make_person(session, "Alex Morgan", "alex@example.org", "administrator"), make_person(session)
    context = make_context(session, None, NOW)
    actions.choose_pathway(context, [sam.id], "clubs", "from the group")
    own_assignment(context, sam.id, "pathway", None, ("scim:1", "Entra"))
    session.commit()
    sign_in(client, boss)
    page = client.post(f"/people/{sam.id}/pathway", {"pathway": "school", "reason": "moved"}, 422)
    assert "This comes from Entra. Change it there." in page.text
    session.expire_all()
    known = queries.chosen_pathway(session, sam.id)
    assert known is not None
    assert known.pathway == "clubs"
