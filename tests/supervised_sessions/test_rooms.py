"""The browser of a room: who gets in, what they see there, and what is left of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning.models import Attempt, Enrolment
from course.people.actions import end_employment, grant_role
from course.supervised_sessions.models import SupervisedAnswer, SupervisedCode, SupervisedRoom, SupervisedSitting
from course.supervised_sessions.queries import supervised_marks
from course.supervised_sessions.rules import SCREEN, WRONG_CODES_PER_ROOM
from tests import pages
from tests.auth.factor_helpers import add_passkey, challenge_in, passkey_of, use_site
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.pairs.makers import STORY, two_phones
from tests.supervised_sessions.makers import PLACE, Hall, codes_on, enter, make_hall
from tests.support.days import form_day, this_day
from tests.walking import Learner

CHECK = "/module/responding/check"


@pytest.fixture
def hall(app: Flask, session: Session) -> Hall:
    return make_hall(app, session)


def seated(hall: Hall, who: str = "Sam Okafor", part: str = "module:responding") -> tuple[Client, str]:
    """Somebody who sits in the room of a new session; and the address of the session."""
    address = hall.plan(part)
    codes, room = hall.codes(address), hall.room(address)
    assert enter(room, codes[who]).location == "/room/part"
    return room, address


def test_a_manager_plans_a_session_for_their_people_and_never_for_themselves(hall: Hall, session: Session) -> None:
    stranger = make_person(session, "Ola Far", "ola@example.org", team=make_team(session, "Elsewhere"))
    manager = hall.manager()
    form = manager.get("/supervised/new")
    assert "Sam Okafor" in form.text
    assert "Ola Far" not in form.text
    assert f'value="{hall.alex.id}"' not in form.html
    asked = {"part": "final", "place": PLACE, "held_on": form_day()}
    for outsider in (stranger, hall.alex):
        page = manager.post("/supervised/new", {**asked, "person": [str(outsider.id), str(hall.sam.id)]}, 422)
        assert "Someone you ticked has left or is no longer in your team." in page.text
    page = manager.post("/supervised/new", {**asked, "place": "", "held_on": "2020-01-01"}, 422)
    ticked = {**asked, "person": [str(hall.sam.id)]}
    for wrong in ({"held_on": "2020-01-01"}, {"place": " "}, {"part": "module:nothing"}):
        kept = manager.post("/supervised/new", {**ticked, **wrong}, 422)
        box = next(one for one in kept.all("input") if one.get("value") == str(hall.sam.id))
        assert box.get("checked") is not None, wrong
    assert "There are no sessions yet." in manager.get("/supervised").text
    for words in ("Enter the place, for example", "Choose today or a day within", "Tick at least one person."):
        assert words in page.text
    assert [one.text.count("Dining hall") for one in (manager.get("/supervised"), manager.get(hall.plan()))] == [0, 1]


def test_another_manager_finds_nothing_of_a_session_and_an_administrator_everything(
    hall: Hall, session: Session
) -> None:
    address = hall.plan()
    other = sign_in(Client(hall.app), make_person(session, "Lou Pike", "lou@example.org", "manager"))
    other.get(address, 404)
    for deed in ("codes", "room", "close", "sheets"):
        other.post(f"{address}/{deed}", {}, 404)
    assert "Dining hall" not in other.get("/supervised").text
    boss = sign_in(Client(hall.app), make_person(session, "Bo Ash", "bo@example.org", "administrator"))
    assert "Sam Okafor" in boss.get(address).text


def test_the_first_thing_to_do_stands_out_codes_and_then_the_room(hall: Hall) -> None:
    manager, address = hall.manager(), hall.plan()

    def main_buttons() -> list[str]:
        return [
            pages.words(one) for one in manager.get(address).all("button") if "main" in one.get("class", "").split()
        ]

    assert main_buttons() == ["Make codes and print the sheet"]
    hall.codes(address)
    assert main_buttons() == ["Open the room on this device"]


def test_codes_are_stored_as_hashes_and_new_ones_stop_the_old(hall: Hall, session: Session) -> None:
    address = hall.plan()
    first, second = hall.codes(address), hall.codes(address)
    assert set(first) == {"Sam Okafor", "Kim Else"}
    stored = list(session.execute(select(SupervisedCode.code_hash)).scalars())
    assert len(stored) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in stored)
    room = hall.room(address)
    assert "This code does not work here." in enter(room, first["Sam Okafor"], 422).text
    enter(room, second["Sam Okafor"])
    assert "Sam Okafor" in room.get("/room/part").text
    assert first["Sam Okafor"] not in hall.manager().get(address).text


def test_opening_a_room_signs_the_manager_out_of_that_browser_for_good(hall: Hall) -> None:
    address, browser = hall.plan(), Client(hall.app)
    sign_in(browser, hall.alex)
    cookie = browser.flask.get_cookie("course")
    assert cookie is not None
    opened = browser.post(f"{address}/room", {})
    assert opened.headers["Clear-Site-Data"] == '"cache", "storage"'
    for path in ("/", "/report", "/people", "/me", address, "/supervised", "/certificate", "/verify", "/forgotten"):
        assert browser.get(path, 303).location == "/room", path
    copy = hall.app.test_client()
    copy.set_cookie("course", cookie.value)
    assert copy.get("/report").location.startswith("/sign-in")
    for path in ("/concern", "/first-hour"):
        browser.get(path)
    # Whoever signs in takes the browser back.
    sign_in(browser, hall.alex)
    assert "Sam Okafor" in browser.get("/people").text
    browser.get("/room/part", 303)


@pytest.mark.parametrize("sent", ["9" * 5000, "2147483648", "-1", "x"])
def test_a_box_that_is_nobodys_is_no_tick(hall: Hall, sent: str) -> None:
    manager, address = hall.manager(), hall.plan()
    planned = {"part": "module:responding", "place": PLACE, "held_on": form_day(), "person": sent}
    manager.post("/supervised/new", planned, 422)
    manager.post(f"{address}/people", {"person": sent}, 422)
    manager.post(f"{address}/attendance", {"person": sent, "witness": "Mo Reed"}, 422)


def test_a_passkey_takes_the_browser_back_too(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    room = hall.room(hall.plan())
    monkeypatch.setitem(hall.app.extensions, "course", hall.app.extensions["course"])
    use_site(hall.app)
    key = passkey_of(hall.app, hall.alex)
    add_passkey(hall.manager(), key)
    sent = {"answer": key.used(challenge_in(room.get("/sign-in")))}
    assert room.post("/sign-in/passkey", sent).location == "/"
    assert "Alex Morgan" in room.get("/me").text


def test_a_code_works_in_no_browser_but_those_of_the_room(hall: Hall) -> None:
    address = hall.plan()
    codes, elsewhere = hall.codes(address), Client(hall.app)
    page = elsewhere.post("/room", {"code": codes["Sam Okafor"]}, 410)
    assert "No one can enter a code in this browser now." in page.text
    other = hall.room(hall.plan("final"))
    assert "This code does not work here." in enter(other, codes["Sam Okafor"], 422).text


def test_who_sits_there_reaches_their_own_part_and_nothing_else(hall: Hall, session: Session) -> None:
    grant_role(make_context(session, None, now()), hall.kim.id, "administrator", None)
    session.commit()
    room, address = seated(hall, "Kim Else")
    page = room.get("/room/part")
    assert "You are signed in as Kim Else" in page.text
    assert 'name="owner"' not in page.html
    assert 'name="room"' in page.html
    assert page.headers["Cache-Control"] == "no-store"
    for path in ("/", "/people", "/report", "/me", address, "/record", "/certificate", "/assessment", "/audit",
                 "/module/secret-contact", "/module/secret-contact/check", "/refresher", "/offline/who"):  # fmt: skip
        assert room.get(path, 303).location == "/room/part", path
    for path in ("/assessment", "/sign-out", "/five", "/module/secret-contact/check", f"{address}/codes"):
        assert room.post(path, {}).location == "/room/part", path
    outline = room.get("/module/responding")
    assert "Kim Else is signed in for:" in outline.text
    assert outline.headers["Cache-Control"] == "no-store"
    assert not outline.all("details"), "the menu of a person"


def test_a_story_that_was_begun_with_a_colleague_can_be_gone_on_with_alone_in_a_room(
    hall: Hall, session: Session
) -> None:
    colleague = make_person(session, "Ann Lee", "ann@example.org")
    session.commit()
    _sam, _ann, pair = two_phones(hall.app, (hall.sam, colleague))
    room, _address = seated(hall, part="module:secret-contact")
    run = room.post(STORY, {}).location
    assert room.get(run, 303).location == pair
    assert "Ann Lee" in room.get(pair).text
    assert room.post(f"{pair}/leave", {}).location == run
    assert room.get(run).all("button")
    # Only their own pair, and only for a story of the part that they came for.
    room.get(f"{pair}0", 303)
    other, _again = seated(hall)
    assert other.get(pair, 303).location == "/room/part"


def test_a_check_taken_in_a_room_is_marked_and_one_begun_at_home_is_not(
    hall: Hall, session: Session, library: Library
) -> None:
    room, _address = seated(hall, "Kim Else")
    Learner(hall.app, room, hall.kim.id).check(library.modules["responding"])
    home = Learner(hall.app, sign_in(Client(hall.app), hall.sam), hall.sam.id)
    begun = int(home.client.post(CHECK, {}).location.split("/")[2])
    home.client.post(f"/attempt/{begun}/1", {**home.form(begun, 1, lambda _: True), "sure": "sure"})
    sam_room, _again = seated(hall)
    Learner(hall.app, sam_room, hall.sam.id).check(library.modules["responding"])
    ways = select(SupervisedSitting.way).join(SupervisedAnswer, SupervisedAnswer.sitting_id == SupervisedSitting.id)
    assert set(session.execute(ways).scalars()) == {SCREEN}
    attempts = {person: _attempt(session, person) for person in (hall.kim.id, hall.sam.id)}
    marks = supervised_marks(session, list(attempts.values()))
    assert set(marks) == {attempts[hall.kim.id]}
    assert "on a device" in hall.manager().get(f"/report/people/{hall.kim.id}").text
    assert "on a device" not in hall.manager().get(f"/report/people/{hall.sam.id}").text


def _attempt(session: Session, person_id: int) -> int:
    found = select(Attempt.id).join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    return session.execute(found.where(Enrolment.person_id == person_id)).scalar_one()


def test_nothing_of_the_one_before_is_left_for_the_next(hall: Hall) -> None:
    room, address = seated(hall)
    question = room.post(CHECK, {}).location
    room.get(question)
    cookie = room.flask.get_cookie("course")
    assert cookie is not None
    left = room.post("/room/leave", {})
    assert (left.location, left.headers["Clear-Site-Data"]) == ("/room", '"cache", "storage"')
    page = room.get("/room")
    assert "Okafor" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert room.get(question, 303).location == "/room"
    # A copy of the cookie signs nobody in.
    copy = Client(hall.app)
    copy.flask.set_cookie("course", cookie.value)
    assert copy.get(question, 303).location == "/room"
    enter(room, hall.codes(address)["Kim Else"])
    assert room.get(question, 303).location == "/room/part"


@pytest.mark.parametrize(("minutes", "stays"), [(14, True), (16, False)])
def test_who_walks_away_is_signed_out_and_keeps_what_was_sent(hall: Hall, minutes: int, stays: bool) -> None:
    room, _address = seated(hall)
    question = room.post(CHECK, {}).location
    form = Learner(hall.app, room, hall.sam.id).form(int(question.split("/")[2]), 1, lambda _: True)
    token = room.token()
    with room.flask.session_transaction() as cookie:
        cookie["seen"] -= minutes * 60
    answered = room.flask.post(question, data={"csrf_token": token, **form, "sure": "sure"})
    assert answered.status_code == 303
    if stays:
        assert answered.location == question
        assert int(room.get(question).headers["Refresh"].split(";")[0]) == 15 * 60 + 1
    else:
        assert answered.location == "/room"
        assert "You are signed out. What you had sent is kept." in room.get("/room").text


def test_once_finished_the_device_is_free_after_three_minutes(hall: Hall, library: Library) -> None:
    room, _address = seated(hall)
    done = Learner(hall.app, room, hall.sam.id).check(library.modules["responding"])
    assert done.headers["Refresh"].startswith(f"{3 * 60 + 1};")
    with room.flask.session_transaction() as cookie:
        cookie["seen"] -= 4 * 60
    assert room.get("/room/part", 303).location == "/room"


def test_wrong_codes_are_throttled_and_right_ones_are_not(hall: Hall) -> None:
    address = hall.plan()
    codes, room = hall.codes(address), hall.room(address)
    for _ in range(WRONG_CODES_PER_ROOM.count + 2):
        enter(room, codes["Sam Okafor"])
        room.post("/room/leave", {})
    for _ in range(WRONG_CODES_PER_ROOM.count):
        enter(room, "000 000" if codes["Sam Okafor"] != "000 000" else "000 001", 422)
    assert "Too many wrong codes were entered." in enter(room, codes["Sam Okafor"], 429).text
    assert "Enter the six digits that you were given" in enter(hall.room(hall.plan()), "12", 422).text


def test_a_room_ends_by_itself_and_a_person_who_leaves_is_out_at_once(hall: Hall, session: Session) -> None:
    room, address = seated(hall)
    codes = hall.codes(address)
    end_employment(make_context(session, None, now()), hall.sam.id, this_day(), "moved away")
    session.commit()
    assert room.get("/room/part", 303).location == "/room"
    assert "This code does not work here." in enter(room, codes["Sam Okafor"], 422).text
    assert "Sam Okafor" not in hall.manager().get(address).text
    enter(room, codes["Kim Else"])
    session.execute(update(SupervisedRoom).values(made_at=now() - timedelta(hours=8)))
    session.commit()
    assert room.get("/room/part", 303).location == "/room"
    assert "This room is not open" in room.get("/room").h1


def test_the_sheet_names_two_of_one_name_apart(hall: Hall, session: Session) -> None:
    twin = make_person(session, "Sam Okafor", "sam.o@example.org", team=hall.team)
    form = {
        "part": "final",
        "place": PLACE,
        "held_on": form_day(),
        "person": [str(hall.sam.id), str(twin.id)],
    }
    address = hall.manager().post("/supervised/new", form).location
    sheet = codes_on(hall.manager().post(f"{address}/codes", {}, 200))
    assert set(sheet) == {"Sam Okafor (sam@example.org)", "Sam Okafor (sam.o@example.org)"}
