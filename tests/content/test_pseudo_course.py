"""The real course in a pseudo-language: everything is translated, everything renders, and nothing but the words differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from course.content.library import Library, load_library
from course.content.rendering import text_language
from course.content.schema import NATIONS, SETTINGS
from course.content.text_fields import texts, untranslated_texts
from course.learning.rules.branching import run_state
from course.learning.rules.grading import grade, option_order
from course.translation import register_catalogue, remove_catalogue, use_language
from tests.support.pseudo_course import write_pseudo_translation
from tests.support.pseudo_language import PseudoCatalogue

MODULES = Path(__file__).resolve().parents[2] / "modules"


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The real course with a pseudo-translation of everything, under the name of a real language."""
    register_catalogue("cy", PseudoCatalogue())
    yield load_library(write_pseudo_translation(MODULES, tmp_path_factory.mktemp("course"), "cy"))
    remove_catalogue("cy")


def test_every_text_of_every_pathway_is_translated_under_the_same_ids_and_versions(english: Library) -> None:
    cymraeg = english.in_language("cy")
    assert list(cymraeg.parts) == list(english.parts)
    assert all(untranslated_texts(part, "cy") == 0 for part in cymraeg.parts.values())
    for number, pathway in enumerate(SETTINGS):
        nation = list(NATIONS)[number % len(NATIONS)]
        ours, theirs = english.for_(pathway, nation), cymraeg.for_(pathway, nation)
        assert ours.minutes == theirs.minutes
        assert ours.pages_by_point == theirs.pages_by_point
        for module, other in zip(ours.modules.values(), theirs.modules.values(), strict=True):
            assert [(s.id, s.kind, s.others) for s in module.steps] == [(s.id, s.kind, s.others) for s in other.steps]
            assert {id_: page.version for id_, page in module.pages.items()} == {
                id_: page.version for id_, page in other.pages.items()
            }
            assert not {step.title for step in module.steps} & {step.title for step in other.steps}


def test_every_question_is_shuffled_and_graded_alike(english: Library) -> None:
    for question in english.answerable.values():
        other = english.in_language("cy").answerable[question.id]
        assert (other.version, other.points, other.form) == (question.version, question.points, question.form)
        assert option_order(other, 3, 5) == option_order(question, 3, 5)
        indices = list(range(len(question.options)))
        answers = [indices, indices[::-1], [0], [i for i in indices if question.options[i].correct]]
        if question.form == "sort":
            rows = [option.group or "" for option in question.options]
            answers = [rows, rows[::-1]]  # type: ignore[list-item]
        for given in answers:
            assert grade(other, given) == grade(question, given), question.id


def test_every_scenario_takes_the_same_ways(english: Library) -> None:
    for module in english.modules.values():
        for scenario in module.scenarios.values():
            other = english.in_language("cy").modules[module.id].scenarios[scenario.id]
            decisions: list[tuple[str, str]] = []
            while (state := run_state(scenario, decisions)).scene is not None:
                mirrored = run_state(other, decisions)
                assert mirrored.scene is not None
                assert [c.id for c in mirrored.open_choices] == [c.id for c in state.open_choices]
                assert mirrored.gauges == state.gauges
                choice = state.scene.best if state.ending else state.open_choices[-1]
                decisions.append((state.scene.id, choice.id))
            assert len(decisions) > 1


def test_every_page_of_every_pathway_renders_without_a_mark_in_its_own_language(app: Flask, english: Library) -> None:
    cymraeg = english.in_language("cy")
    show = app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    rendered = set()
    with app.test_request_context():
        for number, pathway in enumerate(SETTINGS):
            variant = cymraeg.for_(pathway, list(NATIONS)[number % len(NATIONS)])
            for module in variant.modules.values():
                for page in module.pages.values():
                    if (module.id, page.version) in rendered:
                        continue
                    rendered.add((module.id, page.version))
                    with use_language("cy"):
                        inside = "".join(show(block, {}, variant, None, writable=False) for block in page.blocks)
                    outside = "".join(show(block, {}, variant, None, writable=False) for block in page.blocks)
                    # In a page of its language nothing of it is marked; in an English page each block is.
                    assert not re.search(r'<(div|span) lang="cy"', inside), page.id
                    assert outside.count('lang="cy"') >= len(page.blocks), page.id
    assert len(rendered) > 50


def test_a_text_says_its_language(english: Library) -> None:
    module = next(iter(english.in_language("cy").modules.values()))
    assert {text_language(text) for _, text in texts(module)} == {"cy"}
    assert {text_language(text) for _, text in texts(next(iter(english.modules.values())))} == {"en"}
