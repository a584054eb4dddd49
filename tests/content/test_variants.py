"""Variants of the course by pathway and nation."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content.library import load_library
from course.content.loader import read_content
from course.content.schema import SETTINGS, Setting
from course.content.validation import validate_content
from course.learning.rules.progress import ProgressFacts, module_progress

SAMPLE = Path(__file__).resolve().parents[1] / "sample_modules"
KITES = load_library(SAMPLE)


def texts(pathway: Setting | None, nation: str | None) -> str:
    page = KITES.for_(pathway, nation).modules["kites"].pages["the-line"]  # type: ignore[arg-type]
    return " ".join(block.html for block in page.blocks)


def test_a_reader_gets_the_example_of_their_own_pathway_and_no_other() -> None:
    assert "On the playing field" in texts("school", "england")
    assert "On the beach" not in texts("school", "england")
    assert "On the beach" in texts("clubs", "england")


def test_a_reader_gets_the_text_for_their_nation() -> None:
    assert "Ask the harbour" in texts("school", "scotland")
    assert "Ask the harbour" not in texts("school", "wales")


def test_nothing_is_left_out_for_a_reader_without_pathway_and_nation() -> None:
    everything = texts(None, None)
    assert all(words in everything for words in ("On the playing field", "On the beach", "Ask the harbour"))


@pytest.mark.parametrize(
    ("pathway", "scenario"),
    [("school", "a-windy-day"), ("clubs", "a-calm-day"), ("leaders", "a-calm-day"), ("residential", "a-windy-day")],
)
def test_each_pathway_gets_its_own_scenario_or_a_near_one(pathway: Setting, scenario: str) -> None:
    steps = KITES.for_(pathway, None).modules["kites"].steps
    assert [step.id for step in steps if step.kind == "scenario"] == [scenario]


def test_a_page_for_leaders_is_read_by_leaders_only() -> None:
    assert "for-leaders" in {step.id for step in KITES.for_("leaders", None).modules["kites"].steps}
    assert "for-leaders" not in {step.id for step in KITES.for_("clubs", None).modules["kites"].steps}


def test_a_scenario_of_another_pathway_counts_as_well() -> None:
    library = KITES.for_("clubs", None)
    module = library.modules["kites"]
    for ref in ("kites/a-windy-day", "kites/a-calm-day"):
        progress = module_progress(library, module, ProgressFacts(scenarios=frozenset({ref})))
        assert [step.state for step in progress.steps if step.kind == "scenario"] == ["done"]


def test_no_pathway_loses_a_learning_point() -> None:
    for pathway in SETTINGS:
        library = KITES.for_(pathway, None)
        assert library.taught_points == KITES.taught_points
        assert set(library.pages_by_point) == set(KITES.taught_points)


def test_every_variant_of_a_page_can_be_shown_again_years_later() -> None:
    kept = {version for kind, ref, version in KITES.parts if ref == "kites/the-line"}
    for pathway in (None, *SETTINGS):
        for nation in (None, "england", "wales", "scotland", "northern-ireland"):
            assert KITES.for_(pathway, nation).modules["kites"].pages["the-line"].version in kept


def test_the_version_of_the_course_is_the_same_for_everybody() -> None:
    assert {KITES.for_(pathway, None).version for pathway in SETTINGS} == {KITES.version}


def test_a_variant_is_built_once() -> None:
    assert KITES.for_("school", "wales") is KITES.for_("clubs", None).for_("school", "wales")


def test_the_sample_is_sound() -> None:
    assert validate_content(read_content(SAMPLE)) == []
