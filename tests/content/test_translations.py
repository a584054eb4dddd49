"""Translations beside the content: found, checked against their originals, shown where they fit, English elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from course.content.library import Library, load_library
from course.content.loader import read_content
from course.content.rendering import label_html, mark_language, showing_gaps, text_language
from course.content.schema import SETTINGS
from course.content.text_fields import texts, untranslated_texts
from course.content.translation_report import translation_report, translation_statuses
from course.content.validation import validate_content
from course.learning.rules.grading import SubmittedAnswer, grade, option_order, parse_submission
from course.translation import use_language
from tests.content.test_validation import SAMPLE, spoil
from tests.support import pseudo_language
from tests.support.pseudo_course import pseudo
from tests.walking import wrong_form

QUESTIONS = "kites/questions.cy.yaml"
PAGE = "kites/pages/the-line.cy.md"
SCENARIO = "kites/scenarios/a-windy-day.cy.yaml"
TIMELINE = "kites/timelines/a-month-of-kites.cy.yaml"
MODULE = "kites/module.cy.yaml"
HELP = "help.cy.yaml"


def translated(modules: Path) -> Library:
    return load_library(modules).in_language("cy")


def line_of(modules: Path, file: str, text: str) -> int:
    rows = (modules / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, row in enumerate(rows, 1) if text in row)


def without(text: str, words: str) -> str:
    assert words in text
    return text.replace(words, "", 1)


def test_a_translated_course_has_the_same_objects_ids_and_versions_in_other_words(modules: Path) -> None:
    english = load_library(modules)
    cymraeg = english.in_language("cy")
    assert (cymraeg.language, english.language) == ("cy", "en")
    assert cymraeg.version == english.version
    assert list(cymraeg.parts) == list(english.parts)
    assert [change.key for change in cymraeg.changes] == [change.key for change in english.changes]
    for library in (cymraeg, cymraeg.for_("school", "scotland")):
        for content in (library.course, library.help, *library.points.values(), *library.sources.values(),
                        *library.modules.values(), *library.discussions.values()):  # fmt: skip
            assert untranslated_texts(content, "cy") == 0, content
    assert cymraeg.modules["kites"].title == pseudo("Kites")
    assert cymraeg.modules["kites"].steps[0].title == pseudo("The line")
    assert english.modules["kites"].title == "Kites"


def test_a_variant_keeps_its_language_and_is_built_once(modules: Path) -> None:
    library = load_library(modules)
    variant = library.in_language("cy").for_("clubs", "wales")
    assert variant.language == "cy"
    assert variant is library.for_("clubs", "wales").in_language("cy")
    assert variant.in_language("en") is library.for_("clubs", "wales")
    assert variant.for_("school", "wales").language == "cy"


def test_a_language_without_translation_is_the_english_course_itself() -> None:
    library = load_library(SAMPLE)
    assert library.in_language("ga") is library
    assert library.for_("school", "wales").in_language("cy") is library.for_("school", "wales")
    assert library.translations == {}


def test_an_answer_is_graded_shuffled_and_stored_the_same_in_every_language(modules: Path) -> None:
    english = load_library(modules)
    for question in english.answerable.values():
        other = english.in_language("cy").answerable[question.id]
        assert other is not question
        assert other.version == question.version
        order = option_order(question, 7, 2)
        assert option_order(other, 7, 2) == order
        form = wrong_form(question, order)
        answers = [parse_submission(one, order, form, False) for one in (question, other)]
        given = [answer.given for answer in answers if isinstance(answer, SubmittedAnswer)]
        assert len(given) == 2
        assert json.dumps(given[0]) == json.dumps(given[1])
        stored = json.loads(json.dumps(given[1]))
        assert grade(other, stored) == grade(question, stored)


def test_the_groups_of_a_question_are_shown_translated_and_stored_in_english(modules: Path) -> None:
    question = translated(modules).questions["allowed"]
    assert question.groups == ("Fine", "Not fine")
    assert label_html(question.groups[0]) == f'<span lang="cy">{pseudo("Fine")}</span>'
    assert question.options[0].group is question.groups[0]


def test_a_text_that_is_missing_is_shown_in_english_and_marked(modules: Path) -> None:
    spoil(modules, QUESTIONS, f"reason: {pseudo('It stays.')}", "reason:")
    question = translated(modules).questions["gust"]
    assert question.options[0].reason == "It stays."
    assert [text_language(text) for _, text in texts(question)].count("en") == 1
    assert question.options[0].reason.__html__() == "It stays."
    with use_language("cy"):
        assert question.options[0].reason.__html__() == '<span lang="en">It stays.</span>'
        assert question.options[1].reason.__html__() == pseudo("It leaves.")
        assert label_html("Kites <1>") == '<span lang="en">Kites &lt;1&gt;</span>'


def test_a_preview_marks_what_is_not_translated() -> None:
    with showing_gaps("cy"):
        assert mark_language("x", "en") == '<span class="untranslated">x</span>'
        assert mark_language("<p>x</p>", "cy", "div") == '<div lang="cy"><p>x</p></div>'
    assert mark_language("x", "en") == "x"


def test_a_block_without_text_is_shown_in_english(modules: Path) -> None:
    spoil(modules, PAGE, pseudo("Kites were lost."), "<!-- Kites were lost.\nNobody knows\nwhere. -->")
    spoil(modules, PAGE, pseudo("A kite has a **line**. See [this page](page:kites/the-line)."), "")
    page = translated(modules).modules["kites"].pages["the-line"]
    assert [text_language(block.html) for block in page.blocks[:4]] == ["en", "en", "cy", "cy"]
    assert 'href="/module/kites/the-line"' in page.blocks[0].html
    assert page.version == load_library(SAMPLE).modules["kites"].pages["the-line"].version


def test_what_no_author_wrote_is_no_text_to_translate(modules: Path) -> None:
    asks = [path for path, _ in texts(load_library(SAMPLE).modules["kites"].scenarios["a-windy-day"]) if "ask" in path]
    assert asks == []
    scenes = translated(modules).modules["kites"].scenarios["a-windy-day"].scenes
    assert {str(scene.ask) for scene in scenes} == {pseudo_language.pseudo("What do you do now?")}
    spoil(modules, SCENARIO, "- id: s1\n", "- id: s1\n  ask: Bé?\n")
    assert translated(modules).modules["kites"].scenarios["a-windy-day"].scenes[0].ask == "Bé?"


def test_the_days_of_a_translated_timeline_are_those_of_its_english_dates(modules: Path) -> None:
    moments = translated(modules).modules["kites"].timelines["a-month-of-kites"].options
    assert next(str(moment.date) for moment in moments) == pseudo("1 May")
    assert [(moment.day, moment.risk) for moment in moments] == [(0, 0), (1, 2), (2, 2), (3, 4)]


OUTDATED = [
    ("kites/questions.yaml", "A gust comes.", "A storm comes.", "question"),
    ("kites/pages/the-line.md", "Kites were lost.", "Many kites were lost.", "page"),
    ("kites/pages/the-line.md", "source=kite-society\nLines", "source=kite-society,other\nLines", "page"),
    ("kites/scenarios/a-windy-day.yaml", "text: Wind 1.", "text: Storm 1.", "scenario"),
    ("kites/timelines/a-month-of-kites.yaml", "It rains.", "It snows.", "timeline"),
    ("kites/module.yaml", "title: Kites", "title: All kites", "module"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "kind"), OUTDATED)
def test_a_translation_that_is_older_than_its_original_is_listed_and_english_is_shown(
    modules: Path, file: str, old: str, new: str, kind: str
) -> None:
    if "other" in new:
        source = "- {id: other, title: T, publisher: P, date: undated, status: known, checked: 2026-11-22, says: S.}\n"
        for sources in ("sources.yaml",):
            path = modules / sources
            path.write_text(path.read_text(encoding="utf-8") + source, encoding="utf-8")
    spoil(modules, file, old, new)
    module = translated(modules).modules["kites"]
    shown = {
        "question": [text for _, text in texts(module.questions[0])],
        "page": [module.pages["the-line"].title, *(block.html for block in module.pages["the-line"].blocks)],
        "scenario": [text for _, text in texts(module.scenarios["a-windy-day"])],
        "timeline": [text for _, text in texts(module.timelines["a-month-of-kites"])],
        "module": [module.title, module.summary],
    }
    assert {name for name, found in shown.items() if {text_language(text) for text in found} == {"en"}} == {kind}
    [status] = translation_statuses(read_content(modules).translations)
    assert status.count("outdated") == 1
    assert status.per_cent < 100


def test_an_english_author_is_not_held_up_by_a_translation_that_no_longer_fits(modules: Path) -> None:
    spoil(
        modules,
        "kites/pages/the-line.md",
        "::: key\nHold on.\n:::\n",
        "::: key\nHold on.\n:::\n\n::: key\nAgain.\n:::\n",
    )
    spoil(modules, "kites/questions.yaml", "    - {text: Shut your eyes, reason: You see nothing.}\n",
          "    - {text: Shut your eyes, reason: You see nothing.}\n    - {text: Sing, reason: Nothing comes of it.}\n")  # fmt: skip
    assert validate_content(read_content(modules)) == []


SHUT_YOUR_EYES = f"  - text: {pseudo('Shut your eyes')}\n    reason: {pseudo('You see nothing.')}\n"
MISTAKES = [
    (QUESTIONS, "  stem:", "  points: [hold-the-line]\n  stem:", "'points' is no text: a translation repeats only ids and texts"),
    (QUESTIONS, "  stem:", "  steam: x\n  stem:", "'steam' is no text"),
    (QUESTIONS, "- id: gust", "- id: wind", "the original has no 'wind'"),
    (QUESTIONS, "- id: near-trees", "- id: gust", "'gust' stands here twice"),
    (QUESTIONS, "- id: gust", "- idd: gust", "an entry begins with the id of its original"),
    (QUESTIONS, SHUT_YOUR_EYES, "", "the original has 3 entries here, the translation 2"),
    (QUESTIONS, "text: " + pseudo("Let go"), "text: " + pseudo("Hold on"), "this option stands here twice"),
    (QUESTIONS, "- " + pseudo("Not fine"), "- " + pseudo("Fine"), "two groups have one name"),
    (QUESTIONS, "stem: " + pseudo("Sort these."), "stem: [a, b]", "a text is expected here"),
    (QUESTIONS, "  stem: " + pseudo("Sort these."), "  title: x\n  stem: x", "the original has no 'title'"),
    (SCENARIO, "- id: s2", "- id: s22", "the original has no 's22'"),
    (SCENARIO, "  - id: look", "  - id: lock", "the original has no 'lock'"),
    (SCENARIO, "  height:", "  depth:", "the original has no 'depth' here"),
    (SCENARIO, "intro:", "start: s2\nintro:", "'start' is no text"),
    (TIMELINE, "- date: " + pseudo("1 May"), "- missed: true\n  date: x", "'missed' is no text"),
    (MODULE, "summary:", "steps: [the-line]\nsummary:", "'steps' is no text"),
    (HELP, "  wales:", "  france:", "the original has no 'france' here"),
    (HELP, "- id: coastguard", "- id: lifeboat", "the original has no 'lifeboat'"),
    (HELP, "  name: " + pseudo("Coastguard"), "  phone: '112'\n  name: x", "'phone' is no text"),
    ("learning-points.cy.yaml", "  title: " + pseudo("Mind the trees"), "  section: x\n  title: x", "'section' is no text"),
    ("course.cy.yaml", "title:", "edition: x\ntitle:", "'edition' is no text"),
    ("kites/discussion.cy.yaml", "questions:", "scenario: a-windy-day\nquestions:", "'scenario' is no text"),
    (PAGE, "title: ", "teaches: [x]\ntitle: ", "'teaches' is no text"),
    (PAGE, "title: ", "blocks: [x]\ntitle: ", "'blocks' is no text"),
    (PAGE, "::: key", "::: reviews lines=5", "the original has no block 'reviews lines=5'"),
    (PAGE, "::: reflect id=own-kite", "::: reflect id=my-kite", "the original has no block 'reflect id=my-kite'"),
    (PAGE, "::: setting for=clubs", "::: setting for=clubs,school", "the original has no block 'setting for=clubs,school'"),
    (PAGE, "::: since source=kite-society", "::: since source=rumour", "the original has no block 'since source=rumour'"),
    (PAGE, "::: reflect", pseudo("Surplus") + "\n\n::: reflect", "the original has no text between these blocks"),
    (PAGE, "page:kites/the-line", "page:kites/the-rope", "the link 'page:kites/the-rope' leads to nothing"),
    (PAGE, "page:kites/the-line", "the-line", "the link 'the-line' leads to nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "message"), MISTAKES, ids=lambda value: str(value)[:50])
def test_a_mistake_in_a_translation_is_named_with_its_file_and_line(
    modules: Path, file: str, old: str, new: str, message: str
) -> None:
    start = (modules / file).read_text(encoding="utf-8").index(old)
    line = (modules / file).read_text(encoding="utf-8")[:start].count("\n") + 1
    spoil(modules, file, old, new)
    found = [problem for problem in validate_content(read_content(modules)) if message in problem.message]
    assert found, validate_content(read_content(modules))
    assert {problem.file for problem in found} == {f"modules/{file}"}
    # The mistake itself, or the entry or block that it is in.
    assert any(line - 8 <= problem.line <= line + 1 for problem in found), (line, found)


def test_blocks_that_are_missing_or_in_another_order_are_named(modules: Path) -> None:
    path = modules / PAGE
    text = path.read_text(encoding="utf-8")
    key = re.search(r"::: key\n.*?\n:::\n", text, re.DOTALL)
    assert key
    path.write_text(without(text, key[0]), encoding="utf-8")
    messages = [problem.message for problem in validate_content(read_content(modules))]
    assert messages == ["the block 'key' of the original is missing"]
    path.write_text(without(text, key[0]) + key[0], encoding="utf-8")
    messages = [problem.message for problem in validate_content(read_content(modules))]
    assert messages == ["the blocks stand in another order than in the original"]


NAMES = [
    ("kites/pages/the-line.en.md", "English is the original: its file is the-line.md"),
    ("kites/pages/the-rope.cy.md", "there is no the-rope.md of which this could be the translation"),
    ("kites/questions.welsh.yaml", "'welsh' is no language"),
]


@pytest.mark.parametrize(("file", "message"), NAMES)
def test_a_file_that_translates_nothing_is_refused(modules: Path, file: str, message: str) -> None:
    (modules / file).write_text("", encoding="utf-8")
    [problem] = validate_content(read_content(modules))
    assert str(problem).startswith(f"modules/{file}:1: ")
    assert message in problem.message


def test_all_mistakes_of_all_translations_are_listed_at_once(modules: Path) -> None:
    for file, old, new in (
        (QUESTIONS, "- id: gust", "- id: wind"),
        (PAGE, "::: key", "::: kay"),
        (HELP, "  wales:", "  x:"),
    ):
        spoil(modules, file, old, new)
    files = {problem.file for problem in validate_content(read_content(modules))}
    assert files == {f"modules/{file}" for file in (QUESTIONS, PAGE, HELP)}


def test_every_pathway_has_its_translated_variant(modules: Path) -> None:
    cymraeg = translated(modules)
    for pathway in SETTINGS:
        page = cymraeg.for_(pathway, "scotland").modules["kites"].pages["the-line"]
        html = " ".join(block.html for block in page.blocks)
        assert (pseudo("On the beach") in html) is (pathway == "clubs")
        assert pseudo("Ask the harbour") in html


def test_the_report_is_empty_where_nothing_is_translated() -> None:
    assert translation_report(read_content(SAMPLE).translations) == ""
