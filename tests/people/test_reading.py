"""Who sees somebody does not by that record something about them: every role, every deed, every relation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.analytics.models import TeamDiscussion
from course.clock import now
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.people.models import Deputy, Person, RoleGrant, Team
from course.people.queries import ids_recordable_by, ids_visible_to, viewers
from course.people.rules import PERMISSIONS
from course.recertification.models import RenewalExtension
from course.web.access import access_rule_of
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day

POINT = "posing-as-young-people"


@dataclass
class World:
    """Priya manages the team in which she and Kim are; Ann is her deputy, and Dee one who may also act. Robin manages the
    team above, Bo another one; Cy manages the team above as well and is Priya's deputy; Alex is an administrator, and her
    deputy too."""

    people: dict[str, Person]
    team: Team
    extension: dict[str, int]
    request: int
    talk: int


def _world(session: Session) -> World:
    top = make_team(session, "Top")
    team, other = make_team(session, "Seals", top), make_team(session, "Otters")
    people = {
        "Priya": make_person(session, "Priya Nair", "priya@example.org", "manager", team),
        "Kim": make_person(session, "Kim Else", "kim@example.org", team=team),
        "Ann": make_person(session, "Ann Hill", "ann@example.org", team=other),
        "Bo": make_person(session, "Bo Marsh", "bo@example.org", "manager", other),
        "Robin": make_person(session, "Robin Vale", "robin@example.org", "manager", top),
        "Cy": make_person(session, "Cy Ward", "cy@example.org", "manager", top),
        "Alex": make_person(session, "Alex Morgan", "alex@example.org", "administrator"),
        "Dee": make_person(session, "Dee Moss", "dee@example.org", team=other),
    }
    for name in ("Ann", "Cy", "Alex", "Bo", "Dee"):
        session.add(Deputy(manager_id=people["Priya"].id, deputy_id=people[name].id, until=this_day(20), reason="x",
                           may_act=name == "Dee", made_at=now()))  # fmt: skip
    link = RegistrationLink(team_id=team.id, token="x", domains="example.org", ends_on=date(2099, 1, 1), made_at=now())
    talk = TeamDiscussion(team_id=team.id, point=POINT, held_on=this_day(), people=4, agreed="", made_by=people["Priya"].id,
                    made_at=now())  # fmt: skip
    session.add_all([link, talk])
    session.flush()
    asked = RegistrationRequest(link_id=link.id, name="Lou New", email="lou@example.org", asked_at=now())
    given = {
        name: RenewalExtension(
            person_id=people[name].id, recorded=this_day(), until=this_day(20), reason="x", made_at=now()
        )
        for name in ("Priya", "Kim", "Dee")
    }
    session.add_all([asked, *given.values()])
    session.commit()
    return World(people, team, {name: row.id for name, row in given.items()}, asked.id, talk.id)


# Deeds about a person, and deeds for a team: where they are sent, and with what.
ABOUT: dict[str, Callable[[World, str], tuple[str, dict[str, str]]]] = {
    "auth.person_code": lambda w, who: (f"/people/{w.people[who].id}/code", {"sheet": "s"}),
    "recertification.record_fact": lambda w, who: (f"/renewal/people/{w.people[who].id}/certificate", {}),
    "recertification.withdraw_fact": lambda w, who: (
        f"/renewal/people/{w.people[who].id}/extension/{w.extension[who]}",
        {},
    ),
    "training_records.remind": lambda w, who: (f"/report/people/{w.people[who].id}/remind", {"reason": "x"}),
    "reminders.withdraw_told": lambda w, who: (f"/reminders/in-person/{w.people[who].id}/99/withdraw", {}),
    "training_records.withdraw_reminder": lambda w, who: (f"/report/people/{w.people[who].id}/remind/99/end", {}),
}
FOR_TEAM: dict[str, Callable[[World], tuple[str, dict[str, str]]]] = {
    "analytics.team_discussion": lambda w: (f"/insight/team/{w.team.id}/talk/{POINT}", {}),
    "analytics.withdraw_discussion": lambda w: (f"/insight/talks/{w.talk}/end", {}),
    "join_requests.refuse": lambda w: (f"/registrations/{w.request}/refuse", {}),
    "join_requests.approve": lambda w: (f"/registrations/{w.request}/approve", {}),
}
# What concerns whoever does it and nobody else: choosing what one gets, naming and ending deputies, taking away a file of
# what one sees. Those in MANY reach only those whom the viewer may remind, has reminded, or may make a code for.
OWN = {
    "scheduled_reports.end_subscription", "scheduled_reports.overview", "people.withdraw_delegation",
    "people.delegations", "evidence.download", "evidence.make_pack",
    "reminders.summary", "reports.file", "reports.teams_file", "reports.download_file",
}  # fmt: skip
MANY = {
    "auth.codes", "reminders.record_told", "reports.remind", "reports.withdraw_all",
    "bulk_changes.choose", "bulk_changes.change", "bulk_changes.apply", "bulk_changes.undo",
}  # fmt: skip
# Whose session it is: tests/supervised_sessions, tests/printed_modules and tests/refreshers/test_on_paper.py.
SUPERVISED = {
    "supervised_sessions.plan", "supervised_sessions.codes", "supervised_sessions.open_room", "supervised_sessions.close",
    "supervised_sessions.attendance", "supervised_sessions.enter_answers", "supervised_sessions.prepare_sheets",
    "printed_modules.print_module", "printed_modules.enter_story", "printed_modules.enter_results",
    "supervised_sessions.void_result", "refreshers.prepare_sheets", "refreshers.print_reading", "refreshers.enter_reading",
    "supervised_sessions.void", "supervised_sessions.add_people", "supervised_sessions.remove_person",
}  # fmt: skip
DONE, READS, NOTHING = {200, 303, 422}, {403}, {404}
# Who does it, about whom, and what comes of it. Nobody is told who manages nothing: the page is not for them.
PEOPLE: list[tuple[str, str, set[int]]] = [
    ("Priya", "Kim", DONE),
    ("Priya", "Priya", NOTHING),  # nobody about themselves
    ("Ann", "Kim", READS),  # a deputy reads
    ("Ann", "Priya", READS),  # and records nothing for whoever made them one
    ("Dee", "Kim", DONE),  # one who may act does what the manager does
    ("Dee", "Priya", READS),  # but nothing for the manager who let them
    ("Dee", "Dee", NOTHING),
    ("Bo", "Kim", READS),  # also if they manage another team
    ("Bo", "Priya", READS),
    ("Robin", "Kim", DONE),
    ("Robin", "Priya", DONE),
    ("Cy", "Kim", DONE),
    ("Cy", "Priya", READS),  # their own right ends where they were made a deputy
    ("Alex", "Kim", DONE),
    ("Alex", "Priya", DONE),  # above an administrator there is nobody
    ("Kim", "Priya", READS),  # no manager of anything
]
TEAMS: list[tuple[str, set[int]]] = [
    ("Priya", DONE), ("Ann", READS | NOTHING), ("Bo", READS | NOTHING), ("Robin", DONE), ("Cy", DONE), ("Alex", DONE),
    ("Dee", DONE),
    ("Kim", READS),
]  # fmt: skip


def test_every_address_that_a_view_opens_is_in_one_of_these_lists(prepared: Flask) -> None:
    posts = {
        rule.endpoint
        for rule in prepared.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and access_rule_of(prepared, rule.endpoint, "POST") in PERMISSIONS["manager"]
    }
    # The whole organisation is a manager’s in none of its pages: they have the permission in their teams only.
    assert posts == set(ABOUT) | set(FOR_TEAM) | OWN | MANY | SUPERVISED | {"analytics.organisation_discussion"}


@pytest.mark.both_engines
@pytest.mark.parametrize("who", sorted({row[0] for row in PEOPLE}))
def test_who_records_what_about_whom(app: Flask, session: Session, who: str) -> None:
    world = _world(session)
    client = sign_in(Client(app), world.people[who])
    token = client.token()
    for actor, about, expected in PEOPLE:
        for name, deed in ABOUT.items() if actor == who else ():
            path, form = deed(world, about)
            status = client.flask.post(path, data={"csrf_token": token, **form}).status_code
            assert status in expected, (who, about, name, status)
    for actor, expected in TEAMS:
        for name, team_deed in FOR_TEAM.items() if actor == who else ():
            path, form = team_deed(world)
            # Decided once, a request is there no more.
            fine = expected | NOTHING if name == "join_requests.approve" else expected
            status = client.flask.post(path, data={"csrf_token": token, **form}).status_code
            assert status in fine, (who, name, status)


@pytest.mark.both_engines
def test_a_deputy_sees_all_of_it_and_finds_no_button(app: Flask, session: Session) -> None:
    world = _world(session)
    ann, robin = (sign_in(Client(app), world.people[name]) for name in ("Ann", "Robin"))
    for path, words in (
        (f"/report/people/{world.people['Kim'].id}", "Remind now"),
        (f"/report/people/{world.people['Kim'].id}", "Give more time"),
        ("/registrations", "Approve:"),
        (f"/insight/team/{world.team.id}/talk/{POINT}", "Record the talk"),
        ("/report", "Remind "),
        ("/calendar", "team"),
    ):
        assert words in robin.get(path).text, path
        if path != "/calendar":
            assert words not in ann.get(path).text, path
    assert "As a deputy" in ann.get("/report/remind", 403).text
    ann.post("/calendar/team/make", {}, 403)
    # Nothing was written about her by way of Ann.
    ann.post(f"/renewal/people/{world.people['Priya'].id}/leave", {"since": "2026-11-01", "days": "1"}, 403)


def test_whoever_may_only_look_reads_about_somebody_else_and_not_about_themselves(app: Flask, session: Session) -> None:
    world = _world(session)
    until = this_day() + timedelta(days=40)
    for who in ("Priya", "Kim"):
        number = world.people[who].id
        session.add(RenewalExtension(person_id=number, recorded=this_day(), until=until, reason="y", made_at=now()))
    session.commit()
    for who in ("Ann", "Robin"):
        page = sign_in(Client(app), world.people[who]).get(f"/report/people/{world.people['Kim'].id}")
        assert "because they were granted more time" in page.text
        assert "because you" not in page.text
    own = sign_in(Client(app), world.people["Priya"]).get(f"/report/people/{world.people['Priya'].id}")
    assert "because you were granted more time" in own.text


@pytest.mark.both_engines
def test_who_may_be_recorded_about_is_fewer_than_who_is_seen(session: Session) -> None:
    world = _world(session)
    ids = {name: person.id for name, person in world.people.items()}
    of = viewers(session, list(ids.values()), this_day())
    every = list(ids.values())
    told = {
        name: (
            {other for other in ids if ids[other] in ids_visible_to(session, of[ids[name]])},
            {other for other in ids if ids[other] in ids_recordable_by(session, of[ids[name]], every)},
        )
        for name in ids
    }
    assert told["Priya"] == ({"Priya", "Kim"}, {"Kim"})
    assert told["Ann"] == ({"Priya", "Kim"}, set())
    assert told["Dee"] == ({"Priya", "Kim"}, {"Kim"})
    assert told["Bo"] == ({"Priya", "Kim", "Ann", "Bo", "Dee"}, {"Ann", "Dee"})
    assert told["Robin"] == ({"Priya", "Kim", "Robin", "Cy"}, {"Priya", "Kim", "Cy"})
    assert told["Cy"] == ({"Priya", "Kim", "Robin", "Cy"}, {"Kim", "Robin"})
    assert told["Alex"] == (set(ids), set(ids))
    assert told["Kim"] == ({"Kim"}, set())
    # A team that somebody manages themselves is not only lent, whoever lends it as well.
    session.add(RoleGrant(person_id=ids["Ann"], role="manager", team_id=world.team.id, since=now()))
    session.flush()
    own = viewers(session, [ids["Ann"]], this_day())[ids["Ann"]]
    assert ids_recordable_by(session, own, every) == [ids["Kim"]]
