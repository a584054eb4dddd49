"""The rules of learning, without a database: grading, drawing, branching, progress."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.content.library import load_library
from course.content.schema import Option, Question, Scenario, Scene
from course.learning.rules.branching import run_state
from course.learning.rules.debrief import debrief_rows
from course.learning.rules.drawing import QuestionHistory, draw_questions, grade_assessment, results_by_point
from course.learning.rules.grading import (
    AnswerMistake,
    InvalidAnswer,
    SubmittedAnswer,
    grade,
    option_order,
    parse_answer,
    parse_submission,
)
from course.learning.rules.notes import merge_note
from course.learning.rules.progress import ProgressFacts, progress
from tests.support.courses import real_course

SAMPLE = load_library(Path(__file__).resolve().parents[1] / "sample_modules")
SCHOOL = SAMPLE.for_("school", "england")
REAL = real_course()
DAY = SAMPLE.modules["kites"].scenarios["a-windy-day"]
ONE, ALL, ORDER, SORT = (SAMPLE.questions[i] for i in ("gust", "near-trees", "first-things", "allowed"))
WORDS, NOTE = SAMPLE.questions["first-words-to-ana"], SAMPLE.questions["the-note-on-the-gust"]
TIMELINE = SAMPLE.answerable["a-month-of-kites"]

GRADES = [
    (ONE, [0], True, (True, True, True)),
    (ONE, [1], False, (False, False, True)),
    (ALL, [0, 2], True, (True, True, True)),
    (ALL, [0], False, (True, True, False)),
    (ALL, [0, 1, 2], False, (True, False, True)),
    # An order has one part for each pair of neighbours: what follows on rightly is right wherever it is.
    (ORDER, [0, 1, 2], True, (True, True)),
    (ORDER, [1, 2, 0], False, (False, True)),
    (ORDER, [2, 0, 1], False, (True, False)),
    (ORDER, [1, 0, 2], False, (False, False)),
    (ORDER, [2, 1, 0], False, (False, False)),
    (SORT, ["Fine", "Not fine", "Fine"], True, (True, True, True)),
    (SORT, ["Fine", "Fine", "Fine"], False, (True, False, True)),
    (WORDS, [0, 4], True, (True, True, True, True, True)),
    (WORDS, [2, 4], True, (True, True, True, True, True)),
    (WORDS, [1, 4], False, (False, False, False, True, True)),
    (WORDS, [2, 3], False, (True, True, True, False, False)),
    (NOTE, [0, 3, 4], True, (True, True, True, True, True, True)),
    (NOTE, [0, 2, 5], False, (True, True, False, False, False, False)),
    (TIMELINE, [1, 3], True, (True, True, True, True)),
    (TIMELINE, [0, 3], False, (False, False, True, True)),
]  # fmt: skip


@pytest.mark.parametrize(("question", "answer", "correct", "parts"), GRADES)
def test_each_form_of_question_is_graded_as_a_whole_and_in_its_parts(
    question: Question, answer: list[int] | list[str], correct: bool, parts: tuple[bool, ...]
) -> None:
    graded = grade(question, answer)
    assert (graded.correct, graded.parts) == (correct, parts)


ANSWERS = [
    # question, order on screen, what the form sends, what it means
    (ONE, (2, 0, 1), {"answer": ["2"]}, [0]),
    (ONE, (2, 0, 1), {}, "Choose one answer."),
    (ONE, (2, 0, 1), {"answer": ["1", "2"]}, "Choose one answer."),
    (ONE, (2, 0, 1), {"answer": ["4"]}, "Choose from the answers shown."),
    (ONE, (2, 0, 1), {"answer": ["0"]}, "Choose from the answers shown."),
    (ONE, (2, 0, 1), {"answer": ["-1"]}, "Choose from the answers shown."),
    (ONE, (2, 0, 1), {"answer": ["²"]}, "Choose from the answers shown."),
    (ONE, (2, 0, 1), {"answer": ["x" * 9000]}, "Choose from the answers shown."),
    (ALL, (2, 0, 1), {"answer": ["1", "2"]}, [0, 2]),
    (ALL, (2, 0, 1), {"answer": ["1", "1"]}, [2]),
    (ALL, (2, 0, 1), {}, "Mark at least one."),
    (ORDER, (2, 0, 1), {"place-1": ["3"], "place-2": ["1"], "place-3": ["2"]}, [0, 1, 2]),
    (ORDER, (2, 0, 1), {"place-1": ["3"], "place-2": ["3"], "place-3": ["2"]}, "Two lines have place 3. Give each its own."),
    (ORDER, (2, 0, 1), {"place-1": ["3"], "place-2": [""], "place-3": ["2"]}, "Give every line its place in the order."),
    (SORT, (2, 0, 1), {"group-1": ["1"], "group-2": ["1"], "group-3": ["2"]}, ["Fine", "Not fine", "Fine"]),
    (SORT, (2, 0, 1), {"group-1": ["1"], "group-3": ["2"]}, "Choose a group for “Beach”."),
    (SORT, (2, 0, 1), {"group-1": ["1"], "group-2": ["3"], "group-3": ["2"]}, "Choose a group for “Beach”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-1": ["2"], "part-2": ["1"]}, [2, 4]),
    (WORDS, (4, 2, 0, 3, 1), {"part-2": ["4"], "part-1": ["3"]}, [0, 3]),
    (WORDS, (4, 2, 0, 3, 1), {}, "Choose a line for “How you begin”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-2": ["1"]}, "Choose a line for “How you begin”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-1": ["2"]}, "Choose a line for “What you ask”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-1": ["2"], "part-2": ["2"]}, "Choose a line for “What you ask”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-1": ["2"], "part-2": ["1", "4"]}, "Choose a line for “What you ask”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-1": ["0"], "part-2": ["1"]}, "Choose a line for “How you begin”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-1": ["6"], "part-2": ["1"]}, "Choose a line for “How you begin”."),
    (WORDS, (4, 2, 0, 3, 1), {"part-1": ["x"], "part-2": ["1"]}, "Choose a line for “How you begin”."),
    (NOTE, (5, 4, 3, 2, 1, 0), {"part-1": ["6"], "part-2": ["3"], "part-3": ["2"]}, [0, 3, 4]),
    (NOTE, (5, 4, 3, 2, 1, 0), {"part-1": ["6"], "part-2": ["3"]}, "Choose a line for “What you did”."),
    (TIMELINE, (0, 1, 2, 3), {"answer": ["2", "4"]}, [1, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "order", "form", "meant"), ANSWERS)
def test_an_answer_is_parsed_or_the_mistake_says_what_to_do(
    question: Question, order: tuple[int, ...], form: dict[str, list[str]], meant: list[int] | list[str] | str
) -> None:
    found = parse_answer(question, order, form)
    assert (found.message if isinstance(found, InvalidAnswer) else found) == meant


NOT_CHOSEN = AnswerMistake("answer-1", "Choose one answer.")
NOT_SURE = AnswerMistake("sureness-guessing", "Say how sure you are of your answer.")


@pytest.mark.parametrize(
    ("form", "asks_confidence", "expected"),
    [
        ({"answer": ["1"], "sure": ["guessing"]}, True, SubmittedAnswer([0], "guessing")),
        ({"answer": ["1"]}, False, SubmittedAnswer([0], None)),
        ({"answer": ["1"], "sure": ["sure"]}, False, SubmittedAnswer([0], None)),
        ({"answer": ["1"], "sureness": ["fairly"]}, True, SubmittedAnswer([0], "fairly")),
        ({"answer": ["1"]}, True, InvalidAnswer((NOT_SURE,))),
        ({"answer": ["1"], "sureness": ["very"]}, True, InvalidAnswer((NOT_SURE,))),
        ({"sureness": ["sure"]}, True, InvalidAnswer((NOT_CHOSEN,))),
        # What is missing is said together; the mistake in the answer itself comes first.
        ({}, True, InvalidAnswer((NOT_CHOSEN, NOT_SURE))),
        ({}, False, InvalidAnswer((NOT_CHOSEN,))),
    ],
)
def test_a_submission_is_an_answer_with_the_confidence_that_is_asked_for(
    form: dict[str, list[str]], asks_confidence: bool, expected: SubmittedAnswer | InvalidAnswer
) -> None:
    order = tuple(range(len(ONE.options)))
    assert parse_submission(ONE, order, form, asks_confidence) == expected


MISTAKES = [
    # question, what the form sends, the fields with a mistake, and the messages of the summary
    (SORT, {}, ["group-1-1", "group-2-1", "group-3-1"], 3),
    (SORT, {"group-2": ["1"]}, ["group-1-1", "group-3-1"], 2),
    (WORDS, {}, ["part-1-1", "part-2-1"], 2),
    (NOTE, {"part-2": ["3"]}, ["part-1-1", "part-3-1"], 2),
    (ORDER, {}, ["place-1", "place-2", "place-3"], 1),
    (ORDER, {"place-1": ["2"], "place-2": ["2"]}, ["place-2", "place-3"], 2),
    (ONE, {}, ["answer-1"], 1),
]  # fmt: skip


@pytest.mark.parametrize(("question", "form", "fields", "messages"), MISTAKES)
def test_all_that_is_missing_is_said_together_and_nothing_twice(
    question: Question, form: dict[str, list[str]], fields: list[str], messages: int
) -> None:
    found = parse_answer(question, tuple(range(len(question.options))), form)
    assert isinstance(found, InvalidAnswer)
    assert [mistake.field for mistake in found.mistakes] == fields
    assert next(mistake.field for mistake in found.summary) == fields[0]
    assert len({mistake.message for mistake in found.summary}) == len(found.summary) == messages
    assert all(found.at(field) for field in fields)
    assert found.at("answer-9") is None


SIX = ORDER.model_copy(update={"options": ORDER.options * 2})


@given(st.permutations(range(6)))
def test_an_order_is_right_only_as_a_whole_and_its_share_counts_right_neighbours(order: list[int]) -> None:
    graded = grade(SIX, order)
    assert graded.correct == (order == sorted(order))
    assert graded.share == sum(order[n + 1] == order[n] + 1 for n in range(5)) / 5


def test_a_line_that_is_too_early_does_not_make_all_after_it_wrong() -> None:
    assert grade(SIX, [5, 0, 1, 2, 3, 4]).share == 0.8


def test_a_point_is_right_when_all_its_answers_are() -> None:
    assert results_by_point([("a", True), ("b", True), ("a", False), ("b", True)]) == {"a": False, "b": True}
    assert results_by_point([]) == {}


@given(st.integers(0, 2**31), st.integers(1, 60))
def test_the_order_on_screen_is_always_the_same_for_one_item_and_never_gives_an_order_away(
    seed: int, place: int
) -> None:
    for question in (ONE, ALL, ORDER, SORT, WORDS, NOTE):
        order = option_order(question, seed, place)
        assert order == option_order(question, seed, place)
        assert sorted(order) == list(range(len(question.options)))
    assert option_order(ORDER, seed, place) != (0, 1, 2)
    assert option_order(TIMELINE, seed, place) == (0, 1, 2, 3)


def test_the_right_option_is_in_each_place_about_as_often() -> None:
    places = [option_order(ONE, seed, 1).index(0) for seed in range(3000)]
    assert all(900 < places.count(place) < 1100 for place in range(3))


@given(st.integers(0, 2**31))
def test_a_draw_asks_every_point_and_nothing_twice(seed: int) -> None:
    wanted = [(point, 2) for point in REAL.taught_points]
    drawn = draw_questions(wanted, REAL.questions.values(), QuestionHistory({}), seed)
    assert len({one.question_id for one in drawn}) == len(drawn) == 2 * len(wanted)
    for one in drawn:
        assert one.point in REAL.questions[one.question_id].points


@given(st.integers(0, 2**31))
def test_a_retake_asks_other_questions_while_there_are_any(seed: int) -> None:
    rules = REAL.course
    wanted = [
        (p, rules.final_per_critical_point if REAL.points[p].safety_critical else rules.final_per_point)
        for p in REAL.taught_points
    ]
    first = {one.question_id for one in draw_questions(wanted, REAL.questions.values(), QuestionHistory({}), seed)}
    second = {
        one.question_id
        for one in draw_questions(wanted, REAL.questions.values(), QuestionHistory(dict.fromkeys(first, 1)), seed + 1)
    }
    assert not first & second


def test_a_point_with_too_few_questions_gives_what_it_has() -> None:
    assert len(draw_questions([("hold-the-line", 9)], SAMPLE.questions.values(), QuestionHistory({}), 1)) == 3


VERDICTS = [
    # latest results, pass mark, passed, missed with the critical ones first
    ({"a": True, "b": True, "c": True, "d": True}, 80, True, ()),
    ({"a": True, "b": True, "c": True, "d": False}, 75, True, ("d",)),
    ({"a": True, "b": True, "c": True, "d": False}, 80, False, ("d",)),
    ({"a": False, "b": True, "c": True, "d": True}, 75, False, ("a",)),
    ({"a": False, "b": False, "c": True, "d": True}, 50, False, ("a", "b")),
    ({"a": True, "b": False, "c": True}, 50, True, ("b", "d")),
]


@pytest.mark.parametrize(("latest", "mark", "passed", "missed"), VERDICTS)
def test_the_assessment_passes_with_enough_points_and_every_critical_one(
    latest: dict[str, bool], mark: int, passed: bool, missed: tuple[str, ...]
) -> None:
    verdict = grade_assessment(latest, ("a", "b", "c", "d"), frozenset({"a"}), mark)
    assert (verdict.passed, verdict.missed) == (passed, missed)
    assert verdict.missed_critical == (("a",) if "a" in missed else ())


BEST = tuple((f"s{i}", "hold") for i in range(1, 7))


def test_the_recommended_path_finishes_the_run() -> None:
    state = run_state(DAY, BEST)
    assert state.ending is not None
    assert state.ending.id == "home"
    assert state.is_finished
    assert state.gauges == {"height": 5}
    assert all(row.is_recommended for row in debrief_rows(state, DAY))


def test_a_dangerous_decision_must_be_repaired_before_the_run_is_finished() -> None:
    dangerous = (("s1", "hold"), ("s2", "drop"), *BEST[2:])
    state = run_state(DAY, dangerous)
    assert not state.is_finished
    assert state.scene is not None
    assert state.scene.id == "s2"
    still = run_state(DAY, (*dangerous, ("s2", "drop")))
    assert not still.is_finished
    recorded = run_state(DAY, dangerous, has_outcome=True)
    assert recorded.is_finished
    mended = run_state(DAY, (*dangerous, ("s2", "drop"), ("s2", "hold")))
    assert mended.is_finished
    assert [row.repaired for row in debrief_rows(mended, DAY)] == [False, True, False, False, False, False]


def test_a_way_back_is_offered_only_as_often_as_its_limit() -> None:
    back = (("s1", "hold"), ("s2", "hold"), ("s3", "back"))
    assert "back" in {c.id for c in run_state(DAY, back[:2]).open_choices}
    again = run_state(DAY, (*back, ("s1", "hold"), ("s2", "hold")))
    assert "back" not in {c.id for c in again.open_choices}
    assert len(again.path) == 5


def test_going_back_and_choosing_well_repairs_a_dangerous_decision() -> None:
    state = run_state(DAY, (("s1", "hold"), ("s2", "drop"), ("s3", "back"), *BEST))
    assert state.is_finished


def test_gauges_stay_between_0_and_5() -> None:
    assert run_state(DAY, (("s1", "hold"), ("s2", "drop"))).gauges == {"height": 1}
    assert run_state(DAY, (("s1", "look"), ("s2", "drop"))).gauges == {"height": 0}


def test_a_decision_that_does_not_fit_its_scene_ends_the_walk() -> None:
    assert run_state(DAY, (("s4", "hold"),)).path == ()
    assert run_state(DAY, (("s1", "fly"),)).path == ()


def longest_path(scenario: Scenario, scene: Scene) -> int:
    """The largest number of decisions between a scene and an ending, without ways back."""
    known: dict[str, int] = {}

    def steps(scene: Scene) -> int:
        if scene.is_ending:
            return 0
        if scene.id not in known:
            targets = [scenario.by_id[choice.to] for choice in scene.choices if not choice.try_again]
            known[scene.id] = 1 + max(steps(target) for target in targets)
        return known[scene.id]

    return steps(scene)


# Which of so many choices: made once, and not for each decision.
place_in = cache(lambda count: st.integers(0, count - 1))


@given(st.data())
def test_every_walk_through_a_real_scenario_reaches_an_end(data: st.DataObject) -> None:
    for module in REAL.modules.values():
        for scenario in module.scenarios.values():
            decisions: list[tuple[str, str]] = []
            state = run_state(scenario, decisions)
            while not state.is_finished:
                assert state.scene is not None
                assert len(decisions) < 60
                choice = state.open_choices[data.draw(place_in(len(state.open_choices)))]
                if state.ending is not None:
                    choice = state.scene.best
                ahead = longest_path(scenario, state.scene)
                decisions.append((state.scene.id, choice.id))
                after = run_state(scenario, decisions)
                if after.scene is not None and state.ending is None and not choice.try_again:
                    assert after.ending is not None or longest_path(scenario, after.scene) < ahead
                state = after


def facts(**kwargs: object) -> ProgressFacts:
    return ProgressFacts(**kwargs)  # type: ignore[arg-type]


BOTH = frozenset({("kites", "hold-the-line"), ("kites", "mind-the-trees")})
PROGRESS_CASES = [
    # facts, states of: page, scenario, timeline, check; share
    (facts(), ["open", "open", "open", "open"], 0),
    (facts(pages=frozenset({"kites/the-line"})), ["done", "open", "open", "open"], 25),
    (facts(shown=BOTH), ["open", "open", "open", "done"], 25),
    (facts(shown=BOTH, proven=BOTH), ["skipped", "open", "open", "done"], 50),
    (facts(shown=BOTH, proven=frozenset({("kites", "hold-the-line")})), ["open", "open", "open", "done"], 25),
    (facts(shown=frozenset({("kites", "hold-the-line")})), ["open", "open", "open", "open"], 0),
    (
        facts(pages=frozenset({"kites/the-line"}), scenarios=frozenset({"kites/a-windy-day"}),
              timelines=frozenset({"kites/a-month-of-kites"}), shown=BOTH),
        ["done", "done", "done", "done"], 100,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given_facts", "states", "share"), PROGRESS_CASES)
def test_progress_is_derived_from_facts(given_facts: ProgressFacts, states: list[str], share: int) -> None:
    module = progress(SCHOOL, given_facts).modules[0]
    assert [step.state for step in module.steps] == states
    assert module.percent_done == share


def test_the_course_is_complete_only_with_its_modules_and_the_final_assessment() -> None:
    done = PROGRESS_CASES[-1][0]
    assert not progress(SCHOOL, done).complete
    assert progress(SCHOOL, ProgressFacts(**{**done.__dict__, "final_passed": True})).complete
    assert not progress(SCHOOL, facts(final_passed=True)).complete


def test_the_current_module_is_the_one_last_worked_on() -> None:
    first, second = list(REAL.modules)[:2]
    assert progress(REAL, facts()).current.module.id == first  # type: ignore[union-attr]
    assert progress(REAL, facts(last_module=second)).current.module.id == second  # type: ignore[union-attr]


NOTES = [
    # stored, shown in this window, sent by it, kept
    ("", "", "mine", "mine"),
    ("mine", "mine", "mine, longer", "mine, longer"),
    ("mine", "mine", "", ""),
    ("other", "", "", "other"),
    ("other", "", "mine", "other\n\nmine"),
    ("other", "old", "old", "other"),
    ("a\r\nb", "a\nb", "a\nb\nc", "a\nb\nc"),
]


@pytest.mark.parametrize(("stored", "seen", "sent", "kept"), NOTES)
def test_a_note_is_never_lost_to_a_second_window(stored: str, seen: str, sent: str, kept: str) -> None:
    assert merge_note(stored, seen, sent) == kept


def test_an_option_without_a_group_is_never_right_in_a_sort() -> None:
    question = Question.model_validate(
        {**SORT.model_dump(), "options": [Option.model_validate(o.model_dump()) for o in SORT.options]}
    )
    assert not grade(question, ["", "", ""]).correct
