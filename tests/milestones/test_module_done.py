"""The page at the end of a module."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.content.schema import Module
from course.learning import actions
from course.learning.models import Reflection
from course.milestones import queries
from course.milestones.rules import MAX_INTENTION_LENGTH
from tests.makers import make_person, sign_in
from tests.milestones.makers import Doing, make_module_done
from tests.pages import Client

pytestmark = pytest.mark.both_engines


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


@pytest.fixture
def module(library: Library) -> Module:
    return library.modules["secret-contact"]


def test_the_end_says_what_its_reader_can_do_and_leads_on_with_one_press(
    session: Session, client: Client, library: Library, module: Module
) -> None:
    person = make_person(session)
    make_module_done(session, library, person.id, module, now())
    page = sign_in(client, person).get("/module/secret-contact/done")
    assert page.h1 == "Looked-after children and secret contact: done"
    assert "You can now talk with a child in care about contact online" in page.text
    assert "1 of 8 modules is done." in page.text
    following = library.modules["images-and-networks"]
    links = {link.get("href"): "".join(link.itertext()) for link in page.all("a")}
    assert links[f"/module/images-and-networks/{following.steps[0].id}"] == "Begin module 5"
    assert "Enough for today" in page.text


def test_a_module_that_is_not_done_has_no_end(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    assert client.get("/module/secret-contact/done", 303).location == "/module/secret-contact"


def test_the_last_page_leads_to_the_end(session: Session, client: Client, library: Library, module: Module) -> None:
    person = make_person(session)
    sign_in(client, person)
    make_module_done(session, library, person.id, module, now(), Doing(read=False, sure="guessing"))
    pages = [step.id for step in module.steps if step.kind == "page"]
    places = [client.post(f"/module/secret-contact/{page}", {"then": "next"}).location for page in pages]
    assert places[-1] == "/module/secret-contact/done"
    assert "/module/secret-contact/done" not in places[:-1]
    # Reading a page again later is not the end once more.
    assert client.post(f"/module/secret-contact/{pages[0]}", {"then": "next"}).location != places[-1]


def test_sure_and_not_right_is_shown_to_be_looked_at_again(
    session: Session, client: Client, library: Library, module: Module
) -> None:
    person = make_person(session)
    attempt = make_module_done(session, library, person.id, module, now(), Doing(missed=1))
    page = sign_in(client, person).get("/module/secret-contact/done")
    cells = ["".join(cell.itertext()) for cell in page.all("td")]
    size = library.check_size(module)
    assert cells == ["", f"{size - 1}You know this", "1Worth a second look", "0", "0"]
    assert f"/attempt/{attempt}/1" in {link.get("href") for link in page.all("a")}
    assert "Look again: " in page.text


def test_a_check_that_ticked_pages_off_has_saved_minutes(
    session: Session, client: Client, library: Library, module: Module
) -> None:
    person = make_person(session)
    make_module_done(session, library, person.id, module, now(), Doing(read=False))
    assert "Taking the check first saved you about" in sign_in(client, person).get("/module/secret-contact/done").text


def test_own_notes_are_shown_to_their_writer_only(
    session: Session, client: Client, library: Library, module: Module
) -> None:
    sam, kim = make_person(session), make_person(session, "Kim Lee", "kim@example.org")
    for person in (sam, kim):
        make_module_done(session, library, person.id, module, now())
    note = Reflection(
        person_id=sam.id, ref="secret-contact/talking-it-through", block="b", text="Ask on Mondays", saved_at=now()
    )
    session.add(note)
    session.commit()
    assert "Ask on Mondays" in sign_in(client, sam).get("/module/secret-contact/done").text
    client.post("/sign-out", {})
    assert "Ask on Mondays" not in sign_in(client, kim).get("/module/secret-contact/done").text


def test_after_the_last_module_the_final_questions_come(session: Session, client: Client, library: Library) -> None:
    person = make_person(session)
    for module in library.modules.values():
        make_module_done(session, library, person.id, module, now())
    page = sign_in(client, person).get("/module/responding/done")
    assert "All modules are done." in page.text
    assert "/assessment" in {link.get("href") for link in page.all("a")}


def test_a_sentence_is_kept_changed_and_taken_back(
    session: Session, client: Client, library: Library, module: Module
) -> None:
    person = make_person(session)
    make_module_done(session, library, person.id, module, now())
    sign_in(client, person)
    address = "/module/secret-contact/done"
    page = client.follow(client.post(address, {"intention": "When Noah talks of family, I will ask first."}))
    assert "We will e-mail your sentence to you in two weeks." in page.text
    client.post(address, {"intention": "When Noah talks of family,\nI will listen."})
    kept = queries.intention(session, person.id, module.id)
    assert kept is not None
    assert kept.text == "When Noah talks of family, I will listen."
    client.post(address, {"intention": " "})
    assert queries.intention(session, person.id, module.id) is None


def test_a_sentence_that_is_too_long_is_refused_at_its_field_and_nothing_is_lost(
    session: Session, client: Client, library: Library, module: Module
) -> None:
    person = make_person(session)
    make_module_done(session, library, person.id, module, now())
    long = "w" * (MAX_INTENTION_LENGTH + 1)
    page = sign_in(client, person).post("/module/secret-contact/done", {"intention": long}, 422)
    (field,) = [one for one in page.all("textarea") if one.get("id") == "intention"]
    assert field.get("aria-invalid") == "true"
    assert "intention-mistake" in str(field.get("aria-describedby"))
    assert "".join(field.itertext()) == long
    assert "Use 300 characters or fewer." in page.text
    assert queries.intention(session, person.id, module.id) is None


def test_the_check_that_counts_is_that_of_this_enrolment(
    session: Session, client: Client, library: Library, module: Module
) -> None:
    person = make_person(session)
    make_module_done(session, library, person.id, module, now(), Doing(missed=2))
    actions.open_enrolment(session, person.id, "initial", now())
    session.commit()
    make_module_done(session, library, person.id, module, now())
    assert "Worth a second look" not in sign_in(client, person).get("/module/secret-contact/done").text
