"""A different answer from a second window is refused with a message, in every kind of attempt and scenario; a double
click shows no message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import actions, queries
from course.learning.models import Answer, Decision
from course.learning.rules.grading import option_order
from course.people.models import Person
from course.refreshers import actions as refreshers
from course.signed_links import BoosterLink, sign_link
from tests.learning.finishing import answer_but_last
from tests.learning.test_races import learners
from tests.learning.test_races import post as posting
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.days import this_day
from tests.support.racing import at_once
from tests.walking import right_form, wrong_form

pytestmark = pytest.mark.both_engines

WORD = "This question was answered already, in another window or on another device. That answer counts."
DECIDED = "This decision was taken already, in another window or on another device. That one counts."


Begin = Callable[[Session, Library], tuple[Person, int]]


def check(session: Session, library: Library) -> tuple[Person, int]:
    person = make_person(session)
    return person, actions.begin_check(
        make_context(session, person.id, now()), library, library.modules["secret-contact"]
    )


def final(session: Session, library: Library) -> tuple[Person, int]:
    person = make_person(session)
    return person, actions.begin_final(make_context(session, person.id, now()), library)


def timeline(session: Session, library: Library) -> tuple[Person, int]:
    person = make_person(session)
    module = next(m for m in library.modules.values() if m.timelines)
    name, found = next(iter(module.timelines.items()))
    return person, actions.begin_timeline(
        make_context(session, person.id, now()), library, f"{module.id}/{name}", found
    )


def refresher(session: Session, library: Library) -> tuple[Person, int]:
    person = make_completed(session, library)
    return person, refreshers.begin_refresher(make_context(session, person.id, now()), library, None).attempt_id


def booster(session: Session, library: Library) -> tuple[Person, int]:
    person = make_completed(session, library, timedelta(days=40))
    (due,) = refreshers.boosters_due(session, library, "Europe/London", this_day())
    assert refreshers.queue_booster(session, library, due, "Europe/London", now())
    return person, queries.attempts(session, person.id, "booster")[-1].id


@pytest.mark.parametrize("begin", [check, final, timeline, refresher, booster])
def test_a_different_answer_from_a_second_window_is_refused_with_a_message(
    app: Flask, session: Session, library: Library, begin: Begin
) -> None:
    person, number = begin(session, library)
    session.commit()
    attempt = queries.attempt(session, person.id, number)
    assert attempt is not None
    item = attempt.items[0]
    question = library.answerable[item.question_id]
    order = option_order(question, attempt.seed, 1)
    sure = {} if attempt.kind == "timeline" else {"sure": ["sure"]}
    first, other = right_form(question, order) | sure, wrong_form(question, order) | sure
    client, path = sign_in(Client(app), person), f"/attempt/{number}/1"
    if attempt.kind == "booster":
        client, path = (
            Client(app),
            f"/booster/{sign_link(BoosterLink(number), app.extensions['course'].config.secret_key)}/1",
        )
    client.post(path, first)
    assert not shown(client, client.post(path, first).location, WORD)
    assert shown(client, client.post(path, other).location, WORD)
    # A form without a choice is no answer either, and is not dropped in silence.
    assert shown(client, client.post(path, {}).location, WORD)
    session.expire_all()
    assert session.execute(select(Answer.correct).where(Answer.item_id == item.id)).scalar_one()


def test_an_assessment_that_was_open_when_the_course_began_again_ends_by_its_own_answers(
    app: Flask, session: Session, library: Library
) -> None:
    person = make_completed(session, library)
    (first,) = queries.attempts(session, person.id, "final")
    actions.record_attempt_outcome(session, library, person.id, first.id, now())
    number = actions.begin_final(make_context(session, person.id, now()), library)
    path, form = answer_but_last(session, library, person.id, number, now())
    # In the other window the certificate has lapsed, and the whole course was begun again.
    actions.open_enrolment(session, person.id, "initial", now())
    session.commit()
    client = sign_in(Client(app), person)
    client.post(path, form)
    ended = queries.attempt(session, person.id, number)
    assert ended is not None
    assert ended.passed
    assert client.get(f"/attempt/{number}").status == 200
    assert queries.final_attempts(session, person.id) == [], "it counts for nothing that was begun since"


def shown(client: Client, address: str, words: str) -> bool:
    """Whether the page at this address has these words."""
    page = client.flask_page(address)
    while page.status == 303:
        page = client.flask_page(page.location)
    return words in page.text


def test_of_two_answers_at_once_one_is_saved_and_the_other_refused_with_a_message(committed: Flask) -> None:
    one, two = learners(committed, 2)
    attempt = int(one.client.post("/module/secret-contact/check", {}).location.split("/")[2])
    path = f"/attempt/{attempt}/1"
    sent = [
        posting(one, path, {**one.form(attempt, 1, lambda _: True), "sure": "sure"}),
        posting(two, path, {**two.form(attempt, 1, lambda _: False), "sure": "sure"}),
    ]
    assert at_once(sent) == [303, 303]
    said = [shown(window.client, path, WORD) for window in (one, two)]
    assert sorted(said) == [False, True]


def test_of_two_decisions_at_once_one_is_taken_and_the_other_refused_with_a_message(committed: Flask) -> None:
    one, two = learners(committed, 2)
    run = one.client.post("/module/secret-contact/second-phone", {}).location
    scenario = one.library.modules["secret-contact"].scenarios["second-phone"]
    choices = [choice.id for choice in scenario.by_id[scenario.start].choices[:2]]
    sent = [posting(w, run, {"step": "1", "choice": c}) for w, c in zip((one, two), choices, strict=True)]
    assert at_once(sent) == [303, 303]
    said = [shown(window.client, run, DECIDED) for window in (one, two)]
    assert sorted(said) == [False, True]
    with committed.app_context(), committed.extensions["course.sessions"].writing() as session:
        assert session.execute(select(func.count()).select_from(Decision)).scalar() == 1
