"""The pathway that people get with their place in a team: who joins, is moved or imported has it, with its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.context import Context, make_context
from course.organisation.actions import change_organisation
from course.people import actions, queries
from course.people.actions import NewPerson
from course.people.models import Membership, PathwayChoice, Person, Team
from course.recertification.queries import people as certification_people
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.racing import at_once

pytestmark = pytest.mark.both_engines


def context(session: Session, days: int = 0) -> Context:
    return make_context(session, None, NOW + timedelta(days=days))


def pathway(session: Session, person: Person | int) -> tuple[str, str | None] | None:
    """The pathway of somebody with the team whose it is; None for the organisation's usual one."""
    found = queries.chosen_pathway(session, person if isinstance(person, int) else person.id)
    return (found.pathway, found.team) if found else None


@pytest.fixture
def school(session: Session) -> Team:
    """A school with its own pathway, and a class below it."""
    team = make_team(session, "Nursery", make_team(session, "Trust"))
    assert actions.set_team_setting(context(session), team.id, "pathway", "early-years") == 0
    session.commit()
    return team


def test_whoever_is_added_imported_or_put_into_a_team_has_its_pathway(session: Session, school: Team) -> None:
    room, office = make_team(session, "Baby room", school), make_team(session, "Office")
    added, waiting = make_person(session, team=room), make_person(session, "Ann Lee", "ann@example.org", team=office)
    rows = [
        NewPerson("Bo Lee", "bo@example.org", team_ids=(room.id,)),
        NewPerson("Cy Lee", "cy@example.org", team_ids=(room.id,), pathway="clubs"),
        NewPerson("Di Lee", "di@example.org"),
    ]
    imported = actions.add_people(context(session), rows, "from a list")
    of_team = ("early-years", "Nursery")
    assert pathway(session, added) == of_team
    assert [pathway(session, one) for one in imported] == [of_team, ("clubs", None), None]
    assert pathway(session, waiting) is None
    assert actions.join_team(context(session, 1), waiting.id, room.id, False) is None
    assert pathway(session, waiting) == of_team


def test_a_move_takes_the_pathway_along_and_what_was_chosen_by_name_stays(session: Session, school: Team) -> None:
    home, office = make_team(session, "Alder House"), make_team(session, "Office")
    actions.set_team_setting(context(session), home.id, "pathway", "residential")
    moved, chosen = make_person(session, team=school), make_person(session, "Ann Lee", "ann@example.org", team=school)
    assert actions.choose_pathway(context(session, 1), [chosen.id], "early-years", "works there") == 1
    for day, (team, expected) in enumerate(
        [(home, ("residential", "Alder House")), (office, None), (school, ("early-years", "Nursery"))], 2
    ):
        for person in (moved, chosen):
            assert actions.join_team(context(session, day), person.id, team.id, True) is None
        assert pathway(session, moved) == expected
        assert pathway(session, chosen) == ("early-years", None)
    # Each change is a fact with its day, and the row of the office says that the usual pathway applied then.
    rows = session.execute(
        select(PathwayChoice.pathway, PathwayChoice.chosen_at)
        .where(PathwayChoice.person_id == moved.id)
        .order_by(PathwayChoice.id)
    )
    assert [(row[0], (row[1] - NOW).days) for row in rows] == [
        ("early-years", 0), ("residential", 2), (None, 3), ("early-years", 4),
    ]  # fmt: skip


def test_a_setting_reaches_everyone_below_except_those_with_a_nearer_one(session: Session) -> None:
    trust = make_team(session, "Trust")
    school, home = make_team(session, "School", trust), make_team(session, "Home", trust)
    people = [
        make_person(session, f"P{n}", f"p{n}@example.org", team=team) for n, team in enumerate((trust, school, home))
    ]
    assert actions.set_team_setting(context(session), home.id, "pathway", "residential") == 1
    assert actions.set_team_setting(context(session, 1), trust.id, "pathway", "clubs") == 2
    assert [pathway(session, one) for one in people] == [
        ("clubs", "Trust"),
        ("clubs", "Trust"),
        ("residential", "Home"),
    ]
    assert actions.set_team_setting(context(session, 2), home.id, "pathway", None) == 1
    assert pathway(session, people[2]) == ("clubs", "Trust")
    assert actions.set_team_setting(context(session, 3), trust.id, "pathway", None) == 3
    assert [pathway(session, one) for one in people] == [None, None, None]
    assert actions.set_team_setting(context(session, 4), trust.id, "pathway", None) is None


def test_a_team_that_is_moved_or_merged_brings_its_people_under_the_new_setting(session: Session, school: Team) -> None:
    room, crew = make_team(session, "Room"), make_team(session, "Crew")
    first, second = make_person(session, team=room), make_person(session, "Ann Lee", "ann@example.org", team=crew)
    assert actions.change_team(context(session, 1), room.id, "Room", school.id, "it is part of it") is None
    assert actions.merge_teams(context(session, 1), crew.id, room.id, "one team") is None
    assert [pathway(session, one) for one in (first, second)] == [("early-years", "Nursery")] * 2
    before = session.execute(select(func.count()).select_from(PathwayChoice)).scalar_one()
    assert actions.change_team(context(session, 2), room.id, "Rooms", school.id, "a better name") is None
    assert session.execute(select(func.count()).select_from(PathwayChoice)).scalar_one() == before


