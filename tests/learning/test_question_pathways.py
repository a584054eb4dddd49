"""Questions that play in the work of some pathways only: who is asked them, and who still finds them later."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.content.library import Library, load_library
from course.content.schema import SETTINGS, Setting
from course.context import make_context
from course.learning import actions, queries
from course.learning.queries import AttemptView
from course.learning.rules.drawing import QuestionHistory, check_allowance, draw_for_check, draw_for_final
from course.people.actions import choose_pathway
from course.people.models import Person
from tests.conftest import NOW
from tests.learning.givens import right
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.walking import Learner, always, never

SAMPLE = load_library(Path(__file__).resolve().parents[1] / "sample_modules")
OF_CLUBS = "the-note-on-the-gust"  # plays in schools and clubs
POINT = "hold-the-line"


@pytest.mark.parametrize(
    ("pathway", "fits"),
    [("school", True), ("clubs", True), ("residential", False), ("leaders", False), (None, True)],
)
def test_a_pathway_draws_from_the_questions_of_its_work_and_finds_all(pathway: Setting | None, fits: bool) -> None:
    variant = SAMPLE.for_(pathway, "england")
    assert (OF_CLUBS in variant.questions) == fits
    assert (OF_CLUBS in {question.id for question in variant.modules["kites"].questions}) == fits
    assert variant.answerable == SAMPLE.answerable
    assert variant.parts == SAMPLE.parts


@pytest.mark.parametrize("pathway", SETTINGS)
def test_checks_and_the_final_assessment_ask_only_questions_of_the_pathway(pathway: Setting) -> None:
    variant, asked = SAMPLE.for_(pathway, "wales"), set()
    for seed in range(20):
        history = QuestionHistory({})
        for drawn in (
            draw_for_check(variant, variant.modules["kites"], [POINT], history, False, seed),
            draw_for_final(variant, [POINT], history, seed),
        ):
            asked |= {one.question_id for one in drawn}
    assert (OF_CLUBS in asked) == (pathway in ("school", "clubs"))


@pytest.mark.parametrize(("pathway", "left"), [("clubs", 0), ("leaders", 1)])
def test_the_questions_that_a_check_may_use_up_are_counted_on_the_pathway(pathway: Setting, left: int) -> None:
    # Of three questions, one of which was asked, two are left for the final assessment; of two others one is.
    assert check_allowance(SAMPLE.for_(pathway, None), {OF_CLUBS: 1})[POINT] == left


def _choose(session: Session, person: Person, pathway: Setting) -> None:
    choose_pathway(make_context(session, None, NOW), [person.id], pathway, "their work")
    session.commit()


def _asked(session: Session, person: Person) -> AttemptView:
    return queries.attempts(session, person.id, "check", "kites")[-1]


@pytest.mark.both_engines
@pytest.mark.usefixtures("sample_course")
def test_two_people_on_two_pathways_are_asked_the_questions_of_their_work(app: Flask, session: Session) -> None:
    ada, ben = (make_person(session, f"{name} Brook", f"{name}@example.org") for name in ("Ada", "Ben"))
    pathways: dict[Person, Setting] = {ada: "clubs", ben: "leaders"}
    for person, pathway in pathways.items():
        _choose(session, person, pathway)
        client = sign_in(Client(app), person)
        learner = Learner(app, client, person.id)
        learner.answer_all(client.post("/module/kites/check", {}), always)
    asked = {person.id: {item.question_id for item in _asked(session, person).items} for person in (ada, ben)}
    assert asked[ada.id] - asked[ben.id] == {OF_CLUBS}
    assert asked[ben.id] < asked[ada.id]


@pytest.mark.both_engines
def test_who_changes_the_pathway_in_the_middle_of_an_attempt_finishes_it_and_finds_it_later(
    app: Flask, session: Session, sample_course: Library
) -> None:
    person = make_person(session)
    _choose(session, person, "clubs")
    client = sign_in(Client(app), person)
    learner = Learner(app, client, person.id)
    address = client.post("/module/kites/check", {}).location.rpartition("/")[0]
    before = _asked(session, person)
    assert OF_CLUBS in {item.question_id for item in before.items}
    _choose(session, person, "leaders")
    assert client.post("/module/kites/check", {}).location == f"{address}/1"
    result = learner.answer_all(client.post("/module/kites/check", {}), never)
    session.expire_all()
    after = _asked(session, person)
    assert [item.question_id for item in after.items] == [item.question_id for item in before.items]
    assert after.finished_at is not None
    stem = str(sample_course.questions[OF_CLUBS].stem)
    assert stem in result.text
    place = next(item.position for item in after.items if item.question_id == OF_CLUBS)
    assert stem in client.get(f"{address}/{place}").text
    # The next try asks of the new pathway only.
    again = learner.answer_all(client.post("/module/kites/check", {}), always)
    assert stem not in again.text


@pytest.mark.both_engines
def test_a_protected_question_of_an_earlier_pathway_stays_protected(session: Session, sample_course: Library) -> None:
    person = make_person(session)
    context = make_context(session, person.id, NOW)
    clubs, leaders = sample_course.for_("clubs", "england"), sample_course.for_("leaders", "england")
    attempt = queries.attempt(session, person.id, actions.begin_final(context, clubs))
    assert attempt is not None
    assert actions.protected_questions(session, leaders, person.id) == {item.question_id for item in attempt.items}
    assert actions.begin_final(context, leaders) == attempt.id
    for item in attempt.items:
        question = sample_course.answerable[item.question_id]
        actions.save_answer(session, item, question, right(question), "sure", NOW)
    assert actions.final_result(session, leaders, person.id) is not None
