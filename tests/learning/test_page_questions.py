"""The question of a lesson page: one press is the answer, it is kept, and it counts for nothing but boosters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import queries
from course.learning.models import PageAnswer, PageRead, Reflection
from course.learning.queries.page_answers import page_answers
from course.people.actions import choose_pathway
from course.people.models import Person
from course.refreshers.actions.short_course_mail import draw_for_booster
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client, Page, words

PATH = "/module/kites/for-leaders"
RIGHT, WRONG = "1", "2"


@pytest.fixture
def leader(session: Session, sample_course: Library, client: Client) -> Person:
    """A person who reads the page for leaders, signed in."""
    assert sample_course.page_questions
    person = make_person(session)
    choose_pathway(make_context(session, None, NOW), [person.id], "leaders", "head")
    session.commit()
    sign_in(client, person)
    return person


def title(page: Page) -> str:
    return words(page.all("title")[0])


@pytest.fixture
def asked(sample_course: Library) -> str:
    return sample_course.page_questions["the-line-in-the-hand"].version


@pytest.mark.usefixtures("leader")
def test_a_page_opens_with_its_judgement_and_sends_no_verdict_with_its_question(client: Client) -> None:
    page = client.get(PATH)
    assert page.html.index("A gust has taken the kite of Ines") < page.html.index("Count the kites.")
    assert len([one for one in page.all("details") if one.get("name") == "judge"]) == 3
    assert "On the line it comes back." not in page.html
    assert [words(button) for button in page.all("button") if button.get("name") == "answer"] == [
        "“Run after it as fast as you can.”",
        "“Keep the line in your hand.”",
        "“Let go before it pulls you over.”",
    ]


def test_a_press_is_the_answer_and_the_page_comes_back_at_the_verdict(
    client: Client, session: Session, leader: Person, asked: str
) -> None:
    to = client.post(PATH, {"asked": asked, "answer": WRONG}).location
    assert to == f"{PATH}?answered={asked}#q-the-line-in-the-hand"
    page = client.get(to)
    assert title(page).startswith("A better answer: Who leads the kites")
    # The reason of what was chosen and of the best answer are read; the third is folded.
    before_fold, folded = page.html.split('id="q-the-line-in-the-hand"')[1].split("</section>")[0].split("<details")
    assert "That is the last that she sees of it." in before_fold
    assert "On the line it comes back." in before_fold
    assert "Whoever runs looks up, and falls." in folded
    (row,) = session.execute(select(PageAnswer)).scalars()
    assert (row.ref, row.point, row.chosen, row.correct) == ("kites/for-leaders", "hold-the-line", 2, False)
    # It is shown again when the page is, and nobody has read the page by it.
    assert "There is a better answer" in client.get(PATH).text
    assert session.execute(select(PageRead)).first() is None
    assert queries.progress_facts(session.connection(), leader.id).pages == frozenset()


def test_the_first_answer_is_kept(client: Client, session: Session, leader: Person, asked: str) -> None:
    for answer in (RIGHT, WRONG, WRONG):
        client.post(PATH, {"asked": asked, "answer": answer})
    (kept,) = page_answers(session.connection(), leader.id, "kites/for-leaders").values()
    assert kept.correct
    page = client.get(f"{PATH}?answered={asked}")
    assert title(page).startswith("Right: Who leads the kites")
    assert "Your answer, and the best one" in page.text


@pytest.mark.usefixtures("leader")
@pytest.mark.parametrize(("answer", "status"), [("3", 400), ("-1", 400), ("", 400), ("x", 400), ("1" * 5000, 400)])
def test_an_answer_that_no_page_sends_is_refused(
    client: Client, session: Session, asked: str, answer: str, status: int
) -> None:
    client.post(PATH, {"asked": asked, "answer": answer}, status)
    client.post(PATH, {"asked": "another", "answer": RIGHT}, 404)
    assert session.execute(select(PageAnswer)).first() is None


@pytest.mark.usefixtures("leader")
def test_a_page_that_asks_nothing_takes_no_answer(client: Client, asked: str) -> None:
    client.post("/module/kites/the-line", {"asked": asked, "answer": RIGHT}, 404)


@pytest.mark.usefixtures("sample_course")
def test_a_note_that_stands_beside_an_answer_is_kept_as_well(client: Client, session: Session, leader: Person) -> None:
    client.post("/module/kites/the-line", {"note-own-kite": "Mine", "was-own-kite": "", "then": "next"})
    assert session.execute(select(Reflection.text)).scalar_one() == "Mine"
    assert leader.id


@pytest.mark.usefixtures("leader")
def test_a_note_on_a_prompt_that_is_gone_is_not_said_to_be_kept_and_reads_no_page(
    client: Client, session: Session
) -> None:
    # notes.js sends it while it is written; an update of the content has taken the prompt away meanwhile.
    client.post("/module/kites/the-line", {"note-gone": "Mine", "was-gone": "", "stay": "gone"}, 404)
    assert session.execute(select(PageRead)).first() is None


def test_the_page_as_it_was_read_shows_what_was_answered(
    client: Client, session: Session, leader: Person, asked: str
) -> None:
    client.post(PATH, {"asked": asked, "answer": WRONG})
    client.post(PATH, {"then": "next"})
    read = session.execute(select(PageRead.id)).scalar_one()
    page = client.get(f"/record/page/{read}")
    assert "There is a better answer" in page.text
    assert "A gust has taken the kite of Ines" in page.text
    assert leader.id


def test_no_check_draws_from_the_questions_of_pages(sample_course: Library) -> None:
    assert "the-line-in-the-hand" not in sample_course.questions
    assert "the-line-in-the-hand" in sample_course.answerable


@pytest.mark.both_engines
def test_a_booster_may_ask_the_question_of_a_page_five_days_after_it(
    app: Flask, session: Session, sample_course: Library, client: Client, leader: Person, asked: str
) -> None:
    assert app
    library = sample_course.for_("leaders", "england")

    def drawn(days: float) -> set[str]:
        at = now() + timedelta(days=days)
        return {q.question_id for seed in range(30) for q in draw_for_booster(session, library, leader.id, at, seed)}

    assert "the-line-in-the-hand" not in drawn(30), "nobody asks about a page that was not read"
    client.post(PATH, {"then": "next"})
    assert "the-line-in-the-hand" not in drawn(4.9)
    assert "the-line-in-the-hand" in drawn(5.1)
    # Answered on the page it counts as asked: questions that were never asked come before it.
    client.post(PATH, {"asked": asked, "answer": WRONG})
    assert "the-line-in-the-hand" not in drawn(30)
