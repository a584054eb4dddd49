"""Five questions now: a booster that a learner begins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import queries as learning
from course.learning.models import Attempt, AttemptItem
from course.refreshers import actions, queries
from course.refreshers.rules.boosters import points_to_ask
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, sign_in
from tests.milestones.makers import make_module_done
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.days import this_day
from tests.support.racing import at_once
from tests.walking import Learner

pytestmark = pytest.mark.both_engines


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


@pytest.mark.parametrize(
    ("estimate", "asked", "points"),
    [
        ({"a": 0.9, "b": 0.2, "c": 0.5}, {"a", "b", "c"}, ("b", "c", "a")),
        # What was never asked has the estimate 0 and was not forgotten either.
        ({"a": 0.9, "b": 0.0, "c": 0.5}, {"a", "c"}, ("c", "a")),
        (dict.fromkeys("abcdefg", 0.5), set("abcdefg"), tuple("abcde")),
        ({"a": 0.1}, set(), ()),
    ],
)
def test_the_points_are_those_that_were_asked_and_are_remembered_least(
    estimate: Mapping[str, float], asked: set[str], points: tuple[str, ...]
) -> None:
    assert points_to_ask(estimate, tuple(estimate), asked) == points


def test_a_point_missed_on_its_page_comes_before_one_that_is_remembered_as_little() -> None:
    estimate = dict.fromkeys("abcdefg", 0.5)
    assert points_to_ask(estimate, tuple(estimate), set(estimate), frozenset("g")) == ("g", "a", "b", "c", "d")


def own_boosters(session: Session) -> list[Attempt]:
    session.expire_all()
    rows = select(Attempt).where(Attempt.kind == "booster").order_by(Attempt.id)
    return list(session.execute(rows).scalars())


def test_before_a_module_is_done_there_is_nothing_to_ask(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    page = client.follow(client.post("/five", {}))
    assert "Five questions are ready for you when you have finished a module." in page.text
    assert own_boosters(session) == []


def test_after_the_first_module_its_points_are_asked_and_no_question_of_the_assessment_is_used_up(
    session: Session, client: Client, library: Library
) -> None:
    person, module = make_person(session), library.modules["secret-contact"]
    make_module_done(session, library, person.id, module, now() - timedelta(days=3))
    seen = set(session.execute(select(AttemptItem.question_id)).scalars())
    sign_in(client, person)
    client.post("/five", {})
    (booster,) = own_boosters(session)
    found = learning.attempt(session, person.id, booster.id)
    assert found is not None
    assert {item.point for item in found.items} <= set(module.points)
    assert {item.question_id for item in found.items} <= seen


def test_five_questions_are_answered_like_others_and_a_second_press_finds_the_same(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    person = make_completed(session, library, timedelta(days=3))
    sign_in(client, person)
    first = client.post("/five", {})
    assert client.post("/five", {}).location == first.location
    (booster,) = own_boosters(session)
    found = learning.attempt(session, person.id, booster.id)
    assert found is not None
    assert len(found.items) == 5
    learner = Learner(app, client, person.id)
    for item in found.items:
        form = {**learner.form(booster.id, item.position, lambda _question: True), "sure": "sure"}
        client.post(f"/attempt/{booster.id}/{item.position}", form)
    page = client.follow(client.get(f"/attempt/{booster.id}", 303))
    assert "5 of 5 right" in page.text
    # Once they are answered, the next press begins others.
    assert client.post("/five", {}).location != first.location
    assert client.get("/record").text.count("Five questions") == 2


def test_those_that_are_mailed_stay_when_they_are(session: Session, library: Library) -> None:
    person = make_completed(session, library, timedelta(days=40))
    zone, today = "Europe/London", this_day()
    due = [one.person_id for one in actions.boosters_due(session, library, zone, today)]
    assert due == [person.id]
    assert actions.start_five(make_context(session, person.id, now()), library)
    assert [one.person_id for one in actions.boosters_due(session, library, zone, today)] == due
    (learner,) = queries.certified_learners(session)
    assert learner.boosters == ()
    assert actions.queue_booster(session, library, learner, zone, now())


def test_another_person_cannot_open_them(session: Session, client: Client, library: Library) -> None:
    person = make_completed(session, library, timedelta(days=3))
    number = actions.start_five(make_context(session, person.id, now()), library)
    other = make_person(session, "Kim Lee", "kim@example.org")
    session.commit()
    sign_in(client, other)
    client.get(f"/five/{number}", 404)
    client.get(f"/attempt/{number}", 404)


def test_two_presses_at_once_begin_one(committed: Flask) -> None:
    course: Library = committed.extensions["course"].library.for_("school", "england")
    with committed.extensions["course.sessions"].writing() as session:
        person_id = make_completed(session, course, timedelta(days=3)).id

    def press() -> int:
        with committed.app_context(), unit_of_work() as session:
            return actions.start_five(make_context(session, person_id, now()), course) or 0

    one, two = at_once([partial(press)] * 2)
    assert one == two > 0
