"""Answers that the final assessment protects are not disclosed, and an attempt says how many questions it repeats."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.content.schema import Question
from course.context import make_context
from course.learning import actions, queries
from course.learning.models import Enrolment
from course.learning.queries import AttemptView
from course.learning.rules.grading import SubmittedAnswer
from course.people.models import Person
from course.privacy.queries.subject_data import read_subject_data
from tests.learning.finishing import make_nearly_complete
from tests.learning.givens import right, wrong
from tests.makers import make_person, sign_in
from tests.pages import Client

# What is told and where one is led does not depend on the engine.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CRITICAL = "police-when-immediate-risk"
PLAIN = "new-risks"


def take(session: Session, library: Library, person: Person, missed: tuple[str, ...], leave: int = 0) -> AttemptView:
    """Take an attempt at the final assessment in which these points are wrong; the last `leave` questions stay open."""
    at = now()
    number = actions.begin_final(make_context(session, person.id, at), library)
    found = queries.attempt(session, person.id, number)
    assert found is not None
    for item in found.items[: len(found.items) - leave]:
        question = library.answerable[item.question_id]
        given = wrong(question) if item.point in missed else right(question)
        actions.submit_answer(
            make_context(session, person.id, at), library, found, item.position, SubmittedAnswer(given, "sure")
        )
    session.commit()
    found = queries.attempt(session, person.id, number)
    assert found is not None
    return found


def reasons(question: Question) -> list[str]:
    return [str(option.reason) for option in question.options]


def is_explained(html: str, question: Question) -> bool:
    """Whether a page gives the reasons: of an answer from parts those of the lines that were chosen, and of better ones."""
    return (any if question.has_parts else all)(reason in html for reason in reasons(question))


def test_a_failed_try_explains_everything_but_the_critical_points_that_are_asked_again(
    session: Session, client: Client, library: Library
) -> None:
    person = make_person(session)
    sign_in(client, person)
    found = take(session, library, person, (CRITICAL, PLAIN))
    assert found.passed is False
    page = client.get(f"/attempt/{found.id}")
    for item in found.items:
        question = library.answerable[item.question_id]
        assert is_explained(page.html, question) is (item.point != CRITICAL), item.point
        if item.point == CRITICAL:
            alone = client.get(f"/attempt/{found.id}/{item.position}")
            assert not any(reason in alone.html for reason in reasons(question))
    assert library.points[CRITICAL].title in page.text
    # Once the point is right, its reasons are shown, also those of the earlier attempt.
    second = take(session, library, person, ())
    assert second.passed
    page = client.get(f"/attempt/{found.id}")
    assert all(is_explained(page.html, library.answerable[item.question_id]) for item in found.items)


def test_no_other_attempt_asks_a_question_that_the_final_assessment_protects(
    session: Session, library: Library
) -> None:
    person = make_person(session)
    under_way = take(session, library, person, (), leave=50)
    kept = {item.question_id for item in under_way.items}
    assert actions.protected_questions(session, library, person.id) == kept
    for module in library.modules.values():
        for _ in range(2):
            number = actions.begin_check(make_context(session, person.id, now()), library, module)
            check = queries.attempt(session, person.id, number)
            assert check is not None
            assert not {item.question_id for item in check.items} & kept
            for item in check.items:
                given = right(library.answerable[item.question_id])
                at = now()
                actions.submit_answer(
                    make_context(session, person.id, at), library, check, item.position, SubmittedAnswer(given, "sure")
                )


def correct(session: Session, person: Person) -> dict[int, bool | None]:
    rows = read_subject_data(session, person.id, "secret").rows["answer"]
    return {row["item_id"]: row["correct"] for row in rows}


def test_my_data_does_not_disclose_what_an_open_final_assessment_protects(
    session: Session, client: Client, library: Library
) -> None:
    person = make_person(session)
    sign_in(client, person)
    under_way = take(session, library, person, (CRITICAL,), leave=1)
    assert set(correct(session, person).values()) == {None}
    page = client.get("/me/data")
    assert "is left out here while the assessment will ask about that point again (49 answers)" in page.text
    data = json.loads(client.post("/me/data", {}, 200).body)
    (rows,) = [t["rows"] for s in data["sections"] for t in s["tables"] if t["name"] == "answer"]
    assert {row["correct"] for row in rows} == {None}
    assert data["left_out"]

    # After its end only the points to be asked again are left out; after a pass, nothing.
    item = under_way.items[-1]
    given, at = right(library.answerable[item.question_id]), now()
    actions.submit_answer(
        make_context(session, person.id, at), library, under_way, item.position, SubmittedAnswer(given, "sure")
    )
    points = {item.id: item.point for item in under_way.items}
    assert {points[number] for number, right_ in correct(session, person).items() if right_ is None} == {CRITICAL}
    assert take(session, library, person, ()).passed
    assert None not in correct(session, person).values()
    assert "is left out here" not in client.get("/me/data").text


def test_an_attempt_says_how_many_of_its_questions_were_put_to_the_reader_before(
    session: Session, client: Client, library: Library
) -> None:
    person = make_person(session)
    sign_in(client, person)
    assert "put to you before" not in client.get("/assessment").text
    for _ in range(3):
        found = take(session, library, person, (CRITICAL, PLAIN))
        assert "put to you before" not in client.get(f"/attempt/{found.id}").text
    # Eight questions on the one point and three on the other have been asked.
    total = sum(CRITICAL in q.points for q in library.questions.values())
    assert total == 7
    page = client.get("/assessment").text
    assert "put to you before: the course has no others on those points" in page
    found = take(session, library, person, (CRITICAL, PLAIN))
    repeated = queries.repeated_question_count(session, person.id, found)
    assert f"{repeated} of these {len(found.items)} questions" in client.get(f"/attempt/{found.id}").text


def test_the_final_assessment_links_to_a_certificate_only_if_there_is_one(
    app: Flask, session: Session, library: Library
) -> None:
    """An edit of the course can leave something open although the final assessment is passed."""
    person = make_person(session)
    found = take(session, library, person, ())
    client = sign_in(Client(app), person)
    page = client.get(f"/attempt/{found.id}")
    assert "See my certificate" not in page.text
    assert "Go on with what is open" in page.text


def test_the_last_step_of_the_course_leads_to_the_certificate(app: Flask, session: Session, library: Library) -> None:
    for email, steps in (("sam@example.org", ("answer", "decision")), ("kim@example.org", ("decision", "answer"))):
        person = make_person(session, email=email)
        last = make_nearly_complete(session, library, person.id, now())
        session.commit()
        client = sign_in(Client(app), person)
        for step in steps:
            path, form = getattr(last, step)
            client.post(path, form)
        address = path + "/debrief" if steps[-1] == "decision" else path.rsplit("/", 1)[0]
        page = client.get(address)
        [onward] = [link for link in page.all("a") if link.get("href") == "/certificate/passed"]
        assert onward.text == "Next"
        assert session.get(Enrolment, queries.enrolment_id(session, person.id)) is not None
