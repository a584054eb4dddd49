"""Guessers: people who know something other than the learning point."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content.guesser_report import guesser_lines
from course.content.guessers import (
    MIN_SAMPLE,
    PLAIN_SIGNS,
    ChoiceTask,
    choice_tasks,
    guesser_problems,
    learned_words_scores,
    rule_of_thumb,
    rule_of_thumb_score,
    share_right,
)
from course.content.library import load_library
from course.content.quality import FAIRNESS_MARGIN
from course.content.schema import Option, Question
from tests.support.courses import real_course

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "sample_modules"


def task(*texts: str, right: int = 0, module: str = "m", stem: str = "What do you do?", name: str = "q") -> ChoiceTask:
    return ChoiceTask("question", name, module, ("p",), False, stem, texts, frozenset({right}))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("Ring the safeguarding lead now", "Ring the safeguarding lead tomorrow"),
        ("Tell the lead, and leave the phone as it is", "Tell the lead, and look at the phone"),
        ("Thank her and pass it on today", "Ask her who it was"),
        ("Go to the manager at once", "Block the account and see whether it stops"),
        ("Hand it over in person", "Promise that nobody will know"),
    ],
)
def test_the_rule_of_thumb_prefers_telling_now_to_every_other_act(better: str, worse: str) -> None:
    assert rule_of_thumb_score(better) > rule_of_thumb_score(worse)


@pytest.mark.parametrize(
    ("sign", "texts", "taken"),
    [
        ("the first in the file", ("a", "b", "c"), {0}),
        ("the second in the file", ("a", "b", "c"), {1}),
        ("the last in the file", ("a", "b", "c"), {2}),
        ("the longest", ("a", "a longer text", "a text"), {1}),
        ("the shortest", ("a", "a longer text", "a text"), {0}),
        ("the second longest", ("a", "a longer text", "a text", "this is the longest"), {1}),
        ("the second shortest", ("a", "a longer text", "a text", "this is the longest"), {2}),
        ("the one with most commas", ("one, two, three", "one, two", "one"), {0}),
        ("the one with fewest commas", ("one, two, three", "one, two", "one"), {2}),
        ("the one with most 'and'", ("this and that", "these and those and that", "sand"), {1}),
        ("the most cautious", ("It may help", "It helps"), {0}),
        ("the one with a reason or condition", ("Wait, because it is late", "Wait"), {0}),
        ("the one without a reason or condition", ("Wait, because it is late", "Wait"), {1}),
        ("the one in quotation marks", ("“Thank you”", "Thank her"), {0}),
        ("the one without quotation marks", ("“Thank you”", "Thank her"), {1}),
        ("the one with most sentences", ("Stop. “Wait.” Go", "Stop, wait and go.", "At 9.30pm"), {0}),
        ("the one with fewest sentences", ("Stop. “Wait.” Go", "Stop, wait and go.", "At 9.30pm"), {2}),
        ("the one that asks something", ("“What happened? I’m here.”", "“I’m here.”"), {0}),
        ("the one that asks nothing", ("“What happened? I’m here.”", "“I’m here.”"), {1}),
        ("the one with a word of urgency", ("Ring her now", "Know her"), {0}),
        ("the one without a word of urgency", ("Ring her now", "Know her"), {1}),
        ("the one most like the others", ("ring the lead", "ring the police", "swim"), {0, 1}),
        ("the one least like the others", ("ring the lead", "ring the police", "swim"), {2}),
    ],
)
def test_a_plain_sign_takes_the_text_that_it_names(sign: str, texts: tuple[str, ...], taken: set[int]) -> None:
    values = PLAIN_SIGNS[sign](task(*texts))
    assert {n for n, value in enumerate(values) if value == max(values)} == taken


def test_the_sign_of_likeness_to_the_stem_counts_distinctive_words_only() -> None:
    asked = task("Find the bicycle", "Go there with her", stem="Whose bicycle is there?")
    assert PLAIN_SIGNS["the one most like the stem"](asked) == [1, 0]


def test_equal_texts_are_taken_by_lot_and_chance_counts_all_right_ones() -> None:
    found = share_right([task("same", "same"), task("x", "y", right=1)], lambda asked: [1.0] * len(asked.texts))
    assert (found.right, found.chance, found.asked) == (0.5, 0.5, 2)


def test_words_are_learned_from_other_modules_only() -> None:
    other = [task("gentle words", "harsh words", module="a", name=f"q{n}") for n in range(6)]
    own = task("harsh and clear", "gentle and clear", module="b")
    scores = learned_words_scores([*other, own])
    assert scores[own][1] > scores[own][0], "the words of module a are known to who guesses in module b"
    alone = learned_words_scores([task("gentle words", "harsh words", name=f"q{n}") for n in range(6)])
    assert all(values == [0.0, 0.0] for values in alone.values()), "nothing is known of a module from itself"


def test_every_question_with_one_answer_and_every_scene_is_a_task_and_the_report_has_a_line_for_each_sign() -> None:
    modules = list(load_library(SAMPLE).modules.values())
    tasks = choice_tasks(modules)
    assert {t.id for t in tasks if t.kind == "question"} == {
        q.id for m in modules for q in m.questions if q.form == "one"
    }
    assert sum(t.kind == "scene" for t in tasks) == sum(
        bool(s.choices) for m in modules for story in m.scenarios.values() for s in story.scenes
    )
    assert all(t.right and len(t.right) < len(t.texts) for t in tasks)
    lines = list(guesser_lines(modules))
    assert all(sum(line.startswith(sign) for line in lines) == 1 for sign in PLAIN_SIGNS)
    assert any(
        f"{share_right([t for t in tasks if t.kind == 'question'], rule_of_thumb).right:.1%}" in line for line in lines
    )


def test_of_two_good_ways_a_guesser_may_take_either() -> None:
    two = ChoiceTask("scene", "s", "m", ("p",), True, "", ("a way", "the longest way", "no"), frozenset({0, 1}))
    assert share_right([two], PLAIN_SIGNS["the longest"]).right == 1
    assert share_right([two], PLAIN_SIGNS["the shortest"]).right == 0
    assert two.chance == pytest.approx(2 / 3)


def test_no_plain_sign_finds_the_right_lines_of_the_built_answers_of_the_course() -> None:
    parts = [t for t in choice_tasks(list(real_course().modules.values())) if t.kind == "part"]
    found = {sign: share_right(parts, values) for sign, values in PLAIN_SIGNS.items()}
    assert [sign for sign, gain in found.items() if gain.right > gain.chance + FAIRNESS_MARGIN] == []


def built(count: int, right: str, wrong: str, point: str = "p") -> tuple[Question, ...]:
    options = (Option(text=right, reason="Why.", correct=True), Option(text=wrong, reason="Why."),
               Option(text=wrong + ".", reason="Why."))  # fmt: skip
    return tuple(Question(id=f"q{n}", points=(point,), stem="What now?", options=options) for n in range(count))


def messages(*questions: Question) -> list[str]:
    module = load_library(SAMPLE).modules["kites"].model_copy(update={"questions": questions, "scenarios": {}})
    return [message for _, message in guesser_problems([module])]


def test_a_bank_that_the_rule_of_thumb_passes_is_refused_by_share_module_and_point() -> None:
    found = messages(*built(MIN_SAMPLE, "Tell the lead now", "Wait and look"))
    for words in ("in 100% of 20 questions with one best answer; at most 50%", "at most 60%", "all 20 questions"):
        assert any(words in message for message in found), words
    assert not any(
        "rule of thumb" in message for message in messages(*built(MIN_SAMPLE, "Wait and look", "Tell the lead now"))
    )
    assert messages(*built(MIN_SAMPLE - 1, "Tell the lead now", "Wait and look")) == []


def test_a_bank_in_which_a_plain_sign_is_right_is_refused() -> None:
    found = messages(*built(MIN_SAMPLE, "Swim, then fly, then rest", "Swim"))
    assert any(
        "who always takes the one with most commas (option of a question) is right in 100%" in message
        for message in found
    )


def test_nobody_passes_the_real_bank_without_the_points() -> None:
    modules = list(real_course().modules.values())
    tasks = choice_tasks(modules)
    questions = [task for task in tasks if task.kind == "question"]
    critical = [task for task in tasks if task.kind == "scene" and task.critical]
    assert len(questions) > 100
    assert len(critical) > 50
    assert share_right(questions, rule_of_thumb).right <= 0.5
    assert share_right(critical, rule_of_thumb).right <= 0.5
    assert list(guesser_problems(modules)) == []
