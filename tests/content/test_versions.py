"""A version changes with the content that a learner sees, and with nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from course.content.actions import archive
from course.content.library import load_library
from course.content.queries import part_in_version
from course.content.review_report import coverage, question_bank
from course.content.schema import Page, Question
from tests.conftest import NOW
from tests.content.test_validation import PAGE, QUESTIONS, SAMPLE, spoil


@pytest.mark.parametrize(
    ("file", "old", "new", "same"),
    [
        (QUESTIONS, "Hold on, correct", "Hold on tight, correct", False),
        (QUESTIONS, "reason: It stays.", "reason: It really stays.", False),
        (QUESTIONS, "points: [hold-the-line]", "points: [hold-the-line, mind-the-trees]", True),
        (
            QUESTIONS,
            "  stem: A gust comes. What do you do?",
            "  critical: true\n  stem: A gust comes. What do you do?",
            True,
        ),
    ],
)
def test_a_question_has_a_new_version_only_when_its_words_change(
    tmp_path: Path, file: str, old: str, new: str, same: bool
) -> None:
    modules = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    before = load_library(modules)
    spoil(modules, file, old, new)
    after = load_library(modules)
    assert (before.questions["gust"].version == after.questions["gust"].version) is same


def test_an_earlier_version_can_be_shown_again_after_an_edit(session: Session, tmp_path: Path) -> None:
    modules = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    before = load_library(modules)
    assert archive(session, before, NOW) == len(before.parts)
    assert archive(session, before, NOW) == 0
    spoil(modules, QUESTIONS, "A gust comes.", "A storm comes.")
    spoil(modules, PAGE, "Kites were lost.", "Many kites were lost.")
    after = load_library(modules)
    # The question, and each of the nine variants of the page.
    assert archive(session, after, NOW) == 1 + 9
    old = before.questions["gust"]
    found = part_in_version(session, after, Question, "gust", old.version)
    assert found is not None
    assert found.stem == "A gust comes. What do you do?"
    assert found.visible_content() == old.visible_content()
    page = before.modules["kites"].pages["the-line"]
    again = part_in_version(session, after, Page, "kites/the-line", page.version)
    assert again == page
    assert after.version != before.version


def test_coverage_names_the_places_of_every_point() -> None:
    rows = {row["id"]: row for row in coverage(load_library(SAMPLE))}
    assert rows["hold-the-line"]["taught"] == ["kites/five-figures", "kites/for-leaders", "kites/the-line"]
    assert "kites/a-windy-day#s1" in rows["hold-the-line"]["practised"]
    assert rows["mind-the-trees"]["assessed"] == ["near-trees", "allowed", "first-words-to-ana"]


def test_the_bank_can_be_exported_whole() -> None:
    entries = {entry["id"]: entry for entry in question_bank(load_library(SAMPLE))}
    assert entries["gust"]["options"][0] == {"text": "Hold on", "correct": True, "reason": "It stays."}
    assert [o["correct"] for o in entries["first-things"]["options"]] == [1, 2, 3]
    assert [o["correct"] for o in entries["allowed"]["options"]] == ["Fine", "Not fine", "Fine"]
    assert entries["gust"]["critical"] is True
    assert entries["a-month-of-kites"]["form"] == "missed-opportunities"


def test_the_export_names_the_parts_of_an_answer_and_the_pathways_of_a_question() -> None:
    rows = {row["id"]: row for row in question_bank(load_library(SAMPLE))}
    note = rows["the-note-on-the-gust"]
    assert (note["form"], note["settings"]) == ("record", ["school", "clubs"])
    assert note["intro"].startswith("At 3pm a gust came.")
    assert note["options"][1] == {
        "text": "In the afternoon", "correct": False, "reason": "Afternoons are long.", "part": "When", "does": "Too wide",
    }  # fmt: skip
    assert "settings" not in rows["first-words-to-ana"]
    assert set(rows["gust"]["options"][0]) == {"text", "correct", "reason"}


@pytest.mark.parametrize(
    ("question", "version"),
    [
        ("gust", "c5fd867dc99c24b6cdef"),
        ("near-trees", "899527a797949505709b"),
        ("first-things", "776eb84c496a03baa9df"),
        ("allowed", "a383cd813dfc0d1004d7"),
        # Since the risk to the child is shown with each moment, a timeline is another one than before.
        ("a-month-of-kites", "b3b751caba8df1d681b3"),
    ],
)
def test_a_question_keeps_the_version_that_it_had_before_answers_from_parts(question: str, version: str) -> None:
    assert load_library(SAMPLE).answerable[question].version == version


def test_the_pathways_of_a_question_are_no_part_of_its_version_and_what_a_line_does_is(tmp_path: Path) -> None:
    before = load_library(SAMPLE).questions["the-note-on-the-gust"].version
    modules = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    spoil(modules, "kites/questions.yaml", "  settings: [school, clubs]\n", "  settings: [clubs]\n")
    assert load_library(modules).questions["the-note-on-the-gust"].version == before
    spoil(modules, "kites/questions.yaml", "does: Too wide", "does: Vague")
    assert load_library(modules).questions["the-note-on-the-gust"].version != before


def test_every_question_comes_back_from_the_archive_as_it_was() -> None:
    for question in load_library(SAMPLE).questions.values():
        found = Question.model_validate_json(question.model_dump_json())
        assert (found, found.version) == (question, question.version)


def test_a_story_without_earned_endings_has_the_version_that_it_had_before_there_were_any() -> None:
    stories = load_library(SAMPLE).modules["kites"].scenarios
    assert stories["a-windy-day"].version == "68580130f71100f4c4df"
    scenes = {scene["id"]: scene for scene in stories["a-calm-day"].visible_content()["scenes"]}
    assert scenes["home"]["endings"][0]["when"]["no_dangerous"] is True
    assert not {"endings", "why"} & scenes["dark"].keys()


def test_a_condition_of_an_ending_is_part_of_the_version(tmp_path: Path) -> None:
    modules = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    before = load_library(modules).modules["kites"].scenarios["a-calm-day"]
    spoil(modules, "kites/scenarios/a-calm-day.yaml", "recommended: 60", "recommended: 61")
    assert load_library(modules).modules["kites"].scenarios["a-calm-day"].version != before.version
