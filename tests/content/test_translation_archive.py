"""What was on the screen: the archive keeps translations beside the English versions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.content.actions import archive
from course.content.library import load_library
from course.content.models import ContentTranslation
from course.content.queries import archived_translations, part_in_version
from course.content.schema import Page, Question, Scenario
from course.content.text_fields import translated_texts, untranslated_texts
from tests.conftest import NOW
from tests.content.test_translations import QUESTIONS
from tests.content.test_validation import spoil
from tests.support.pseudo_course import pseudo


@pytest.mark.both_engines
def test_what_was_on_the_screen_is_archived_with_its_translation(session: Session, modules: Path) -> None:
    library = load_library(modules)
    parts = len(library.parts)
    assert archive(session, library.in_language("cy"), NOW) == parts * 2 - len(library.changes)
    assert archive(session, library, NOW) == 0
    old = {name: library.in_language("cy").answerable[name] for name in ("gust", "allowed", "a-month-of-kites")}
    scenario = library.in_language("cy").modules["kites"].scenarios["a-windy-day"]
    page = library.in_language("cy").for_("clubs", "wales").modules["kites"].pages["the-line"]
    for file in (
        "questions.yaml",
        "pages/the-line.md",
        "timelines/a-month-of-kites.yaml",
        "scenarios/a-windy-day.yaml",
    ):
        path = modules / "kites" / file
        path.write_text(re.sub(r"(A gust|Sort these|Kites were|made-up|a kite\.)", r"\1 now", path.read_text()))
    after = load_library(modules)
    for name, question in old.items():
        assert ("question", name, question.version) not in after.parts
        found = part_in_version(session, after.in_language("cy"), Question, name, question.version)
        assert found is not None
        assert translated_texts(found, "cy") == translated_texts(question, "cy")
        assert untranslated_texts(found, "cy") == 0
        assert found.version == question.version
        english = part_in_version(session, after, Question, name, question.version)
        assert english is not None
        assert translated_texts(english, "cy") == {}
    again = part_in_version(session, after.in_language("cy"), Page, "kites/the-line", page.version)
    assert again is not None
    assert [block.html for block in again.blocks] == [block.html for block in page.blocks]
    run = part_in_version(session, after.in_language("cy"), Scenario, "kites/a-windy-day", scenario.version)
    assert run is not None
    assert translated_texts(run, "cy") == translated_texts(scenario, "cy")
    assert [row[2] for row in archived_translations(session, old["gust"].version)] == ["cy"]


@pytest.mark.both_engines
def test_a_corrected_translation_is_archived_beside_the_earlier_one(session: Session, modules: Path) -> None:
    archive(session, load_library(modules), NOW)
    before = session.execute(select(func.count()).select_from(ContentTranslation)).scalar_one()
    spoil(modules, QUESTIONS, pseudo("It stays."), pseudo("It stays up."))
    library = load_library(modules)
    assert archive(session, library, NOW.replace(year=2030)) == 1
    assert session.execute(select(func.count()).select_from(ContentTranslation)).scalar_one() == before + 1
    version = library.questions["gust"].version
    bodies = [json.loads(body)["options"][0]["reason"] for *_, body in archived_translations(session, version)]
    assert bodies == [pseudo("It stays."), pseudo("It stays up.")]
