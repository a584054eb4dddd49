"""The page that follows a form, given at once to the script that asks for it: the same page that a browser would fetch."""

from __future__ import annotations

import re
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import actions, queries
from course.learning.models import Answer
from course.learning.rules.grading import option_order
from course.web.access import SIGNED_IN
from course.web.in_place import page_in_place
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.makers import make_person, sign_in
from tests.pages import Client, Page, Values, check
from tests.support.racing import at_once
from tests.walking import right_form, wrong_form

pytestmark = pytest.mark.both_engines
MODULE = "secret-contact"
CONFLICT = "This question was answered already, in another window or on another device."


@pytest.fixture
def library(app: Flask) -> Library:
    found = app.extensions["course"].library.for_("school", "england")
    assert isinstance(found, Library)
    return found


@pytest.fixture
def learner(app: Flask, session: Session) -> tuple[Client, int]:
    person = make_person(session)
    return sign_in(Client(app), person), person.id


def send(client: Client, path: str, form: Values, headers: dict[str, str] | None = None) -> Page:
    """Send a form as the script does."""
    sent = {"csrf_token": client.token(), **form}
    page = Page(client.flask.post(path, data=sent, headers={"X-In-Place": "1", **(headers or {})}))
    check(page, path)
    return page


def same_words(html: str) -> str:
    """A page without the keys of its forms, which are others each time."""
    return re.sub(r'name="form_key" value="[^"]*"', "", html)


def assert_is_page(client: Client, page: Page) -> None:
    """What came in place is what its address gives."""
    assert page.status == 200
    assert page.location == ""
    fetched = client.get(page.headers["Content-Location"])
    assert same_words(page.html) == same_words(fetched.html)
    for name in ("Cache-Control", "Content-Security-Policy", "Vary"):
        assert page.headers[name] == fetched.headers[name]


def attempt_at(session: Session, library: Library, person: int) -> tuple[str, list[Values], list[Values]]:
    """The address of an attempt at a check, and the forms that answer its questions rightly and wrongly."""
    number = actions.begin_check(make_context(session, person, now()), library, library.modules[MODULE])
    session.commit()
    attempt = queries.attempt(session, person, number)
    assert attempt is not None
    right: list[Values] = []
    wrong: list[Values] = []
    for item in attempt.items:
        question = library.questions[item.question_id]
        order = option_order(question, attempt.seed, item.position)
        right.append({**right_form(question, order), "sureness": "sure"})
        wrong.append({**wrong_form(question, order), "sureness": "fairly"})
    return f"/attempt/{number}", right, wrong


def test_each_answer_of_a_check_brings_the_page_that_its_address_gives(
    session: Session, library: Library, learner: tuple[Client, int]
) -> None:
    client, person = learner
    place, right, wrong = attempt_at(session, library, person)
    for position, forms in enumerate(zip(right, wrong, strict=True), 1):
        page = send(client, f"{place}/{position}", forms[position % 2])
        assert_is_page(client, page)
    assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == len(right)


def test_an_answer_that_is_sent_twice_at_once_is_kept_once_and_both_are_shown_it(committed: Flask) -> None:
    library = committed.extensions["course"].library.for_("school", "england")
    with committed.app_context(), unit_of_work() as session:
        person = make_person(session)
        place, right, _ = attempt_at(session, library, person.id)
    windows = [sign_in(Client(committed), person) for _ in range(2)]
    for window in windows:
        window.token()
    pages: list[Page] = []

    def press(window: Client) -> int:
        pages.append(send(window, f"{place}/1", right[0]))
        return pages[-1].status

    assert at_once([partial(press, window) for window in windows]) == [200, 200]
    assert [page.headers["Content-Location"] for page in pages] == [f"{place}/1"] * 2
    assert all(CONFLICT not in page.text for page in pages)
    with committed.app_context(), read_only_session() as session:
        assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == 1


def test_without_the_header_a_form_is_answered_with_a_redirect(
    session: Session, library: Library, learner: tuple[Client, int]
) -> None:
    client, person = learner
    place, right, _ = attempt_at(session, library, person)
    page = client.post(f"{place}/1", right[0], 303)
    assert page.location == f"{place}/1"
    assert "Content-Location" not in page.headers


def test_the_message_about_an_answer_from_another_window_is_shown_once(
    session: Session, library: Library, learner: tuple[Client, int]
) -> None:
    client, person = learner
    place, right, wrong = attempt_at(session, library, person)
    send(client, f"{place}/1", right[0])
    page = send(client, f"{place}/1", wrong[0])
    assert page.text.count(CONFLICT) == 1
    assert CONFLICT not in client.get(page.headers["Content-Location"]).text


def test_beginning_a_check_and_leaving_a_lesson_bring_what_comes_next(
    library: Library, learner: tuple[Client, int]
) -> None:
    client, _ = learner
    module = library.modules[MODULE]
    for page_id in list(module.pages)[:2]:
        assert_is_page(client, send(client, f"/module/{MODULE}/{page_id}", {"then": "next"}))
    assert_is_page(client, send(client, f"/module/{MODULE}/check", {}))


def test_a_mistake_comes_back_with_the_form_and_has_no_address_of_its_own(
    session: Session, library: Library, learner: tuple[Client, int]
) -> None:
    client, person = learner
    place, _, _ = attempt_at(session, library, person)
    page = send(client, f"{place}/1", {})
    assert page.status == 422
    assert "Content-Location" not in page.headers


def test_a_page_in_place_is_compressed_for_a_browser_that_can_read_it(
    session: Session, library: Library, learner: tuple[Client, int]
) -> None:
    client, person = learner
    place, right, _ = attempt_at(session, library, person)
    sent = {"csrf_token": client.token(), **right[0]}
    answer = client.flask.post(f"{place}/1", data=sent, headers={"X-In-Place": "1", "Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("/people", "a permission is needed"),
        ("/no-such-page", "there is no such page"),
        ("https://elsewhere.example/me", "it is of another site"),
        ("/attempt/2147483647", "it is not the reader's"),
        ("/certificate/1.pdf", "it is no page"),
    ],
)
def test_other_addresses_are_left_to_the_browser(
    app: Flask, learner: tuple[Client, int], monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    client, _ = learner
    seen = []

    def view(**_values: object) -> str:
        seen.append(page_in_place(address))
        return ""

    monkeypatch.setattr(view, "access_rule", SIGNED_IN, raising=False)
    monkeypatch.setitem(app.view_functions, "learning.finish_step", view)
    send(client, f"/module/{MODULE}/check", {})
    assert seen == [None], why
