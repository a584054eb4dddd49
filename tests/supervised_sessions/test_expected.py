"""Who is expected in a session can change until they begin: in two tabs, in two processes, and while somebody sits down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.people.models import Person
from course.supervised_sessions import actions
from course.supervised_sessions.models import SupervisedAttendee, SupervisedSession, SupervisedSitting
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.learning.test_races import count
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.supervised_sessions.makers import Hall, codes_on, enter, make_hall
from tests.supervised_sessions.test_between_two import hall_of, sending
from tests.support.days import this_day
from tests.support.racing import at_once


@pytest.fixture
def hall(app: Flask, session: Session) -> Hall:
    return make_hall(app, session)


def a_new_one(hall: Hall, session: Session) -> Person:
    return make_person(session, "Noor New", "noor@example.org", team=hall.team, password=None)


def test_somebody_who_is_added_gets_a_code_and_the_codes_of_the_others_go_on_working(
    hall: Hall, session: Session
) -> None:
    address, manager = hall.plan(), hall.manager()
    codes, room = hall.codes(address, manager), hall.room(address)
    assert "Make codes for those who have none" not in manager.get(address).text
    new = a_new_one(hall, session)
    offered = manager.get(f"{address}/people").html
    values = [f'value="{person.id}"' in offered for person in (new, hall.sam, hall.alex)]
    assert values == [True, False, False], "neither who is expected nor oneself"
    assert manager.post(f"{address}/people", {"person": [str(new.id)]}).location == address
    assert "Noor New" in manager.get(address).text
    fresh = codes_on(manager.post(f"{address}/codes", {"only": "new"}, 200))
    assert list(fresh) == ["Noor New"]
    for name, code in (("Sam Okafor", codes["Sam Okafor"]), ("Noor New", fresh["Noor New"])):
        enter(room, code)
        assert name in room.get("/room/part").text
        room.post("/room/leave", {})
    manager.post(f"{address}/codes", {"only": "new"})
    assert "No codes were made." in manager.get(address).text


def test_who_is_taken_off_cannot_sit_down_until_they_are_added_again(hall: Hall, session: Session) -> None:
    address, manager = hall.plan(), hall.manager()
    codes, room = hall.codes(address, manager), hall.room(address)
    assert manager.post(f"{address}/people/{hall.sam.id}/remove", {}).location == address
    text = manager.get(address).text
    assert "Sam Okafor is not expected any more. A code that they have does not work." in text
    assert "Sam Okafor" not in manager.get(address).text
    assert "does not work here" in enter(room, codes["Sam Okafor"], 422).text
    manager.post(f"{address}/people/{hall.sam.id}/remove", {}, 404)
    manager.post(f"{address}/people", {"person": [str(hall.sam.id)]})
    assert "does not work here" in enter(room, codes["Sam Okafor"], 422).text, "the old code is gone"
    enter(room, hall.codes(address, manager)["Sam Okafor"])
    kinds = session.execute(
        select(AuditEntry.what).where(AuditEntry.what.like("supervised.person%")).order_by(AuditEntry.number)
    ).scalars()
    assert kinds.all() == ["supervised.person_removed", "supervised.person_added"]


def test_who_has_begun_stays(hall: Hall) -> None:
    address, manager = hall.plan(), hall.manager()
    enter(hall.room(address), hall.codes(address, manager)["Sam Okafor"])
    manager.post(f"{address}/people/{hall.sam.id}/remove", {})
    assert "Sam Okafor stays: they have signed in" in manager.get(address).text
    manager.post(f"{address}/sheets", {})
    manager.post(f"{address}/people/{hall.kim.id}/remove", {})
    assert "Kim Else stays" in manager.get(address).text
    assert f"{address}/people/{hall.kim.id}/remove" not in manager.get(address).html


def test_people_are_neither_added_nor_taken_off_once_a_session_is_over(hall: Hall, session: Session) -> None:
    new, manager = a_new_one(hall, session), hall.manager()
    closed, past = hall.plan(), hall.plan()
    manager.get(f"{closed}/people")
    manager.post(f"{closed}/close", {})
    number = int(past.rpartition("/")[2])
    yesterday = this_day() - timedelta(days=2)
    session.execute(update(SupervisedSession).where(SupervisedSession.id == number).values(held_on=yesterday))
    session.commit()
    for address in (closed, past):
        assert manager.get(f"{address}/people", 303).location == address
        assert "Nothing has changed" not in manager.get(address).text
        assert manager.post(f"{address}/people", {"person": [str(new.id)]}).location == address
        manager.post(f"{address}/people/{hall.sam.id}/remove", {})
        text = manager.get(address).text
        assert "Nothing has changed. People can be added and taken off until" in text
        assert ("Noor New" in text, "Sam Okafor" in text, "Add people" in text) == (False, True, False)


def test_only_those_are_added_whom_one_may_record_and_never_oneself(hall: Hall, session: Session) -> None:
    address, manager = hall.plan(), hall.manager()
    stranger = make_person(session, "Ola Far", "ola@example.org", team=make_team(session, "Elsewhere"))
    for outsider in (stranger, hall.alex):
        page = manager.post(f"{address}/people", {"person": [str(outsider.id)]}, 422)
        assert "Someone you ticked has left or is no longer in your team." in page.text
    assert "Tick at least one person." in manager.post(f"{address}/people", {}, 422).text
    # Somebody else added them while this tab was open: what was wanted is so.
    manager.post(f"{address}/people", {"person": [str(hall.sam.id)]})
    assert "They were added before. Nothing has changed." in manager.get(address).text
    other = sign_in(Client(hall.app), make_person(session, "Lou Pike", "lou@example.org", "manager", hall.team))
    other.get(f"{address}/people", 404)
    other.post(f"{address}/people", {"person": [str(hall.sam.id)]}, 404)
    other.post(f"{address}/people/{hall.sam.id}/remove", {}, 404)


def test_a_session_is_for_two_hundred_people_whoever_adds_them(hall: Hall, session: Session) -> None:
    number, context = int(hall.plan().rpartition("/")[2]), make_context(session, hall.alex.id, now())
    crowd = [make_person(session, f"Person {one}", f"p{one}@example.org", password=None).id for one in range(199)]
    assert actions.add_people(context, number, crowd) == "full"
    assert actions.add_people(context, number, [*crowd[:198], hall.sam.id]) == "added"
    assert actions.add_people(context, number, crowd[198:]) == "full"
    assert actions.remove_person(context, number, hall.kim.id) == "removed"
    assert actions.add_people(context, number, crowd[198:]) == "added"
    expected = select(func.count()).where(
        SupervisedAttendee.session_id == number, SupervisedAttendee.removed_at.is_(None)
    )
    assert session.execute(expected).scalar_one() == 200


def test_a_person_whom_two_add_at_once_is_expected_once(committed: Flask) -> None:
    hall = hall_of(committed)
    address = hall.plan()
    with committed.app_context(), unit_of_work() as session:
        new = a_new_one(hall, session).id
    twins = [sending(one, f"{address}/people", {"person": [str(new)]}) for one in (hall.manager(), hall.manager())]
    assert at_once(twins) == [303, 303]
    assert count(committed, SupervisedAttendee) == 3


def test_who_sits_down_while_another_process_takes_them_off_is_in_or_off_but_not_both(committed: Flask) -> None:
    hall = hall_of(committed)
    address = hall.plan()
    code, room = hall.codes(address)["Sam Okafor"], hall.room(address)
    other = make_app(committed.extensions["course"].config.database_url)
    manager = sign_in(Client(other), hall.alex)
    entered, removed = at_once(
        [sending(room, "/room", {"code": code}), sending(manager, f"{address}/people/{hall.sam.id}/remove", {})]
    )
    assert (entered in (303, 422), removed) == (True, 303)
    assert count(committed, SupervisedSitting) == (1 if entered == 303 else 0)
    assert ("Signed in on" in hall.manager().get(address).text) is (entered == 303)
    other.extensions["course"].engine.dispose()
