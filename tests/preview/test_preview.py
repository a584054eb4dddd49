"""The preview of the course for any pathway; nothing is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.content.library import Library, load_library
from course.content.schema import NATIONS, SETTINGS, Scenario
from course.db import Base
from course.learning.rules.branching import run_state
from course.models import MODEL_CLASSES
from course.translation import register_catalogue, remove_catalogue
from tests.content.test_validation import SAMPLE, spoil
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.pseudo_course import pseudo, write_pseudo_translation
from tests.support.pseudo_language import PseudoCatalogue

pytestmark = pytest.mark.both_engines

MODULE = "responding"
NOTICE = "Preview: nothing is recorded"


def whole(app: Flask) -> Library:
    library: Library = app.extensions["course"].library
    return library


@pytest.fixture
def translated(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """The application with a sample course that is translated as a whole, and the folder of it."""
    state = app.extensions["course"]
    folder = write_pseudo_translation(SAMPLE, tmp_path, "cy")
    # While the course loads, the interface has the language too: it has the words that no author wrote.
    register_catalogue("cy", PseudoCatalogue())
    app.extensions["course"] = replace(state, library=load_library(folder))
    remove_catalogue("cy")
    yield folder
    app.extensions["course"] = state


def rows(session: Session) -> dict[str, int]:
    assert MODEL_CLASSES
    session.expire_all()
    tables = Base.metadata.sorted_tables
    return {t.name: session.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}


def worst_way(scenario: Scenario) -> list[str]:
    """The choices of a run that always takes the last open choice, and the recommended one in each repair."""
    decisions: list[tuple[str, str]] = []
    while (state := run_state(scenario, decisions)).scene is not None:
        choice = state.scene.best if state.ending else state.open_choices[-1]
        decisions.append((state.scene.id, choice.id))
    return [choice for _, choice in decisions]


def test_a_whole_module_leaves_no_row_in_any_pathway(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    before = rows(session)
    assert client.get("/preview?pathway=school&nation=wales", 303).location == "/preview/school/wales"
    for number, pathway in enumerate(SETTINGS):
        base = f"/preview/{pathway}/{list(NATIONS)[number % len(NATIONS)]}"
        module = whole(app).for_(pathway, list(NATIONS)[number % len(NATIONS)]).modules[MODULE]
        addresses = ["", f"/{MODULE}", *(f"/{MODULE}/{step.id}" for step in module.steps), f"/{MODULE}/check"]
        for step in module.steps:
            if step.kind == "scenario":
                way = worst_way(module.scenarios[step.id])
                addresses += [f"/{MODULE}/{step.id}?way={'.'.join(way[:n])}" for n in range(1, len(way) + 1)]
        for address in addresses:
            # Each page is checked as a page once; the other pathways differ in words.
            text = client.get(base + address).text if number == 0 else client.flask.get(base + address).text
            assert NOTICE in text, address
            assert client.flask.post(base + address, data={"csrf_token": "x"}).status_code in (400, 405)
    assert rows(session) == before


def test_each_pathway_reads_its_own_pages_and_stays_in_the_preview(
    app: Flask, session: Session, client: Client
) -> None:
    sign_in(client, make_person(session, role="administrator"))
    for pathway in SETTINGS:
        module = whole(app).for_(pathway, "scotland").modules[MODULE]
        page = client.get(f"/preview/{pathway}/scotland/{MODULE}")
        assert [step.title in page.text for step in module.steps] == [True] * len(module.steps)
    linking = [
        (module.id, found.id)
        for module in whole(app).for_("school", "england").modules.values()
        for found in module.pages.values()
        if any('href="/module/' in block.html for block in found.blocks)
    ]
    for module_id, page_id in linking[:2]:
        html = client.get(f"/preview/school/england/{module_id}/{page_id}").html
        main = html[html.index("<main") :]
        assert not re.search('href="/module/', main)
        assert 'href="/preview/school/england/' in main


def test_an_unknown_preview_address_is_not_found(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    scenario = next(
        step for step in whole(app).for_("school", "england").modules[MODULE].steps if step.kind == "scenario"
    )
    base = f"/preview/school/england/{MODULE}"
    for address in (f"{base}/{scenario.id}?way=no", f"{base}/nothing", "/preview/school/france", "/preview/x/wales",
                    "/preview/school/wales/nothing", "/preview?pathway=x"):  # fmt: skip
        client.get(address, 404)


def test_a_translation_is_chosen_beside_pathway_and_nation(session: Session, client: Client, translated: Path) -> None:
    sign_in(client, make_person(session, role="administrator"))
    assert translated.is_dir()
    page = client.get("/preview")
    assert re.findall(r'<option value="(\w+)" lang="\w+">(\w+)</option>', page.html) == [
        ("en", "English"),
        ("cy", "Cymraeg"),
    ]
    assert client.get("/preview?pathway=clubs&nation=wales&language=cy", 303).location == "/preview/in/cy/clubs/wales"
    assert client.get("/preview?pathway=clubs&nation=wales&language=en", 303).location == "/preview/clubs/wales"
    client.get("/preview?pathway=clubs&nation=wales&language=ga", 404)
    client.get("/preview/in/ga/clubs/wales", 404)


def test_every_page_of_a_translated_preview_is_in_its_language_and_stays_in_it(
    app: Flask, session: Session, client: Client, translated: Path
) -> None:
    sign_in(client, make_person(session, role="administrator"))
    assert translated.is_dir()
    base = "/preview/in/cy/clubs/scotland"
    module = whole(app).for_("clubs", "scotland").modules["kites"]
    addresses = ["", "/kites", *(f"/kites/{step.id}" for step in module.steps), "/kites/check",
                 "/kites/a-calm-day?way=hold"]  # fmt: skip
    for address in addresses:
        page = client.get(base + address)
        assert "All of this part is translated." in page.text, address
        main = page.html[page.html.index("<main") :]
        assert 'lang="cy"' in main
        assert 'class="untranslated"' not in main, address
        assert not re.search(r'href="/(module|preview/(?!in/cy/))\w', main.replace('href="/preview"', "")), address
    assert f'<h1><span lang="cy">{pseudo("The line")}</span></h1>' in client.get(f"{base}/kites/the-line").html


def test_what_is_not_translated_is_marked_and_counted(
    app: Flask, session: Session, client: Client, translated: Path
) -> None:
    sign_in(client, make_person(session, role="administrator"))
    spoil(translated, "kites/pages/the-line.cy.md", pseudo("Kites were lost."), "")
    spoil(translated, "kites/pages/the-line.cy.md", f"title: {pseudo('The line')}", "title:")
    spoil(translated, "kites/questions.yaml", "Sort these.", "Sort those.")
    app.extensions["course"] = replace(app.extensions["course"], library=load_library(translated))
    page = client.get("/preview/in/cy/school/wales/kites/the-line")
    assert "2 texts of this part are not translated yet" in page.text
    assert '<h1><span class="untranslated">The line</span></h1>' in page.html
    assert '<div class="untranslated"><p>Kites were lost.</p></div>' in page.html
    assert page.html.count('class="untranslated"') == 2
    check = client.get("/preview/in/cy/school/wales/kites/check")
    assert '<span class="untranslated">Sort those.</span>' in check.html
    assert f'<span lang="cy">{pseudo("A gust comes. What do you do?")}</span>' in check.html
    english = client.get("/preview/school/wales/kites/the-line")
    assert "untranslated" not in english.html
    assert "Kites were lost." in english.text


@pytest.mark.usefixtures("sample_course")
def test_answers_from_parts_and_the_questions_of_a_pathway_are_previewed(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, role="administrator"))
    page = client.get("/preview/clubs/wales/kites/check")
    assert "Put together from parts: How you begin, What you ask" in page.text
    assert "Complete the note: When, What she said, What you did" in page.text
    assert "At 3pm a gust came." in page.text
    assert "What she said: She was afraid." in page.text
    assert "What she said: Your opinion. She did not say so." in page.text
    assert re.findall(r'<li( class="right")?><p>([^<]*“(?:Was|Which)[^<]*”)', page.html) == [
        ("", "“Was it the oak?”"), (' class="right"', "“Which tree is it?”"),
    ]  # fmt: skip
    assert "Complete the note" not in client.get("/preview/leaders/wales/kites/check").text
    assert "All 6 questions that people on this pathway may be asked" in client.get("/preview/clubs/wales/kites").text
    assert "All 5 questions that people on this pathway may be asked" in client.get("/preview/leaders/wales/kites").text


def test_a_preview_lists_every_ending_with_its_condition_in_words(
    session: Session, client: Client, translated: Path
) -> None:
    assert translated.is_dir()
    sign_in(client, make_person(session, role="administrator"))
    page = client.get("/preview/clubs/england/kites/a-calm-day?way=look.hold.hold.hold.hold.hold")
    shown, listed = page.text.split("All endings of this story")
    assert "Home with the kite" in shown
    assert "You looked as well." in shown
    assert "Home with a torn kite" not in shown
    conditions = [
        "Shown if no dangerous decision was taken, at least 60% of the decisions are recommended and Height is 3 or more.",
        "Shown if “Start again” (s3/back) was not chosen.",
        "Shown if “Look” (s1/look), “Look” (s4/look) or “Look” (s5/look) was chosen.",
        "Shown if “Drop it” (s2/drop) was chosen.",
        "Shown if none of the endings above is.",
        "Shown whenever the story comes here.",
    ]
    places = [listed.index(words) for words in conditions]
    assert places == sorted(places)
    assert "The kite was let go near the trees." in listed
    page = client.get("/preview/in/cy/clubs/england/kites/a-calm-day?way=look.hold.hold.hold.hold.hold")
    assert pseudo("Home with a torn kite") in page.text
    assert 'class="untranslated"' not in page.html[page.html.index("<main") :]
    assert "All endings of this story" not in client.get("/preview/clubs/england/kites/a-calm-day?way=look").text
