"""How sure and how right, the next module, and the minutes saved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from course.content.library import Library
from course.learning.rules.progress import ProgressFacts, progress
from course.milestones.rules import (
    SureAndRight,
    clean_intention,
    minutes_saved,
    next_module,
    sure_and_right,
)


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


@pytest.mark.parametrize(
    ("answers", "table"),
    [
        ([], SureAndRight(0, 0, 0, 0)),
        ([("sure", True), ("sure", True), ("sure", False)], SureAndRight(2, 1, 0, 0)),
        # Fairly sure and guessing are both "not sure".
        ([("fairly", True), ("guessing", False), ("guessing", True)], SureAndRight(0, 0, 2, 1)),
        # A timeline asks for no confidence.
        ([(None, True), (None, False), ("sure", True)], SureAndRight(1, 0, 0, 0)),
    ],
)
def test_answers_are_counted_by_confidence(answers: list[tuple[str | None, bool]], table: SureAndRight) -> None:
    assert sure_and_right(answers) == table


@pytest.mark.parametrize(
    ("right", "wrong", "percent"), [(9, 0, None), (10, 0, 100), (9, 1, 90), (23, 2, 92), (0, 12, 0)]
)
def test_a_percentage_needs_ten_sure_answers(right: int, wrong: int, percent: int | None) -> None:
    assert SureAndRight(right, wrong, 50, 50).percent_right_when_sure == percent


def facts_of(library: Library, done: tuple[int, ...]) -> ProgressFacts:
    """The facts of a person who has done the modules with these numbers."""
    modules = [list(library.modules.values())[number - 1] for number in done]
    steps = [(module, step) for module in modules for step in module.steps]
    return ProgressFacts(
        pages=frozenset(f"{module.id}/{step.id}" for module, step in steps if step.kind == "page"),
        scenarios=frozenset(f"{module.id}/{step.id}" for module, step in steps if step.kind == "scenario"),
        timelines=frozenset(f"{module.id}/{step.id}" for module, step in steps if step.kind == "timeline"),
        shown=frozenset((module.id, point) for module in modules for point in module.points),
    )


@pytest.mark.parametrize(
    ("done", "after", "following"),
    [
        ((1,), 1, 2),
        ((1, 2, 3), 2, 4),
        ((4,), 4, 5),
        # After the last one comes what was left out before.
        ((1, 3, 8), 8, 2),
        ((1, 2, 3, 4, 5, 6, 7, 8), 8, None),
    ],
)
def test_the_next_module_is_the_next_that_is_not_done(
    library: Library, done: tuple[int, ...], after: int, following: int | None
) -> None:
    found = next_module(progress(library, facts_of(library, done)), list(library.modules)[after - 1])
    assert (found.number if found else None) == following


def test_only_pages_that_the_check_ticked_off_save_minutes(library: Library) -> None:
    module = next(iter(library.modules.values()))
    read = progress(library, facts_of(library, (1,))).modules[0]
    assert minutes_saved(read, library.step_minutes) == 0
    tested_out = replace(
        facts_of(library, (1,)), pages=frozenset(), proven=frozenset((module.id, point) for point in module.points)
    )
    state = progress(library, tested_out).modules[0]
    pages = [step for step in state.steps if step.state == "skipped"]
    expected = sum(library.step_minutes[module.id, step.id] for step in pages)
    assert minutes_saved(state, library.step_minutes) == pytest.approx(expected)
    assert expected > 1


@pytest.mark.parametrize(("typed", "kept"), [("  When  a\n child\tasks ", "When a child asks"), (" \n ", "")])
def test_a_sentence_is_kept_on_one_line(typed: str, kept: str) -> None:
    assert clean_intention(typed) == kept
