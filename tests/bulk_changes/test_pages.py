"""Changing many people together, through the pages: choose, preview, do it, undo it. On both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.bulk_changes.jobs import CHANGE
from course.bulk_changes.models import BulkChange, BulkChangePerson
from course.bulk_changes.queries import UNDO_PERIOD
from course.clock import now
from course.context import make_context
from course.dates import format_moment
from course.jobs.models import Job
from course.people import actions, queries
from course.people.actions.ownership import own_assignment
from course.people.models import Membership, Person, RoleGrant, Team
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.support.days import ZONE, form_day, this_day
from tests.support.outbox import rendered_mails

pytestmark = pytest.mark.both_engines
DAY = timedelta(days=1)


@pytest.fixture
def boss(session: Session, client: Client) -> Person:
    person = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sign_in(client, person)
    return person


@pytest.fixture
def hill(session: Session) -> Team:
    return make_team(session, "Hill School")


def three(session: Session, team: Team | None = None, password: bool = True) -> list[Person]:
    every = (("Ada Bell", "ada"), ("Ben Cole", "ben"), ("Cat Dunn", "cat"))
    options = {} if password else {"password": None}
    return [make_person(session, name, f"{mail}@example.org", team=team, **options) for name, mail in every]  # type: ignore[arg-type]


def choose(client: Client, kind: str, people: list[Person], **more: str) -> Page:
    """Choose these people for a change; the page on which its values are chosen."""
    form = {"kind": kind, "person": [str(one.id) for one in people], "all": "", "match": "", **more}
    return client.follow(client.post("/people/many", form))


def change_id(session: Session) -> int:
    session.expire_all()
    return session.execute(select(func.max(BulkChange.id))).scalar_one()


def mark(session: Session) -> str:
    session.expire_all()
    at = session.get_one(BulkChange, change_id(session)).sealed_at
    return at.isoformat() if at else ""


def do(session: Session, client: Client, kind: str, people: list[Person], **values: str) -> Page:
    """Choose, preview and apply; the page with the result."""
    choose(client, kind, people)
    path = f"/people/many/{change_id(session)}"
    if values:
        client.post(path, values)
    return client.follow(client.post(f"{path}/apply", {"mark": mark(session)}))


def undo(session: Session, client: Client) -> Page:
    return client.follow(client.post(f"/people/many/{change_id(session)}/undo", {}))


def teams_of(session: Session, person: Person) -> list[str]:
    session.expire_all()
    rows = select(Team.name).join(Membership, Membership.team_id == Team.id)
    rows = rows.where(Membership.person_id == person.id, Membership.until.is_(None))
    return sorted(session.execute(rows).scalars())


@pytest.mark.usefixtures("boss")
def test_people_are_moved_after_a_preview_that_says_who_and_who_not_and_moved_back(
    session: Session, client: Client, hill: Team
) -> None:
    brook = make_team(session, "Brook School")
    people = three(session, brook)
    actions.join_team(make_context(session, None, NOW), people[2].id, hill.id, True)
    session.commit()
    page = choose(client, "move", people)
    assert page.h1 == "Change team: 3 people"
    path = f"/people/many/{change_id(session)}"
    client.post(path, {"team": "", "how": "move"}, 422)
    page = client.follow(client.post(path, {"team": str(hill.id), "how": "move"}))
    assert "Ada BellBrook School → Hill School" in page.text
    assert "Is already in Hill School. 1 person: Cat Dunn" in page.text
    assert teams_of(session, people[0]) == ["Brook School"]
    page = client.follow(client.post(f"{path}/apply", {"mark": mark(session)}))
    assert "Done for 2 people by Alex Morgan" in page.text
    finished_at = session.get_one(BulkChange, change_id(session)).finished_at
    assert finished_at is not None
    assert f"Possible until {format_moment(finished_at + UNDO_PERIOD, ZONE)}" in page.text
    assert [teams_of(session, one) for one in people] == [["Hill School"]] * 3
    assert "already done" in client.follow(client.post(f"{path}/apply", {"mark": mark(session)})).text
    page = undo(session, client)
    assert "Undone for 2 people" in page.text
    assert [teams_of(session, one) for one in people] == [["Brook School"], ["Brook School"], ["Hill School"]]
    assert "was undone before" in undo(session, client).text


@pytest.mark.usefixtures("boss")
def test_what_was_changed_after_the_preview_is_left_out_and_the_rest_is_done(
    session: Session, client: Client, hill: Team
) -> None:
    brook = make_team(session, "Brook School")
    people = three(session, brook)
    choose(client, "move", people)
    path = f"/people/many/{change_id(session)}"
    client.post(path, {"team": str(hill.id), "how": "move"})
    sealed = mark(session)
    context = make_context(session, None, NOW)
    actions.record_departure(context, people[0].id, NOW.date(), "x")
    actions.join_team(context, people[1].id, make_team(session, "Third School").id, True)
    session.commit()
    assert "changed after the preview" in client.get(path).text
    page = client.follow(client.post(f"{path}/apply", {"mark": sealed}))
    assert "Done for 1 person" in page.text
    assert "changed after the preview. Nothing was done for them. 2 people: Ada Bell, Ben Cole" in page.text
    assert [teams_of(session, one) for one in people] == [[], ["Third School"], ["Hill School"]]


@pytest.mark.usefixtures("boss")
def test_a_preview_that_was_made_again_in_another_tab_is_not_applied_from_the_first(
    session: Session, client: Client, hill: Team
) -> None:
    people = three(session, hill)
    other = make_team(session, "Other School")
    choose(client, "move", people)
    path = f"/people/many/{change_id(session)}"
    client.post(path, {"team": str(hill.id), "how": "add"})
    first = mark(session)
    client.post(path, {"team": str(other.id), "how": "move"})
    assert "the preview has changed" in client.follow(client.post(f"{path}/apply", {"mark": first})).text
    assert teams_of(session, people[0]) == ["Hill School"]


@pytest.mark.usefixtures("boss")
def test_people_are_invited_and_the_links_end_when_it_is_undone(
    app: Flask, session: Session, client: Client, hill: Team
) -> None:
    people = three(session, hill, password=False)
    active = make_person(session, "Dan Ely", "dan@example.org")
    lost = make_person(session, "Eve Fox", "eve@nowhere.invalid", password=None)
    page = choose(client, "invite", [*people, active, lost])
    assert "Invite 3 people" in page.text
    assert "needs no invitation. 1 person: Dan Ely" in page.text
    assert "Has no e-mail address. 1 person: Eve Fox" in page.text
    page = client.follow(client.post(f"/people/many/{change_id(session)}/apply", {"mark": mark(session)}))
    assert "Done for 3 people" in page.text
    mails = [mail for mail in rendered_mails(app, session) if "has added you" in mail.text]
    assert sorted(mail.recipient for mail in mails) == ["ada@example.org", "ben@example.org", "cat@example.org"]
    assert "Undone for 3 people" in undo(session, client).text
    session.expire_all()
    assert [one.invited_at for one in people] == [None, None, None]
    link = mails[0].text.split("http://127.0.0.1:8000")[1].split()[0]
    Client(app).get(link, 410)


@pytest.mark.usefixtures("boss")
def test_a_pathway_and_a_role_are_given_and_taken_back(session: Session, client: Client, hill: Team) -> None:
    people, usual = three(session, hill), make_person(session, "Dee Ash", "dee@example.org")
    context = make_context(session, None, NOW)
    actions.choose_pathway(context, [people[0].id], "clubs", "before")
    assert actions.set_team_setting(context, hill.id, "pathway", "school") == 2
    session.commit()
    everyone = [*people, usual]
    assert "Done for 4 people" in do(session, client, "pathway", everyone, pathway="early-years", reason="").text
    assert "Undone for 4 people" in undo(session, client).text
    known = [queries.chosen_pathway(session, one.id) for one in everyone]
    # Who followed their team, or the organisation, follows it again.
    assert [(one.pathway, one.team) if one else None for one in known] == [
        ("clubs", None), ("school", "Hill School"), ("school", "Hill School"), None,
    ]  # fmt: skip
    page = do(session, client, "role", people, role="manager", team=str(hill.id))
    assert "Done for 3 people" in page.text
    grants = select(func.count(RoleGrant.id)).where(RoleGrant.role == "manager", RoleGrant.until.is_(None))
    assert session.execute(grants).scalar() == 3
    page = choose(client, "role", people)
    page = client.follow(client.post(f"/people/many/{change_id(session)}", {"role": "learner", "team": ""}))
    assert "Hill School will have no manager of its own." in page.text
    client.post(f"/people/many/{change_id(session)}/apply", {"mark": mark(session)})
    assert session.execute(grants).scalar() == 0
    undo(session, client)
    session.expire_all()
    assert session.execute(grants).scalar() == 3


def test_people_leave_together_and_come_back_with_teams_and_roles(
    session: Session, client: Client, boss: Person, hill: Team
) -> None:
    people = [make_person(session, "Pat Head", "pat@example.org", "manager", team=hill), *three(session, hill)]
    elm = make_team(session, "Elm House")
    people[3:] = [make_person(session, "Dee Ash", "dee@example.org", "manager", team=elm)]
    today = this_day()
    page = choose(client, "leave", [boss, *people])
    path = f"/people/many/{change_id(session)}"
    page = client.follow(client.post(path, {"last_day": today.isoformat(), "reason": ""}))
    assert "This is you." in page.text
    assert "Hill School will have no manager of its own." in page.text
    assert "Done for 4 people" in client.follow(client.post(f"{path}/apply", {"mark": mark(session)})).text
    session.expire_all()
    assert all(one.left_at is not None for one in people)
    assert boss.left_at is None
    assert actions.close_team(make_context(session, boss.id, now()), elm.id, "empty") is None
    session.commit()
    page = undo(session, client)
    assert "Undone for 4 people" in page.text
    # What could not be given back is said.
    closed = "A team that they were in is closed now. A team that they managed is closed now."
    assert f"{closed} 1 person: Dee Ash" in page.text
    session.expire_all()
    assert all(one.left_at is None for one in people)
    assert [teams_of(session, one) for one in people] == [["Hill School"]] * 3 + [[]]
    assert queries.manager_counts(session)[hill.id] == 1


@pytest.mark.usefixtures("boss")
def test_a_last_day_to_come_is_recorded_for_many_and_withdrawn(session: Session, client: Client, hill: Team) -> None:
    people = three(session, hill)
    later = this_day() + 40 * DAY
    assert "Done for 3 people" in do(session, client, "leave", people, last_day=later.isoformat()).text
    session.expire_all()
    assert [(one.last_day, one.left_at) for one in people] == [(later, None)] * 3
    assert "Last day" in client.get("/people").text
    assert "Undone for 3 people" in undo(session, client).text
    session.expire_all()
    assert [one.last_day for one in people] == [None] * 3


def test_a_manager_reminds_their_own_people_and_can_do_nothing_else(
    session: Session, client: Client, hill: Team
) -> None:
    mine = three(session, hill)
    manager = make_person(session, "Pat Head", "pat@example.org", "manager", team=hill)
    foreign = make_person(session, "Zoe Young", "zoe@example.org")
    sign_in(client, manager)
    assert "Do something for several people" in client.get("/people").text
    for kind in ("move", "invite", "leave", "role", "pathway"):
        client.post("/people/many", {"kind": kind, "person": [str(mine[0].id)]}, 403)
    page = choose(client, "remind", [*mine, manager, foreign])
    assert page.h1 == "Remind: 4 people"
    assert "Zoe Young" not in page.text
    assert "This is you. 1 person: Pat Head" in page.text
    page = client.follow(
        client.post(f"/people/many/{change_id(session)}/apply", {"mark": mark(session), "reason": "inspection"})
    )
    assert "Done for 3 people" in page.text
    assert "Undone for 3 people" in undo(session, client).text
    client.get("/people/many", 403)


def test_somebody_else_cannot_open_a_draft(
    app: Flask, session: Session, client: Client, boss: Person, hill: Team
) -> None:
    people = three(session, hill)
    choose(client, "move", people)
    other = Client(app)
    sign_in(other, make_person(session, "Kim Else", "kim@example.org", "administrator"))
    path = f"/people/many/{change_id(session)}"
    other.get(path, 404)
    other.post(f"{path}/apply", {"mark": ""}, 404)
    client.post(path, {"team": str(hill.id), "how": "add"})
    client.post(f"{path}/apply", {"mark": mark(session)})
    assert "by Alex Morgan" in other.get(path).text
    assert boss.name in other.get("/people/many").text


@pytest.mark.usefixtures("boss")
def test_all_who_match_are_chosen_and_many_are_changed_by_a_job(session: Session, client: Client, hill: Team) -> None:
    for number in range(60):
        make_person(session, f"Learner {number:02}", f"l{number}@example.org", team=hill, password=None)
    other = make_team(session, "Other School")
    page = client.get(f"/people?team={hill.id}")
    assert "All 60 people who match" in page.text
    client.post("/people/many", {"kind": "move", "all": "1", "match": f"team={hill.id}", "person": []})
    path = f"/people/many/{change_id(session)}"
    client.post(path, {"team": str(other.id), "how": "move"})
    client.post(f"{path}/apply", {"mark": mark(session)})
    session.expire_all()
    assert session.execute(select(Job.state).where(Job.kind == CHANGE.name)).scalars().all() == ["done"]
    assert "Done for 60 people" in client.get(path).text
    done = select(func.count(BulkChangePerson.id)).where(BulkChangePerson.outcome == "done")
    assert session.execute(done).scalar() == 60
    assert len(queries.members_below(session, other.id)) == 60


@pytest.mark.usefixtures("boss")
def test_without_people_nothing_is_begun_and_the_filter_stays(session: Session, client: Client) -> None:
    answer = client.post("/people/many", {"kind": "invite", "match": "q=sam&sort=new", "all": ""})
    assert answer.location == "/people?q=sam&sort=new"
    assert "Tick the people first" in client.follow(answer).text
    assert session.execute(select(BulkChange.id)).first() is None
    client.post("/people/many", {"kind": "dismiss", "all": "1"})


@pytest.mark.usefixtures("boss")
@pytest.mark.parametrize("kind", ["leave", "role"])
def test_an_auditor_gets_the_role_and_its_last_day_back(
    session: Session, client: Client, hill: Team, kind: str
) -> None:
    today = this_day()
    sam = make_person(session, "Sam Okafor", "sam@example.org", team=hill)
    context = make_context(session, None, now())
    assert actions.grant_role(context, sam.id, "auditor", hill.id, today + 30 * DAY) is None
    session.commit()
    values = {"last_day": today.isoformat()} if kind == "leave" else {"role": "learner"}
    assert "Done for 1 person" in do(session, client, kind, [sam], **values).text
    assert "Undone for 1 person" in undo(session, client).text
    session.expire_all()
    held = select(RoleGrant.role, RoleGrant.team_id, RoleGrant.last_day).where(
        RoleGrant.person_id == sam.id, RoleGrant.until.is_(None)
    )
    assert session.execute(held).all() == [("auditor", hill.id, today + 30 * DAY)]


@pytest.mark.usefixtures("boss")
def test_what_another_system_owns_is_left_out_or_moved_back_as_it_was(
    session: Session, client: Client, hill: Team
) -> None:
    quay = make_team(session, "Quay School")
    ada, ben, _cat = people = three(session, hill)
    context = make_context(session, None, now())
    own_assignment(context, ada.id, "team", hill.id, ("scim:1", "Entra"))
    actions.choose_pathway(context, [ben.id], "early-years", "x")
    own_assignment(context, ben.id, "pathway", None, ("scim:1", "Entra"))
    session.commit()
    do(session, client, "move", people, team=str(quay.id), how="move")
    assert [teams_of(session, one) for one in people] == [
        ["Hill School", "Quay School"],
        ["Quay School"],
        ["Quay School"],
    ]
    assert "Undone for 3 people" in undo(session, client).text
    assert [teams_of(session, one) for one in people] == [["Hill School"]] * 3
    page = do(session, client, "pathway", people, pathway="clubs", reason="")
    assert "Done for 2 people" in page.text
    assert "Entra" in page.text


@pytest.mark.parametrize("kind", ["leave", "role"])
def test_who_is_no_administrator_any_more_gives_no_role_back_that_they_may_not_give(
    app: Flask, session: Session, client: Client, boss: Person, kind: str
) -> None:
    kim = make_person(session, "Kim Hall", "kim@example.org", "administrator")
    values = {"last_day": form_day()} if kind == "leave" else {"role": "learner"}
    assert "Done for 1 person" in do(session, client, kind, [kim], **values).text
    make_person(session, "Lou Ray", "lou@example.org", "administrator")
    context = make_context(session, None, now())
    own = session.execute(select(RoleGrant.id).where(RoleGrant.person_id == boss.id, RoleGrant.until.is_(None)))
    assert actions.revoke_role(context, boss.id, own.scalar_one()) is None
    assert actions.grant_role(context, boss.id, "hr", None) is None
    session.commit()
    page = undo(session, sign_in(Client(app), boss))
    session.expire_all()
    held = select(RoleGrant.id).where(RoleGrant.person_id == kim.id, RoleGrant.until.is_(None))
    assert session.execute(held).first() is None
    assert "Only an administrator can give this role." in page.text
