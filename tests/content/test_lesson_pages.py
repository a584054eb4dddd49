"""Lesson pages as lessons: the judgement, the question and the folds in their files, and the form that the course asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content.library import load_library
from course.content.loader import read_content
from course.content.page_checks import page_words
from course.content.page_sources import page_sources
from course.content.schema import Page
from course.content.validation import validate_content
from tests.content.test_validation import SAMPLE, modules, spoil
from tests.support.pseudo_course import pseudo

PAGE = "kites/pages/for-leaders.md"
CASE = "A gust has taken the kite of Ines, 9, over the fence."
assert modules  # a fixture


def page() -> Page:
    return load_library(SAMPLE).modules["kites"].pages["for-leaders"]


def test_a_page_holds_a_judgement_a_question_and_folds() -> None:
    judge, _text, reviews, since, more, question, key = page().blocks
    assert judge.judge
    assert (judge.judge.ask, [answer.label for answer in judge.judge.answers]) == (
        "Is the kite still yours?",
        ["Yes", "No, it is gone", "I cannot tell"],
    )
    assert (
        judge.judge.answers[0].reply.html == "You <strong>hold the line</strong>. What hangs on it comes back to you."
    )
    assert judge.html.startswith(f"<p>{CASE}")
    assert question.question
    assert [(option.text, option.correct) for option in question.question.options] == [
        ("“Run after it as fast as you can.”", False),
        ("“Keep the line in your hand.”", True),
        ("“Let go before it pulls you over.”", False),
    ]
    assert question.question.points == ("hold-the-line",)
    assert page().questions == (question.question,)
    assert [block.fold for block in (reviews, since, more, key)] == [True, True, True, False]
    assert more.title == "Who sells the lines"


def test_an_answer_may_go_on_in_the_next_line(modules: Path) -> None:
    spoil(modules, PAGE, "it is on the other end.", "it is\n  on the other end.")
    judge = load_library(modules).modules["kites"].pages["for-leaders"].blocks[0].judge
    assert judge
    assert judge.answers[1].reply == "It looks so. But you hold the line, and it is on the other end."


MISTAKES = [
    ("::: judge ask=", "::: judge why=", 6, "knows no 'why='"),
    ('::: judge ask="Is the kite still yours?"', "::: judge", 6, "needs 'ask='"),
    (f"{CASE} The line is still in her hand, and the garden behind the fence is empty.", "", 6, "has no case"),
    (" The line is still in her hand, and the garden behind the fence is empty.", "", 6, "the case has 12 words"),
    (" and the garden behind the fence is empty.", " and" + " so" * 60 + ".", 6, "the case has"),
    ("- **Yes** You", "- Yes. You", 9, "each answer is written as '- **A few words** What there is to say.'"),
    ("- **Yes** You", "- [x] **Yes** You", 9, "no other answer has a box"),
    ("- **I cannot tell** That is fair. Hold on while you find out.\n", "", 0, ""),
    ("- **No, it is gone** It looks so.", "- **Yes** It looks so.", 6, "two answers have the same words"),
    ("No, it is gone", "No, it is gone and will not come back", 10, "the words on a button are at most 8; here are 9"),
    ("That is fair.", "That is fair" + " and fair" * 16 + ".", 11, "a reply has at most 35 words"),
    ("Hold on while", "[Hold](page:kites/the-line) on while", 11, "has no links"),
    ("- [x] **“Keep", "- [ ] **“Keep", 28, "exactly one option is right, and has '[x]'; here 0 are"),
    ("- [ ] **“Run", "- [x] **“Run", 28, "here 2 are"),
    ("- [ ] **“Run", "- [y] **“Run", 31, "begins with '- [ ]'"),
    ("- [ ] **“Run", "- **“Run", 31, "begins with '- [ ]'"),
    ("On the line it comes back.", "", 32, "each answer is written as '- [ ] **The option.** Its reason.'"),
    ("On the line it comes back.", "It comes" + " and comes" * 15 + ".", 32, "a reason has at most 30 words"),
    ("\n- [ ] **“Let go", "\n\n- [ ] **“Stay.”** No.\n- [ ] **“Let go", 28, "has 3 options; here are 4"),
    ("point=hold-the-line", "point=fly", 2, "the page does not teach 'fly'"),
    ("id=the-line-in-the-hand point", "point", 28, "needs 'id='"),
    ("id=the-line-in-the-hand", "id=gust", 2, "the id 'gust' is taken already"),
    ("What do you say?", "What do you not say?", 2, "asks for what is not so"),
    ("“Keep the line in your hand.”", "“Perhaps keep the line in your hand.”", 2, "a word of caution"),
    ("::: reviews fold lines=3", "::: reviews folded lines=3", 16, "knows no 'folded='"),
    ("::: key", "::: key fold", 36, "knows no 'fold='"),
    ('::: more title="Who sells the lines"', "::: more", 24, "needs 'title='"),
    ("Is the kite still yours?", "Is it sexting?", 2, "the words 'sexting' are to be avoided"),
    ("You **hold the line**.", "Whom do you hold?", 2, "the words 'Whom' are to be avoided"),
    ("Whoever runs looks up, and falls.", "That is sexting.", 2, "the words 'sexting' are to be avoided"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES, ids=[row[3] or "two answers" for row in MISTAKES])
def test_a_mistake_in_what_a_page_asks_is_named_where_it_stands(
    modules: Path, old: str, new: str, line: int, message: str
) -> None:
    spoil(modules, PAGE, old, new)
    problems = validate_content(read_content(modules))
    if not message:
        assert problems == [], "two answers are enough"
        return
    assert [problem.line for problem in problems if message in problem.message] == [line], problems
    assert {problem.file for problem in problems} == {f"modules/{PAGE}"}


def test_the_form_of_a_lesson_is_asked_for_by_the_course(modules: Path) -> None:
    spoil(modules, "course.yaml", "check_per_point", "lesson_pages: true\ncheck_per_point")
    messages = [p.message for p in validate_content(read_content(modules)) if p.file == f"modules/{PAGE}"]
    assert messages == [], "the page for leaders has the form"
    others = {p.message for p in validate_content(read_content(modules)) if p.file == "modules/kites/pages/the-line.md"}
    assert others == {
        "a page opens with one judgement: its first block is 'judge', and there is no other",
        "a page asks one question about itself; here are 0",
        "a page ends with one block 'key': only what is folded may follow it",
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("::: judge", "First.\n\n::: judge", "a page opens with one judgement"),
        ("\n::: key", "\nLast.\n\n::: key", None),
        ("Hold on to the line.\n:::\n", "Hold on to the line.\n:::\n\nLast.\n", "a page ends with one block 'key'"),
        ("Hold on to the line.\n:::\n", "Hold on to the line.\n:::\n\n::: history fold lines=1\nSo.\n:::\n", None),
        ("Count the kites.", "Count the kites" + " and the lines" * 60 + ".", "the page shows"),
        ("A shop on the hill.", "A shop on the hill" + " and the lines" * 60 + ".", None),
        ("On the line it comes back.", "On the line it comes back, as it does.", None),
    ],
)
def test_a_lesson_is_short_and_ends_with_its_key(modules: Path, old: str, new: str, message: str | None) -> None:
    spoil(modules, "course.yaml", "check_per_point", "lesson_pages: true\nsentence_words: [1, 200]\ncheck_per_point")
    spoil(modules, PAGE, old, new)
    messages = [p.message for p in validate_content(read_content(modules)) if p.file == f"modules/{PAGE}"]
    assert len(messages) == (1 if message else 0), messages
    assert not message or message in messages[0]


def test_the_words_of_a_page_are_those_that_it_shows_before_anything_is_pressed(modules: Path) -> None:
    # Title 4; case 27, what is asked 5, labels 8; the prose 6; the question 14 and its options 8 + 6 + 7; the key 5.
    assert page_words(page()) == 90
    for old, new in (
        ("What hangs on it comes back to you.", "It comes back."),
        ("On the line it comes back.", "It does."),
        ("Kites came back to those who held on.", "They came back."),
        ("A shop on the hill.", "A shop."),
    ):
        spoil(modules, PAGE, old, new)
    assert page_words(load_library(modules).modules["kites"].pages["for-leaders"]) == 90


def test_the_minutes_of_a_page_count_one_reply_and_one_reason_and_no_fold(modules: Path) -> None:
    shorter = load_library(SAMPLE).modules["kites"].pages["for-leaders"].words
    spoil(modules, PAGE, "A shop on the hill.", "A shop on the hill and another one below it.")
    spoil(modules, PAGE, "Whoever runs looks up, and falls.", "Whoever runs looks up, and then falls into a ditch.")
    assert load_library(modules).modules["kites"].pages["for-leaders"].words == shorter
    spoil(modules, PAGE, "On the line it comes back.", "On the line it always comes back.")
    assert load_library(modules).modules["kites"].pages["for-leaders"].words == shorter + 1


def test_the_sources_of_a_page_are_numbered_and_each_block_knows_its_own() -> None:
    shown = page()
    sources = page_sources(shown)
    assert [(e.number, e.lines, e.source.id if e.source else None) for e in sources.entries] == [
        (1, "3", None),
        (2, None, "kite-society"),
    ]
    assert [sources.numbers(block) for block in shown.blocks] == [(), (), (1,), (2,), (), (), ()]


def test_a_translated_page_asks_in_its_language_and_keeps_what_is_right(tmp_path: Path) -> None:
    from tests.support.pseudo_course import write_pseudo_translation  # noqa: PLC0415

    root = write_pseudo_translation(SAMPLE, tmp_path, "cy")
    library = load_library(root)
    welsh = library.in_language("cy").modules["kites"].pages["for-leaders"]
    judge, question = welsh.blocks[0].judge, welsh.questions[0]
    assert judge
    assert judge.ask == pseudo("Is the kite still yours?")
    assert judge.answers[2].reply == pseudo("That is fair. Hold on while you find out.")
    assert [option.correct for option in question.options] == [False, True, False]
    assert question.stem == pseudo("A second gust comes, and Ines asks what to do. What do you say?")
    assert question.version == library.page_questions["the-line-in-the-hand"].version
    assert library.in_language("cy").page_questions["the-line-in-the-hand"].stem == question.stem
    # Another right option than in the original is a mistake.
    file = root / "kites/pages/for-leaders.cy.md"
    file.write_text(file.read_text(encoding="utf-8").replace("- [x]", "- [ ]", 1), encoding="utf-8")
    assert any("exactly one option is right" in p.message for p in validate_content(read_content(root)))
