"""What happens between two: two rooms, two browsers, two who enter, and a session that is closed meanwhile. On a database that
really commits, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.learning import queries
from course.learning.models import Answer, AttemptOutcome
from course.learning.rules.grading import option_order
from course.supervised_sessions.actions import record_attendance
from course.supervised_sessions.models import (
    SupervisedAnswer,
    SupervisedAttendance,
    SupervisedAttendee,
    SupervisedClosing,
    SupervisedCode,
    SupervisedEntry,
    SupervisedSheet,
    SupervisedSitting,
)
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.learning.test_races import count
from tests.pages import Client
from tests.supervised_sessions.makers import Hall, enter, make_hall
from tests.support.racing import at_once
from tests.walking import Learner, always, right_form

Form = dict[str, str | list[str]]
CHECK = "/module/responding/check"


def hall_of(app: Flask) -> Hall:
    with app.app_context(), unit_of_work() as session:
        hall = make_hall(app, session)
        for person in (hall.alex, hall.sam, hall.kim):
            session.refresh(person)
    return hall


def sending(browser: Client, path: str, data: Form) -> Callable[[], int]:
    token = browser.token()
    return lambda: browser.flask.post(path, data={"csrf_token": token, **data}).status_code


def begun(hall: Hall, room: Client) -> tuple[str, Form]:
    """Begin the check in a room: the address of its first question, and the form that answers it."""
    question = room.post(CHECK, {}).location
    form = Learner(hall.app, room, hall.sam.id).form(int(question.split("/")[2]), 1, always)
    return question, {**form, "sure": "sure"}


def test_a_person_sits_in_one_place_and_the_newest_one_counts(committed: Flask) -> None:
    hall = hall_of(committed)
    first, second = hall.plan(), hall.plan()
    rooms = [(hall.room(one), hall.codes(one)["Sam Okafor"]) for one in (first, second)]
    (here, code), (there, other) = rooms
    enter(here, code)
    question, form = begun(hall, here)
    enter(there, other)
    assert here.get(question, 303).location == "/room"
    assert here.post(question, form).location == "/room"
    assert count(committed, Answer) == 0
    there.post(question, form)
    assert [count(committed, model) for model in (Answer, SupervisedAnswer)] == [1, 1]


def test_a_code_in_two_browsers_at_once_lets_one_of_them_go_on(committed: Flask) -> None:
    hall = hall_of(committed)
    address = hall.plan()
    code, browsers = hall.codes(address)["Sam Okafor"], [hall.room(address) for _ in range(3)]
    assert at_once([sending(one, "/room", {"code": code}) for one in browsers]) == [303] * 3
    assert count(committed, SupervisedSitting) == 3
    assert sorted(one.flask.get("/room/part").status_code for one in browsers) == [200, 303, 303]


def test_the_same_answer_from_two_windows_of_a_sitting_is_kept_and_marked_once(committed: Flask) -> None:
    hall = hall_of(committed)
    address = hall.plan()
    room = hall.room(address)
    enter(room, hall.codes(address)["Sam Okafor"])
    question, form = begun(hall, room)
    assert at_once([sending(room, question, form) for _ in range(4)]) == [303] * 4
    assert [count(committed, model) for model in (Answer, SupervisedAnswer)] == [1, 1]


def test_a_session_that_is_closed_while_somebody_answers_keeps_an_answer_with_its_mark_or_not_at_all(
    committed: Flask,
) -> None:
    hall = hall_of(committed)
    address, manager = hall.plan(), hall.manager()
    room = hall.room(address)
    enter(room, hall.codes(address)["Sam Okafor"])
    question, form = begun(hall, room)
    assert at_once([sending(room, question, form), sending(manager, f"{address}/close", {})]) == [303] * 2
    assert count(committed, Answer) == count(committed, SupervisedAnswer) <= 1
    assert room.get("/room/part", 303).location == "/room"
    assert count(committed, SupervisedClosing) == 1


def test_an_answer_from_a_page_that_was_open_before_the_closing_is_refused_in_its_transaction(committed: Flask) -> None:
    """The check of the request comes first; this is what holds where the closing comes after it."""
    hall = hall_of(committed)
    address = hall.plan()
    room = hall.room(address)
    enter(room, hall.codes(address)["Sam Okafor"])
    question, form = begun(hall, room)
    send, close = sending(room, question, form), sending(hall.manager(), f"{address}/close", {})
    views: dict[str, Any] = committed.view_functions
    original = views["learning.answer"]

    def closed_first(**arguments: int) -> object:
        assert at_once([close]) == [303]  # in a thread of its own, as another request is
        return original(**arguments)

    closed_first.access_rule = original.access_rule  # type: ignore[attr-defined]
    views["learning.answer"] = closed_first
    assert send() == 303
    views["learning.answer"] = original
    assert [count(committed, model) for model in (Answer, SupervisedAnswer)] == [0, 0]
    assert "Your last answer was not kept" in room.get("/room").text


def test_two_processes_let_the_same_people_in_and_out(committed: Flask) -> None:
    hall = hall_of(committed)
    address = hall.plan()
    room = hall.room(address)
    enter(room, hall.codes(address)["Sam Okafor"])
    other = Client(make_app(committed.extensions["course"].config.database_url))
    cookie = room.flask.get_cookie("course")
    assert cookie is not None
    other.flask.set_cookie("course", cookie.value)
    assert "Sam Okafor" in other.get("/room/part").text
    room.post("/room/leave", {})
    assert other.get("/room/part", 303).location == "/room"
    other.app.extensions["course"].engine.dispose()


def test_codes_that_are_printed_twice_at_once_are_of_one_sheet_for_each_person(committed: Flask) -> None:
    hall = hall_of(committed)
    address = hall.plan()
    managers = [hall.manager() for _ in range(3)]
    assert at_once([sending(one, f"{address}/codes", {}) for one in managers]) == [200] * 3
    assert count(committed, SupervisedCode) == 2


def paper(hall: Hall, session: Session, address: str) -> Form:
    """Record Sam's attendance; the form that enters Sam's sheet."""
    number = int(address.rsplit("/", 1)[1])
    attendee = session.execute(
        select(SupervisedAttendee.id).where(SupervisedAttendee.person_id == hall.sam.id)
    ).scalar_one()
    record_attendance(make_context(session, hall.alex.id, now()), number, [attendee], "Lee Ward")
    attempt = queries.attempts(session, hall.sam.id)[-1]
    library = hall.app.extensions["course"].library.for_("school", "england")
    form: Form = {"step": "keep"}
    for item in attempt.items:
        question = library.answerable[item.question_id]
        given = right_form(question, option_order(question, attempt.seed, item.position))
        form |= {f"q{item.position}-{name}": values for name, values in given.items()}
        form[f"q{item.position}-sureness"] = "fairly"
    return form


def test_a_sheet_that_two_enter_at_once_is_entered_once(committed: Flask) -> None:
    hall = hall_of(committed)
    address, managers = hall.plan(), [hall.manager() for _ in range(3)]
    assert at_once([sending(one, f"{address}/sheets", {}) for one in managers]) == [303] * 3
    assert count(committed, SupervisedSheet) == 2
    with committed.app_context(), unit_of_work() as session:
        form = paper(hall, session, address)
    entry = f"{address}/people/{hall.sam.id}/answers"
    assert at_once([sending(one, entry, form) for one in managers]) == [303] * 3
    found = [count(committed, one) for one in (SupervisedEntry, AttemptOutcome, SupervisedAttendance)]
    assert found == [1, 1, 1]
    assert count(committed, Answer) == count(committed, SupervisedAnswer) > 1


def test_a_sheet_that_is_entered_while_its_learner_answers_on_a_screen_is_entered_whole_or_not(
    committed: Flask,
) -> None:
    hall = hall_of(committed)
    address, manager = hall.plan(), hall.manager()
    manager.post(f"{address}/sheets", {})
    with committed.app_context(), unit_of_work() as session:
        form = paper(hall, session, address)
    room = hall.room(address)
    enter(room, hall.codes(address)["Sam Okafor"])
    question, answer = begun(hall, room)
    entry = f"{address}/people/{hall.sam.id}/answers"
    assert at_once([sending(manager, entry, form), sending(room, question, answer)]) == [303] * 2
    items = len([name for name in form if name.endswith("-sureness")])
    with committed.app_context(), unit_of_work() as session:
        entered = session.execute(select(func.count()).select_from(SupervisedEntry)).scalar_one()
        answers = session.execute(select(func.count()).select_from(Answer)).scalar_one()
    assert (entered, answers) in {(1, items), (0, 1)}
