"""A person who reads the course in another language: their pages, and what is stored of their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.content.actions import archive
from course.content.library import Library, load_library
from course.learning import queries
from course.people.models import Person
from course.translation import register_catalogue, remove_catalogue
from tests.conftest import NOW
from tests.content.test_validation import SAMPLE, spoil
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.pseudo_course import pseudo, write_pseudo_translation
from tests.support.pseudo_language import PseudoCatalogue
from tests.walking import Learner, never

pytestmark = pytest.mark.both_engines


@pytest.fixture
def modules(app: Flask, session: Session, tmp_path: Path) -> Iterator[Path]:
    """The application with the sample course and its translation, and the interface in the same language."""
    state = app.extensions["course"]
    register_catalogue("cy", PseudoCatalogue())
    folder = write_pseudo_translation(SAMPLE, tmp_path, "cy")
    teach(app, session, folder)
    yield folder
    remove_catalogue("cy")
    app.extensions["course"] = state


def teach(app: Flask, session: Session, folder: Path) -> Library:
    """Read the folder again and archive it, as at a start of the course."""
    library = load_library(folder)
    app.extensions["course"] = replace(app.extensions["course"], library=library)
    archive(session, library, NOW)
    session.commit()
    return library


def speak(session: Session, person: Person, language: str | None) -> None:
    session.execute(update(Person).where(Person.id == person.id).values(language=language))
    session.commit()


def test_an_answer_in_another_language_belongs_to_the_same_question(
    app: Flask, session: Session, client: Client, modules: Path
) -> None:
    assert modules.is_dir()
    library: Library = app.extensions["course"].library
    person = make_person(session)
    speak(session, person, "cy")
    sign_in(client, person)
    page = client.get("/module/kites/the-line")
    assert page.h1 == pseudo("The line")
    assert pseudo("Kites were lost.") in page.text
    attempt_id = int(client.post("/module/kites/check", {}).location.split("/")[2])
    Learner(app, client, person.id).check(library.modules["kites"], never)
    attempt = queries.attempt(session, person.id, attempt_id)
    assert attempt is not None
    assert "allowed" in {item.question_id for item in attempt.items}
    for number, item in enumerate(attempt.items, 1):
        assert item.version == library.questions[item.question_id].version
        question = library.in_language("cy").questions[item.question_id]
        page = client.get(f"/attempt/{attempt_id}/{number}")
        assert str(question.stem) in page.text
        main = page.html[page.html.index("<main") :]
        assert not re.search(r'lang="(en|cy)"', main)
        if question.form == "sort":
            assert item.given is not None
            assert set(item.given) <= {"Fine", "Not fine"}
            assert pseudo("Not fine") in page.text
            assert "Not fine" not in page.text


def test_a_page_in_english_for_a_reader_of_another_language_says_so(
    app: Flask, session: Session, client: Client, modules: Path
) -> None:
    (modules / "kites/pages/the-line.cy.md").unlink()
    spoil(modules, "kites/questions.yaml", "A gust comes.", "A storm comes.")
    teach(app, session, modules)
    person = make_person(session)
    sign_in(client, person)
    english = client.get("/module/kites/the-line")
    assert 'lang="en"' not in english.html
    speak(session, person, "cy")
    page = client.get("/module/kites/the-line")
    assert '<h1><span lang="en">The line</span></h1>' in page.html
    # What the course itself says inside of an English text, here of its source, is in the reader's language again.
    assert '<div lang="en"><p>Kites were lost.<sup class="cites" lang="cy">' in page.html
    # The cached fragments of the one language are not shown to the other.
    speak(session, person, None)
    assert client.get("/module/kites/the-line").html.count('lang="en"') == english.html.count('lang="en"')


def test_help_further_learning_and_sources_are_translated_for_everybody(client: Client, modules: Path) -> None:
    assert modules.is_dir()
    cymraeg = client.get("/concern", headers={"Accept-Language": "cy"}).text
    assert pseudo("Ring somebody.") in cymraeg
    assert pseudo("Lines are stronger now.") in client.get("/sources", headers={"Accept-Language": "cy"}).text
    assert "Ring somebody." in client.get("/concern").text
