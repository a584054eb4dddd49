"""Grades in the gradebook of a learning platform: what is told, once, in order, and what happens when it cannot be told."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from course.audit.models import AuditEntry
from course.clock import now
from course.lti.actions import platform_token
from course.lti.models import LtiAccount, LtiRegistration
from course.lti.rules.targets import LinkTarget
from course.lti_services import actions, queries
from course.lti_services.models import LtiColumn, LtiGrade
from course.lti_services.rules.problems import CLAIM_DURATION, GRADE_PROBLEM_WORDS, RETRY_DELAYS, GradeProblem
from course.lti_services.rules.scores import ITEM_SCOPE, SCORE_SCOPE, Score, timestamp_text
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.lti_services.gradebook import Gradebook
from tests.lti_services.making import ITEM, GradedCourse, graded_course, later
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.racing import at_once


@pytest.fixture
def course(committed: Flask, book: Gradebook) -> GradedCourse:
    return graded_course(committed, book)


def test_a_learner_is_graded_from_the_first_launch_to_the_certificate(course: GradedCourse, book: Gradebook) -> None:
    person = course.launch()
    course.launch("teacher", is_learner=False)
    course.launch("user-2", scopes=(), link="link-2")
    assert course.send() == 1
    assert book.told[0] == (
        f"/items/{ITEM.partition('?')[0]}",
        {
            "userId": "user-1", "timestamp": timestamp_text(course.grade().sent_stamp or now()),
            "activityProgress": "Initialized", "gradingProgress": "NotReady",
        },
    )  # fmt: skip
    assert book.asked[-1] == f"POST /items/{ITEM.replace('?', '/scores?')}"
    # Nothing new, nothing sent; then a step, which is found by itself.
    course.send()
    course.read(person, 3)
    course.send()
    course.read(person, 400)
    course.send()
    first, second, third = course.scores()
    assert (first, second[0], third[0]) == (("Initialized", None), "InProgress", "InProgress")
    assert 0 < (second[1] or 0) < (third[1] or 0) < 100
    course.complete(person)
    course.send()
    assert course.scores()[-1] == ("Completed", 100)
    # A grade never goes down, and never moves in time.
    with course.app.app_context(), unit_of_work() as session:
        session.execute(update(LtiGrade).values(next_try_at=now()))
        assert session.execute(select(LtiGrade.sent_percent)).scalar_one() == 100
    course.send()
    assert len(book.told) == 4
    assert sorted(one["timestamp"] for _place, one in book.told) == [one["timestamp"] for _place, one in book.told]
    assert {key for _place, one in book.told for key in one} == {
        "userId", "timestamp", "activityProgress", "gradingProgress", "scoreGiven", "scoreMaximum",
    }  # fmt: skip
    assert course.scores("teacher") == course.scores("user-2") == []
    assert book.refused == []


@pytest.mark.parametrize("committed", ["sqlite"], indirect=True)
def test_a_completion_that_is_recorded_long_after_the_last_step_reaches_the_platform(course: GradedCourse) -> None:
    person = course.launch()
    course.read(person, 3)
    course.send(later(10))
    # As the hourly job records it: of somebody whose last open page is not taught any more, for example.
    course.complete(person, now() - timedelta(days=1))
    course.send(later(20))
    assert course.scores()[-1] == ("Completed", 100)


def test_links_to_a_module_and_to_the_refresher_are_graded_by_what_they_open(
    course: GradedCourse, book: Gradebook
) -> None:
    modules = list(course.app.extensions["course"].library.modules)
    person = course.launch(opens=LinkTarget("module", modules[0]))
    course.launch(opens=LinkTarget("refresher"), link="link-2")
    course.read(person, 1)
    course.send()
    assert [(one["activityProgress"], one.get("scoreGiven", 0) > 0) for _place, one in book.told] == [
        ("InProgress", True), ("Initialized", False),
    ]  # fmt: skip


def test_workers_send_each_score_once_and_in_order_also_if_the_learner_goes_on_meanwhile(
    course: GradedCourse, book: Gradebook
) -> None:
    people = {f"user-{number}": course.launch(f"user-{number}", item=False) for number in range(3)}
    course.read(people["user-0"], 2)
    moved = threading.Event()

    def go_on() -> None:
        # While a score of somebody is on its way they take further steps, which another worker finds.
        if not moved.is_set():
            moved.set()
            for person in people.values():
                course.read(person, 5)
            with course.app.app_context(), unit_of_work() as session:
                grades = session.execute(select(LtiGrade.link_id, LtiGrade.account_id)).all()
                actions.note_uses(session, [(row[0], row[1]) for row in grades], now())

    book.during = go_on
    with course.app.app_context(), unit_of_work() as session:
        actions.note_uses(session, queries.new_uses(session, 10), now())
    at_once([lambda: course.send(find=False)] * 3)
    # A column is made by one of them; the others looked again after five seconds.
    course.send(later(1), find=False)
    assert list(book.columns.values()) == ["link-1"]
    assert book.refused == []
    with course.app.app_context(), read_only_session() as session:
        assert session.execute(select(LtiColumn.address)).scalar_one() == f"{book.issuer}/items/made-1"
    for subject in people:
        scores = course.scores(subject)
        assert len(scores) == len(set(scores)) <= 2, scores
        assert scores == sorted(scores, key=lambda one: one[1] or 0)
        assert (scores[-1][1] or 0) > 0
    # Whose claim ran out records nothing over what another worker did since.
    grade = course.grade()
    with course.app.app_context(), unit_of_work() as session:
        session.execute(update(LtiGrade).where(LtiGrade.id == grade.id).values(next_try_at=now()))
        due = queries.DueGrade(grade.id, course.number)
        assert actions.claim_grade(session, due, now())
        slow = queries.grade_parcel(session, grade.id)
        assert slow is not None
        assert not actions.claim_grade(session, due, now())
        assert actions.claim_grade(session, due, now() + CLAIM_DURATION)
        actions.record_arrival(session, slow, Score(1, "InProgress"), now(), now())
    assert course.grade().sent_percent == grade.sent_percent


# What a platform answers to a score, how often it is asked for a token, and what becomes of it.
ANSWERS: list[tuple[list[int], int, GradeProblem | None, timedelta | None]] = [
    ([401], 2, None, None),
    ([401, 401], 2, GradeProblem.NOT_SIGNED_IN, None),
    ([403], 1, GradeProblem.FORBIDDEN, None),
    ([404], 1, GradeProblem.GONE, None),
    ([409], 1, GradeProblem.OLDER, RETRY_DELAYS[0]),
    ([422], 1, GradeProblem.REFUSED, None),
    ([429], 1, GradeProblem.BUSY, timedelta(hours=2)),
    ([500], 1, GradeProblem.SERVER, RETRY_DELAYS[0]),
    ([301], 1, GradeProblem.REFUSED, None),
]


def test_each_refusal_is_said_in_words_and_what_can_pass_is_tried_again(fresh_app: Flask, book: Gradebook) -> None:
    course = graded_course(fresh_app, book)
    course.launch()
    course.send()
    boss = _administrator(course)
    tokens, shown = book.tokens, 0
    for statuses, asked, problem, wait in ANSWERS:
        book.statuses = list(statuses)
        _again(course, boss)
        at = now()
        course.send(at)
        grade = course.grade()
        assert (grade.problem, book.tokens - tokens) == (problem, asked - 1), statuses
        assert grade.next_try_at == (at + wait if wait else None), statuses
        tokens = book.tokens
        if problem is not None:
            shown += 1
            assert GRADE_PROBLEM_WORDS[problem] in boss.get(f"/platforms/{course.number}/grades").text, statuses
        is_lost = problem is not None and wait is None
        assert ("1 grade was not taken by a learning platform" in boss.get("/today").text) is is_lost, statuses
    assert shown == len(ANSWERS) - 1
    # Taken away at the platform: its token endpoint says so. Given back, one press sends everything that waits for it.
    book.scopes = ()
    platform_token._kept.clear()
    _again(course, boss)
    course.send()
    assert course.grade().problem == GradeProblem.TOKEN_REFUSED
    assert "invalid_scope" in boss.get(f"/platforms/{course.number}/grades").text
    book.scopes, before = None, len(book.told)
    _again(course, boss)
    course.send()
    assert (course.grade().problem, len(book.told)) == (None, before + 1)
    assert "Sent" in boss.get(f"/platforms/{course.number}/grades").text
    assert "not taken" not in boss.get("/today").text


def _administrator(course: GradedCourse) -> Client:
    return _signed_in(course, "Robin Boss", "boss@example.org", "administrator")


def _signed_in(course: GradedCourse, name: str, email: str, role: str) -> Client:
    with course.app.app_context(), unit_of_work() as session:
        person = make_person(session, name, email, role)
    return sign_in(Client(course.app), person)


def _again(course: GradedCourse, boss: Client) -> None:
    boss.post(f"/platforms/{course.number}/grades/repeat", {"grade": str(course.grade().id)})


def test_a_platform_that_is_silent_is_asked_less_and_less_and_one_that_is_off_not_at_all(
    fresh_app: Flask, book: Gradebook
) -> None:
    course = graded_course(fresh_app, book)
    for number in range(3):
        course.launch(f"user-{number}")
    at, waits = now(), []
    with course.app.app_context(), unit_of_work() as session:
        session.execute(update(LtiRegistration).values(state="off"))
    assert course.send(at) == 0
    with course.app.app_context(), unit_of_work() as session:
        session.execute(update(LtiRegistration).values(state="on"))
    for _try in range(len(RETRY_DELAYS) + 1):
        book.statuses = [500]
        # One is tried in a round; the others are left to the next one.
        assert course.send(at, find=False) == 1
        with course.app.app_context(), unit_of_work() as session:
            session.execute(update(LtiGrade).where(LtiGrade.id > 1).values(next_try_at=None))
        grade = course.grade()
        waits.append(grade.next_try_at - at if grade.next_try_at else None)
        at = grade.next_try_at or at
    assert waits == [*RETRY_DELAYS, None]
    assert book.told == []
    # The learner goes on: it is tried anew.
    with course.app.app_context(), unit_of_work() as session:
        actions.note_uses(session, [(course.grade().link_id, course.grade().account_id)], at)
    assert course.send(at, find=False) == 1
    assert [one["userId"] for _place, one in book.told] == ["user-0"]


def test_without_a_column_one_is_found_or_made_if_the_platform_allows_it(fresh_app: Flask, book: Gradebook) -> None:
    course = graded_course(fresh_app, book)
    book.columns[f"{book.issuer}/items/old"] = "another"
    book.columns[f"{book.issuer}/items/here"] = "link-1"
    course.launch(item=False)
    course.launch("user-2", item=False, scopes=(SCORE_SCOPE,), link="link-2")
    course.launch("user-3", item=False, scopes=(ITEM_SCOPE,), link="link-3")
    course.send()
    assert [place for place, _score in book.told] == ["/items/here"]
    assert [course.grade(place).problem for place in range(2)] == [None, GradeProblem.NO_COLUMN]
    # The column is deleted there: it is said, and the next try looks for it anew.
    del book.columns[f"{book.issuer}/items/here"]
    book.statuses = [404]
    boss = _administrator(course)
    _again(course, boss)
    course.send()
    assert course.grade().problem == GradeProblem.GONE
    _again(course, boss)
    course.send()
    assert book.told[-1][0] == "/items/made-2"


def test_grades_go_with_the_account_and_only_administrators_see_and_repeat_them(
    fresh_app: Flask, book: Gradebook
) -> None:
    course = graded_course(fresh_app, book)
    person = course.launch()
    course.send()
    boss = _administrator(course)
    page = f"/platforms/{course.number}/grades"
    assert "Opened, no grade yet" in boss.get(page).text
    manager = _signed_in(course, "Priya Nair", "priya@example.org", "manager")
    manager.get(page, 403)
    manager.post(f"{page}/repeat", {}, 403)
    boss.post("/platforms/99/grades/repeat", {"grade": "1"}, 404)
    boss.post(f"{page}/repeat", {"grade": "77"})
    assert "No grade was to be sent again" in boss.get(page).text
    _again(course, boss)
    with course.app.app_context(), read_only_session() as session:
        log = select(AuditEntry.details).where(AuditEntry.what == "lti.grades_repeated")
        assert [json.loads(one)["grades"] for one in session.execute(log).scalars()] == [1]
    course.complete(person)
    course.send()
    assert "100%, completed" in boss.get(page).text
    # An account that was unlinked is told of no more.
    course.read(person, 2)
    with course.app.app_context(), unit_of_work() as session:
        session.execute(update(LtiAccount).values(ended_at=now()))
    assert course.send(later(3)) == 0
