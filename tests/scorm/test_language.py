"""A package in another language: as far as the content is translated, with the same structure and the same places to fill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from course.content.library import Library, load_library
from course.translation import register_catalogue, remove_catalogue
from tests.content.test_validation import SAMPLE
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.scorm.conftest import Package, packed
from tests.support.pseudo_course import pseudo, write_pseudo_translation
from tests.support.pseudo_language import BEGIN, PseudoCatalogue

NAME = re.compile(r"\{\w+\}")


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The sample course with a translation of all of it, and the interface in the same language."""
    register_catalogue("cy", PseudoCatalogue())
    yield load_library(write_pseudo_translation(SAMPLE, tmp_path_factory.mktemp("cy"), "cy")).for_("clubs", "wales")
    remove_catalogue("cy")


@pytest.fixture(scope="module")
def both(course_app: Flask, translated: Library) -> tuple[Package, Package]:
    return packed(course_app, translated, "2004"), packed(course_app, translated, "2004", language="cy")


def names(data: Any, path: str = "") -> dict[str, list[str]]:
    """What is filled into each text of a package, by the place of the text."""
    if isinstance(data, str):
        return {path: sorted(set(NAME.findall(data)))}
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return {where: found for key, one in items for where, found in names(one, f"{path}/{key}").items()}


def test_a_package_in_another_language_has_its_words_and_fills_the_same_names_in(
    translated: Library, both: tuple[Package, Package]
) -> None:
    english, welsh = both
    assert english.files.keys() == welsh.files.keys()
    for name in (one for one in welsh.files if one.endswith(".json")):
        assert names(english.json(name)) == names(welsh.json(name)), name
    # A learner carries on in the other language: what is kept is the same.
    assert english.json("course.json")["print"] == welsh.json("course.json")["print"]
    start, manifest = welsh.files["index.html"].decode(), welsh.files["imsmanifest.xml"].decode()
    assert '<html lang="cy">' in start
    assert '<html lang="en-GB">' in english.files["index.html"].decode()
    assert pseudo(str(translated.course.title)) in manifest
    assert 'identifier="course-clubs-wales-cy"' in manifest
    assert welsh.json("course.json")["words"]["next"].startswith(BEGIN)
    for module in translated.modules.values():
        found = welsh.json(f"modules/{module.id}.json")
        for question in module.questions:
            stem = translated.in_language("cy").questions[question.id].stem.__html__()
            assert found["questions"][question.id]["stem"] == re.sub(r"</?span[^>]*>", "", stem)
            assert found["questions"][question.id]["stem"] != question.stem.__html__()


@pytest.mark.usefixtures("translated")
def test_the_page_offers_the_languages_that_there_are(session: Any, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    assert 'name="language"' in client.get("/system/scorm").html
    asked = "/system/scorm?scorm=1.2&pathway=clubs&nation=wales&module=new-partners&language="
    made = client.get(asked + "cy")
    assert made.headers["Content-Disposition"] == 'attachment; filename="scorm-1.2-clubs-wales-new-partners-cy.zip"'
    client.get(asked + "xx", 404)
