"""The item analysis page of the content editor."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from math import sqrt

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.rules.item_analysis import MIN_ANSWERS, ItemResponses, ItemStatistics
from course.analytics.views import item_analysis
from course.content.library import Library
from course.content.schema import Question
from course.context import make_context
from course.learning.models import Answer, Attempt, AttemptItem, AttemptVoid
from course.people.actions import record_departure
from course.people.models import Person
from tests.analytics.answering import answer, enrolment_of, make_newest_void, make_people, publish
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client, words
from tests.support.racing import at_once


@pytest.fixture
def bank(app: Flask) -> list[Question]:
    library: Library = app.extensions["course"].library
    return [question for question in library.questions.values() if question.form == "one"]


def _option(question: Question, correct: bool) -> int:
    return next(index for index, option in enumerate(question.options) if option.correct == correct)


@pytest.mark.both_engines
def test_a_question_is_compared_with_the_others_of_its_attempt(session: Session, bank: list[Question]) -> None:
    person = make_person(session)
    attempt = Attempt(
        enrolment_id=enrolment_of(session, person), kind="check", ref="m", number=1, seed=1, opened_at=NOW
    )
    session.add(attempt)
    session.flush()
    # The last answer comes after the counted period: it changes nothing about the others.
    for position, (question, right) in enumerate(zip(bank[:4], (True, False, True, False), strict=True), 1):
        item = AttemptItem(
            attempt_id=attempt.id, position=position, question_id=question.id, version=question.version, point="p"
        )
        session.add(item)
        session.flush()
        given = f"[{_option(question, right)}]"
        at = NOW + timedelta(days=2 * (position == 4))
        session.add(Answer(item_id=item.id, given=given, correct=right, sureness=None, answered_at=at))
    session.commit()
    found = queries.item_responses(session, NOW + timedelta(days=1))
    assert [found[q.id, q.version] for q in bank[:3]] == [
        [ItemResponses(1, (0.5,), (_option(bank[0], True),))],
        [ItemResponses(0, (1.0,), (_option(bank[1], False),))],
        [ItemResponses(1, (0.5,), (_option(bank[2], True),))],
    ]


@pytest.mark.both_engines
def test_answers_that_were_entered_wrongly_from_paper_are_not_the_first(session: Session, bank: list[Question]) -> None:
    once, twice = make_people(session, 2, None)
    for person in (once, twice):
        answer(session, person, bank[0], _option(bank[0], False))
        make_newest_void(session, person, AttemptVoid)
    answer(session, twice, bank[0], _option(bank[0], True), number=2)
    found = queries.item_responses(session, NOW + timedelta(days=1))
    assert found == {(bank[0].id, bank[0].version): [ItemResponses(1, (None,), (_option(bank[0], True),))]}


Given = tuple[
    Person, int, datetime, int, Question, int, bool
]  # person, attempt, moment, item, question, option, whether right


def _answer_at_random(session: Session, bank: list[Question]) -> list[Given]:
    """Some people with one to three attempts of three to five of six questions, so that many are asked a question again."""
    chance, given = random.Random(16), []
    for person in make_people(session, 48, None):
        enrolment = enrolment_of(session, person)
        for number in range(1, chance.randint(1, 3) + 1):
            attempt = Attempt(
                enrolment_id=enrolment, kind="check", ref="m", number=number, seed=1, opened_at=NOW - timedelta(days=9)
            )
            session.add(attempt)
            session.flush()
            for position, question in enumerate(chance.sample(bank[:6], chance.randint(3, 5)), 1):
                item = AttemptItem(
                    attempt_id=attempt.id,
                    position=position,
                    question_id=question.id,
                    version=question.version,
                    point="p",
                )
                session.add(item)
                session.flush()
                option = chance.randrange(len(question.options))
                right, at = question.options[option].correct, NOW - timedelta(minutes=chance.randint(1, 9))
                given.append((person, attempt.id, at, item.id, question, option, right))
                session.add(Answer(item_id=item.id, given=f"[{option}]", correct=right, sureness=None, answered_at=at))
    session.commit()
    return given


def _by_the_definitions(given: list[Given], question: Question) -> ItemStatistics:
    """Answer by answer, as the formulas are written."""
    first: dict[tuple[int, str], Given] = {}
    for one in sorted(given, key=lambda one: one[2:4]):
        first.setdefault((one[0].id, one[4].id), one)
    rows = []
    for (_, of), (_, attempt, _, _, _, option, right) in first.items():
        if of == question.id:
            answers = [one[6] for one in given if one[1] == attempt]
            rows.append((option, int(right), (sum(answers) - right) / (len(answers) - 1), sum(answers), len(answers)))
    rows.sort(key=lambda row: (row[0], row[1], row[3], row[4]))
    x, r, n = [float(row[1]) for row in rows], [row[2] for row in rows], len(rows)

    def cov(a: list[float], b: list[float]) -> float:
        a_mean, b_mean = sum(a) / n, sum(b) / n
        return sum((i - a_mean) * (j - b_mean) for i, j in zip(a, b, strict=True)) / (n - 1)

    return ItemStatistics(
        n,
        is_sufficient=True,
        facility=100 * sum(row[1] for row in rows) / n,
        discrimination=100 * cov(x, r) / sqrt(cov(x, x) * cov(r, r)),
        efficiency=100 * cov(x, r) / cov(sorted(x), sorted(r)),
        options=tuple(sum(row[0] == option for row in rows) for option in range(len(question.options))),
    )


@pytest.mark.both_engines
def test_counting_equal_answers_at_once_gives_the_figures_of_the_definitions_to_the_last_digit(
    app: Flask, session: Session, bank: list[Question]
) -> None:
    given = _answer_at_random(session, bank)
    assert len(given) > len({(one[0].id, one[4].id) for one in given})  # some were asked a question again
    found = queries.item_statistics_before(session, app.extensions["course"].library, NOW)
    assert found == {(q.id, q.version): _by_the_definitions(given, q) for q in bank[:6]}


def test_statistics_that_are_read_while_people_answer_count_each_attempt_as_a_whole(committed: Flask) -> None:
    """Each attempt has two right answers and is committed at once: beside a right answer there is always another one."""
    app = committed
    library: Library = app.extensions["course"].library
    pair = [question for question in library.questions.values() if question.form == "one"][:2]
    with app.extensions["course.sessions"].writing() as session:
        enrolments = [enrolment_of(session, one) for one in make_people(session, 12, None)]
        session.commit()
    seen: list[int] = []
    done = threading.Event()

    def read() -> int:
        while True:
            is_last = done.is_set()
            with app.extensions["course.sessions"].reading() as connection, Session(connection) as session:
                found = queries.item_responses(session, NOW + timedelta(days=1))
            rests = [rest for responses in found.values() for one in responses for rest in one.rest_scores]
            assert set(rests) <= {1.0}
            seen.append(len(rests))
            if is_last:
                return len(seen)

    def attend() -> int:
        try:
            for number in (1, 2):
                for enrolment in enrolments:
                    with app.extensions["course.sessions"].writing() as session:
                        _answer_both(session, enrolment, pair, number)
        finally:
            done.set()
        return len(enrolments)

    at_once([read, attend])
    # Every person counts once with each question, also who answered again.
    assert (seen[-1], seen) == (2 * len(enrolments), sorted(seen))


def _answer_both(session: Session, enrolment: int, pair: list[Question], number: int) -> None:
    """An attempt with two questions, both answered rightly: in the first attempt of a person, or again."""
    attempt = Attempt(
        enrolment_id=enrolment, kind="check", ref="m", number=number, seed=1, opened_at=NOW - timedelta(days=1)
    )
    session.add(attempt)
    session.flush()
    for position, question in enumerate(pair, 1):
        item = AttemptItem(
            attempt_id=attempt.id, position=position, question_id=question.id, version=question.version, point="p"
        )
        session.add(item)
        session.flush()
        given = f"[{_option(question, True)}]"
        session.add(Answer(item_id=item.id, given=given, correct=True, sureness=None, answered_at=NOW))
    session.commit()


def test_the_content_editor_reads_what_to_mend(
    app: Flask, session: Session, bank: list[Question], client: Client
) -> None:
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))
    assert "There are no answers yet" in client.get("/insight/questions").text
    many, few = bank[0], bank[1]
    wrong = _option(many, False)
    for place, person in enumerate(make_people(session, MIN_ANSWERS, None)):
        answer(session, person, many, wrong if place < 20 else _option(many, True))
        if place:
            answer(session, person, few, _option(few, False))
    publish(app)
    page = client.get("/insight/questions")
    assert f"67 % choose the wrong answer “{Markup.escape(str(many.options[wrong].text))}”" in page.html
    assert "Too few answers" in page.text
    assert few.id not in client.get(f"/insight/questions?point={many.points[0]}&module=nothing").text
    for sort in ("answers", "discrimination", "efficiency", "nothing"):
        assert many.id in client.get(f"/insight/questions?sort={sort}&point={many.points[0]}").text


def test_item_statistics_are_updated_once_five_people_have_answered_more(
    app: Flask, session: Session, bank: list[Question], client: Client
) -> None:
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))
    weeks = timedelta(weeks=1)
    people = [make_person(session, f"P {n}", f"p{n}@example.org", password=None, at=NOW - 9 * weeks) for n in range(41)]
    for person in people[:32]:
        answer(session, person, bank[0], _option(bank[0], True), at=NOW - 3 * weeks)
    # A person who leaves changes nothing: their answers count as before.
    for person in people[:6]:
        assert (
            record_departure(make_context(session, None, NOW - 2 * weeks), person.id, (NOW - 2 * weeks).date(), "moved")
            is None
        )
    for person in people[32:36]:
        answer(session, person, bank[0], _option(bank[0], False), at=NOW - weeks)
    publish(app, NOW)
    assert 'data-label="Answers">32</td>' in client.get("/insight/questions").html
    answer(session, people[36], bank[0], _option(bank[0], False), at=NOW)
    publish(app)
    assert 'data-label="Answers">37</td>' in client.get("/insight/questions").html


def test_an_answer_from_parts_shows_how_each_part_does(
    app: Flask, session: Session, sample_course: Library, client: Client
) -> None:
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))
    words = sample_course.questions["first-words-to-ana"]
    for place, person in enumerate(make_people(session, MIN_ANSWERS, None)):
        answer(session, person, words, (1, 4) if place < 12 else (0, 4) if place < 15 else (2, 4))
    publish(app)
    page = client.get("/insight/questions")
    assert "How you begin: 60 % right" in page.text
    assert "What you ask: 100 % right" in page.text
    assert "How you begin: “You were told to mind the trees.” 12" in page.text
    assert 'data-label="Right, %">60</td>' in page.html


def test_what_to_mend_and_all_figures_come_in_pages_that_keep_the_filter(
    app: Flask, session: Session, bank: list[Question], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_analysis, "PAGE_SIZE", 2)
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))
    for person in make_people(session, MIN_ANSWERS, None):
        for question in bank[:5]:
            answer(session, person, question, _option(question, False))
    publish(app)
    page = client.get("/insight/questions?sort=answers")
    mended = [words(item.find("b")) for item in page.tree.iter("li") if item.find("br") is not None]
    assert len(mended) == 2
    assert "Page 1 of 3" in page.text
    following = [link.get("href", "") for link in page.all("a") if words(link) == "Next"]
    assert following == [
        "/insight/questions?mend=2&sort=answers#mend",
        "/insight/questions?page=2&sort=answers#figures",
    ]
    found = set(mended)
    for number in (2, 3, 4):
        page = client.get(f"/insight/questions?mend={number}&sort=answers")
        found |= {words(item.find("b")) for item in page.tree.iter("li") if item.find("br") is not None}
    assert len(found) == 5, "each once, and the page behind the last one is the last one"
    rows = [words(head) for head in client.get("/insight/questions?page=3").all("th") if head.get("scope") == "row"]
    assert len(rows) == 1
