"""What two people press at the same moment, on a database that really commits, on both engines."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from course.learning.models import Decision, ScenarioRun
from course.pairs.models import Pair, PairChoice, PairCode, PairMember
from course.web.unit_of_work import unit_of_work
from tests.learning.test_races import count
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.pairs.makers import STORY, make_two, open_story, two_phones
from tests.support.racing import at_once

WINDOWS = 3  # of each of the two
FIRST, SECOND = "take-it", "sit-down"


def sending(phone: Client, path: str, data: dict[str, str]) -> Callable[[], int]:
    token = phone.token()
    return lambda: phone.flask.post(path, data={"csrf_token": token, **data}).status_code


def windows_of_two(app: Flask) -> tuple[list[Client], list[Client], str]:
    """Two who have joined, each in several windows, and the address of their page."""
    with app.app_context(), unit_of_work() as session:
        people = make_two(session)
    sam, kim, address = two_phones(app, people)
    more = [[sign_in(Client(app), person) for _ in range(WINDOWS - 1)] for person in people]
    return [sam, *more[0]], [kim, *more[1]], address


def test_a_pair_that_is_opened_many_times_at_once_is_one_pair_with_one_code(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        sam = make_person(session)
    phones = [sign_in(Client(committed), sam) for _ in range(4)]
    assert at_once([sending(phone, f"{STORY}/together", {}) for phone in phones]) == [303] * 4
    assert [count(committed, model) for model in (Pair, PairCode, PairMember)] == [1, 1, 1]


def test_of_several_who_enter_a_code_at_once_one_joins(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        people = make_two(session)
        more = [make_person(session, f"Lee {n}", f"lee{n}@example.org") for n in range(2)]
    sam = sign_in(Client(committed), people[0])
    _address, code = open_story(sam)
    phones = [sign_in(Client(committed), person) for person in (people[1], people[1], *more)]
    statuses = at_once([sending(phone, "/pair", {"code": code}) for phone in phones])
    assert set(statuses) == {303, 422}
    assert count(committed, PairMember) == 2
    assert count(committed, ScenarioRun) == 2


def test_first_choices_of_both_from_many_windows_at_once_are_one_each(committed: Flask) -> None:
    sams, kims, address = windows_of_two(committed)
    form = {"step": "1", "stage": "alone"}
    sent = [sending(phone, address, {**form, "choice": FIRST}) for phone in sams]
    sent += [sending(phone, address, {**form, "choice": SECOND}) for phone in kims]
    assert at_once(sent) == [303] * len(sent)
    assert count(committed, PairChoice) == 2
    assert {phone.get(address).h1 for phone in (*sams, *kims)} == {"You differ: talk about it"}


def test_the_same_decision_pressed_by_both_at_once_is_taken_once_in_each_run(committed: Flask) -> None:
    sams, kims, address = windows_of_two(committed)
    for phone, choice in ((sams[0], FIRST), (kims[0], SECOND)):
        phone.post(address, {"step": "1", "stage": "alone", "choice": choice})
    form = {"step": "1", "stage": "decide", "choice": SECOND}
    sent = [sending(phone, address, form) for phone in (*sams, *kims)]
    assert at_once(sent) == [303] * len(sent)
    with committed.app_context(), unit_of_work() as session:
        rows = session.execute(select(Decision.run_id, Decision.step, Decision.choice_id)).all()
        runs = session.execute(select(func.count(func.distinct(Decision.run_id)))).scalar_one()
    assert [(row.step, row.choice_id) for row in rows] == [(1, SECOND)] * 2
    assert runs == 2
    assert "You both decided:" in sams[0].get(address).text
    assert "You both decided:" in kims[0].get(address).text


def test_one_leaves_while_the_other_decides_and_neither_run_is_torn(committed: Flask) -> None:
    sams, kims, address = windows_of_two(committed)
    for phone in (sams[0], kims[0]):
        phone.post(address, {"step": "1", "stage": "alone", "choice": FIRST})
    sams[0].post(address, {"step": "1", "stage": "decide", "choice": FIRST})
    at_once(
        [
            sending(kims[0], address, {"step": "1", "stage": "decide", "choice": FIRST}),
            sending(sams[0], f"{address}/leave", {}),
        ]
    )
    assert count(committed, Decision) in (0, 2)
    assert sams[0].get(address).h1 == kims[0].get(address).h1 == "You each go on alone"
