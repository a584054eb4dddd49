"""The commands with which translations are begun, confirmed and counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from course.content.library import load_library
from course.content.loader import read_content
from course.content.rendering import text_language
from course.content.translation_report import translation_statuses
from course.content.validation import validate_content
from tests.conftest import make_config
from tests.content.test_translations import HELP, MODULE, PAGE, QUESTIONS, SCENARIO, TIMELINE, line_of, translated
from tests.content.test_validation import SAMPLE, spoil
from tests.support.pseudo_course import pseudo


def content_app(tmp_path: Path, modules: Path) -> Flask:
    return create_app(make_config(f"sqlite:///{tmp_path / 'x.db'}", CONTENT=str(modules)))


def test_the_check_counts_what_is_translated_and_ends_well(tmp_path: Path, modules: Path) -> None:
    (modules / SCENARIO).unlink()
    spoil(modules, QUESTIONS, f"reason: {pseudo('It stays.')}", "reason:")
    spoil(modules, "kites/questions.yaml", "Sort these.", "Sort those.")
    (modules / "kites/module.ga.yaml").write_text("title: T\n", encoding="utf-8")
    done = content_app(tmp_path, modules).test_cli_runner().invoke(args=["content", "check"])
    assert done.exit_code == 0, done.output
    assert "The content is sound" in done.output
    first, *rows = done.output.splitlines()
    counts = re.fullmatch(
        r"cy: (\d+) of (\d+) texts \((\d+) per cent\), 2 missing, 1 outdated, 0 unconfirmed\..*", first
    )
    assert counts
    assert int(counts[3]) == int(counts[1]) * 100 // int(counts[2])
    assert "  modules/kites/scenarios/a-windy-day.yaml:1: there is no a-windy-day.cy.yaml" in rows
    gust, sort = line_of(modules, QUESTIONS, "id: gust"), line_of(modules, QUESTIONS, "id: allowed")
    assert f"  modules/{QUESTIONS}:{gust}: 'gust' lacks options → 1 → reason" in rows
    assert any(row.startswith(f"  modules/{QUESTIONS}:{sort}: 'allowed' is older than its original") for row in rows)
    statuses = {status.language: status for status in translation_statuses(read_content(modules).translations)}
    for status in statuses.values():
        for shares in (status.by_module, status.by_kind):
            assert sum(share.total for share in shares.values()) == status.total
            assert sum(share.shown for share in shares.values()) == status.shown
    assert 0 < statuses["cy"].by_kind["scenarios"].per_cent < 100
    assert statuses["cy"].by_kind["timelines"].per_cent == 100
    assert 0 < statuses["cy"].by_module["kites"].per_cent < 100
    assert f"  by module: course {statuses['cy'].by_module['course'].per_cent} %, kites " in "\n".join(rows)
    assert any(row.startswith("ga: 0 of ") and row.split(", ")[3].startswith("1 unconfirmed") for row in rows)


def test_a_new_translation_begins_with_english_in_comments_and_shows_english(tmp_path: Path, modules: Path) -> None:
    for path in modules.rglob("*.cy.*"):
        path.unlink()
    runner = content_app(tmp_path, modules).test_cli_runner()
    originals = [path for path in sorted(modules.rglob("*.*")) if path.suffix in (".md", ".yaml")]
    for path in originals:
        done = runner.invoke(args=["content", "translate", str(path), "cy"])
        assert done.exit_code == 0, done.output
    assert "# A gust comes. What do you do?\n  stem:\n" in (modules / QUESTIONS).read_text(encoding="utf-8")
    assert "::: reviews lines=1-2\n<!-- Kites were lost. -->\n:::\n" in (modules / PAGE).read_text(encoding="utf-8")
    assert validate_content(read_content(modules)) == []
    [status] = translation_statuses(read_content(modules).translations)
    assert (status.shown, status.count("outdated"), status.count("unconfirmed")) == (0, 0, 0)
    library = load_library(modules)
    assert library.in_language("cy").questions["gust"] is library.questions["gust"]
    spoil(modules, QUESTIONS, "  stem:\n", "  stem: Bé?\n")
    assert translated(modules).questions["gust"].stem == "Bé?"
    for arguments in (
        (str(originals[0]), "cy"),
        (str(originals[0]), "en"),
        (__file__, "cy"),
        (str(originals[0]), "../x"),
    ):
        assert runner.invoke(args=["content", "translate", *arguments]).exit_code == 1


@pytest.mark.parametrize(
    "file", [QUESTIONS, PAGE, SCENARIO, TIMELINE, MODULE, HELP, "sources.cy.yaml", "course.cy.yaml"]
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_translation_is_confirmed_by_a_command_and_keeps_its_words(
    tmp_path: Path, modules: Path, file: str, is_new: bool
) -> None:
    before = (modules / file).read_text(encoding="utf-8")
    old = re.sub(r"^( *)original: .*\n", "" if is_new else r"\1original: '0123'\n", before, flags=re.MULTILINE)
    assert old != before
    (modules / file).write_text("# By a translator.\n" + old if file.endswith("yaml") else old, encoding="utf-8")
    [status] = translation_statuses(read_content(modules).translations)
    assert status.count("unconfirmed" if is_new else "outdated") >= 1
    runner = content_app(tmp_path, modules).test_cli_runner()
    done = runner.invoke(args=["content", "translated", str(modules / file)])
    assert done.exit_code == 0, done.output
    assert [status.per_cent for status in translation_statuses(read_content(modules).translations)] == [100]
    after = (modules / file).read_text(encoding="utf-8")
    kept = [row for row in after.splitlines() if "original:" not in row]
    assert kept == [row for row in ("# By a translator.\n" + old if file.endswith("yaml") else old).splitlines()
                    if "original:" not in row]  # fmt: skip
    assert runner.invoke(args=["content", "translated", str(modules / file)]).exit_code == 0
    assert (modules / file).read_text(encoding="utf-8") == after


def test_entries_in_one_line_are_confirmed_too(tmp_path: Path, modules: Path) -> None:
    (modules / "sources.cy.yaml").write_text(
        "- {id: kite-society, says: Lînés.}\n- {original: x, id: rumour, says: Nö.}\n"
    )
    runner = content_app(tmp_path, modules).test_cli_runner()
    assert runner.invoke(args=["content", "translated", str(modules / "sources.cy.yaml")]).exit_code == 0
    assert [status.per_cent for status in translation_statuses(read_content(modules).translations)] == [100]


def test_a_translation_of_another_structure_is_not_confirmed(tmp_path: Path, modules: Path) -> None:
    spoil(modules, "kites/pages/the-line.md", "::: key\nHold on.\n:::\n", "")
    before = (modules / PAGE).read_text(encoding="utf-8")
    runner = content_app(tmp_path, modules).test_cli_runner()
    done = runner.invoke(args=["content", "translated", str(modules / PAGE), str(modules / "course.yaml")])
    assert done.exit_code == 1
    assert re.search(rf"modules/{PAGE}:\d+: the original has no block 'key'", done.output)
    assert "course.yaml is no translation" in done.output
    assert (modules / PAGE).read_text(encoding="utf-8") == before


def test_a_translated_drawing_is_shown_with_its_translated_title(tmp_path: Path, modules: Path) -> None:
    source = SAMPLE / "kites" / "diagrams" / "kite.svg"
    drawing = source.read_text(encoding="utf-8").replace("</svg>", '<text x="1" y="1">Wind</text></svg>')
    (modules / "kites/diagrams/kite.svg").write_text(drawing, encoding="utf-8")
    runner = content_app(tmp_path, modules).test_cli_runner()
    done = runner.invoke(args=["content", "translate", str(modules / "kites/diagrams/kite.svg"), "cy"])
    assert done.exit_code == 0, done.output
    page = translated(modules).modules["kites"].pages["the-line"]
    figure = next(block for block in page.blocks if block.kind == "diagram")
    assert figure.svg is not None
    assert text_language(figure.svg) == "en"
    spoil(modules, "kites/diagrams/kite.cy.svg", "Wind", "Gwÿnt")
    figure = next(block for block in translated(modules).modules["kites"].pages["the-line"].blocks if block.svg)
    assert figure.svg is not None
    assert text_language(figure.svg) == "cy"
    assert "Gwÿnt" in figure.svg
    assert f'aria-label="{pseudo("A kite")}"' in figure.svg
    assert "data-original" not in figure.svg
    spoil(modules, "kites/diagrams/kite.cy.svg", "<text", "<script/><text")
    [problem] = validate_content(read_content(modules))
    assert "the element <script> is not allowed" in problem.message


def test_questions_that_came_later_are_added_to_a_translation(tmp_path: Path, modules: Path) -> None:
    question = "- id: rain\n  points: [hold-the-line]\n  stem: It rains. What now?\n  options:\n" + "".join(
        f"    - {{text: {text}, correct: {correct}, reason: Why.}}\n"
        for text, correct in (("Go in", "true"), ("Stay", "false"), ("Sing", "false"))
    )
    path = modules / "kites/questions.yaml"
    path.write_text(path.read_text(encoding="utf-8") + question, encoding="utf-8")
    before = (modules / QUESTIONS).read_text(encoding="utf-8")
    runner = content_app(tmp_path, modules).test_cli_runner()
    assert runner.invoke(args=["content", "translate", str(path), "cy"]).exit_code == 0
    after = (modules / QUESTIONS).read_text(encoding="utf-8")
    assert after.startswith(before)
    assert "- id: rain\n" in after
    assert "  # It rains. What now?\n  stem:\n" in after
    [status] = translation_statuses(read_content(modules).translations)
    assert [gap.message.split(" ")[0] for gap in status.gaps] == ["'rain'"]
    done = runner.invoke(args=["content", "translate", str(path), "cy"])
    assert done.exit_code == 1
    assert "exists already" in done.output
    assert (modules / QUESTIONS).read_text(encoding="utf-8") == after