def test_of_two_teams_the_one_joined_first_decides_and_leaving_it_hands_over(session: Session, school: Team) -> None:
    home, group = make_team(session, "Alder House"), make_team(session, "First aiders")
    actions.set_team_setting(context(session), home.id, "pathway", "residential")
    person = make_person(session, team=group)
    actions.join_team(context(session, 1), person.id, home.id, False)
    actions.join_team(context(session, 2), person.id, school.id, False)
    assert pathway(session, person) == ("residential", "Alder House")
    memberships = session.execute(select(Membership.id, Membership.team_id).where(Membership.person_id == person.id))
    by_team = {row.team_id: row.id for row in memberships}
    assert actions.leave_team(context(session, 3), person.id, by_team[home.id])
    assert pathway(session, person) == ("early-years", "Nursery")
    assert actions.leave_team(context(session, 4), person.id, by_team[school.id])
    assert pathway(session, person) is None


def test_the_rule_for_renewal_follows_the_pathway_of_each_day(session: Session, school: Team) -> None:
    person, office = make_person(session), make_team(session, "Office")
    actions.join_team(context(session, 10), person.id, school.id, False)
    actions.join_team(context(session, 20), person.id, office.id, True)
    change_organisation(context(session, 30), "Riverside Trust", "england", "clubs")
    (facts,) = certification_people(session, "Europe/London", [person.id])
    start = NOW.date()
    assert [((one.since - start).days, one.name) for one in facts.facts.pathways] == [
        (0, "school"), (10, "early-years"), (20, "school"), (30, "clubs"),
    ]  # fmt: skip
    assert facts.facts.as_of(start + timedelta(days=15)).pathways[-1].name == "early-years"
    assert date(2026, 11, 22) == start


def test_what_teams_set_is_in_the_log_and_unknown_values_are_refused(session: Session, school: Team) -> None:
    make_person(session, team=school)
    what = session.execute(select(AuditEntry.what).order_by(AuditEntry.number)).scalars().all()
    assert what.count("team.setting_changed") == 1
    assert what.count("pathway.followed") == 1
    for kind, value in (("pathway", "plumbing"), ("nation", "atlantis"), ("colour", "red")):
        with pytest.raises(ValueError, match=value):
            actions.set_team_setting(context(session), school.id, kind, value)
    with pytest.raises(LookupError):
        actions.set_team_setting(context(session), 10**6, "nation", "wales")


def test_the_learner_and_the_administrator_see_whose_pathway_it_is(
    session: Session, client: Client, school: Team
) -> None:
    person = make_person(session, team=school)
    sign_in(client, person)
    assert "It is the pathway of Nursery." in client.get("/").text
    client.post("/sign-out", {})
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", role="administrator"))
    assert "that of Nursery" in client.get(f"/people/{person.id}").text


def test_nobody_slips_between_a_team_that_gets_a_pathway_and_a_person_who_joins_it(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        team = make_team(session, "Nursery").id
        people = [make_person(session, f"P{n}", f"p{n}@example.org", password=None).id for n in range(3)]

    def in_transaction(act: Callable[[Session], object]) -> Callable[[], int]:
        def run() -> int:
            with committed.app_context(), unit_of_work() as session:
                act(session)
            return 0

        return run

    at_once(
        [
            in_transaction(lambda session: actions.set_team_setting(context(session), team, "pathway", "early-years")),
            *(
                in_transaction(lambda session, one=one: actions.join_team(context(session), one, team, False))  # type: ignore[misc]
                for one in people
            ),
        ]
    )
    with committed.app_context(), unit_of_work() as session:
        assert [pathway(session, one) for one in people] == [("early-years", "Nursery")] * 3


def test_what_was_chosen_by_name_is_taken_back_to_that_of_the_team(
    session: Session, client: Client, school: Team
) -> None:
    inside, outside = make_person(session, team=school), make_person(session, "Ann Lee", "ann@example.org")
    both = [inside.id, outside.id]
    assert actions.choose_pathway(context(session, 1), both, "clubs", "works there") == 2
    session.commit()
    sign_in(client, make_person(session, "Priya Nair", "priya@example.org", role="administrator"))
    form = client.get(f"/people/{inside.id}/pathway").fields()
    assert form["pathway"] == "clubs"
    form |= {"pathway": "", "reason": "moved"}
    assert "This changed for 1 person." in client.follow(client.post(f"/people/{inside.id}/pathway", form)).text
    session.expire_all()
    assert pathway(session, inside) == ("early-years", "Nursery")
    assert actions.choose_pathway(context(session, 2), both, None, "moved") == 1
    assert [pathway(session, one) for one in both] == [("early-years", "Nursery"), None]
    assert client.get(f"/people/{inside.id}/pathway").fields()["pathway"] == ""


def test_for_how_many_a_pathway_has_changed_is_said_in_the_language_of_the_page(
    session: Session, client: Client, school: Team
) -> None:
    for name in ("Ann", "Bo", "Cai"):
        make_person(session, f"{name} Lee", f"{name.lower()}@example.org", team=school)
    priya = make_person(session, "Priya Nair", "priya@example.org", role="administrator")
    priya.language = "cy"
    session.commit()
    sign_in(client, priya)
    form = client.get("/people/pathways").fields() | {"team": str(school.id), "pathway": "clubs", "reason": "moved"}
    page = client.follow(client.post("/people/pathways", form))
    assert "Newidiodd hyn ar gyfer 3 pherson." in page.text
