"""The rules and pages of the player (JavaScript, run by node), held against the course's own (Python)."""

from __future__ import annotations

import json
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from course.content.library import Library
from course.content.schema import NATIONS, SETTINGS, Question, Scenario
from course.learning.rules.branching import RunState, run_state
from course.learning.rules.debrief import debrief_rows, gauge_charts, road_drawing
from course.learning.rules.drawing import grade_assessment, results_by_point
from course.learning.rules.grading import grade, option_order
from course.learning.rules.timelines import timeline_view
from course.scorm.package import PLAYER, course_structure
from course.scorm.page_html import PackageScope, macros
from tests.scorm.conftest import Package
from tests.scorm.draws import Draw, some_draws
from tests.support.verifiers import node_program

CHECK = Path(__file__).with_name("check.mjs")
MODULES = ("what-reviews-tell-us", "responding")
WALKS = 12  # of each story
CHANCE = random.Random(19)
ASSESSED: list[dict[str, Any]] = [
    {"right": right, "points": ["a", "b", "c", "d", "e"], "critical": critical, "passMark": mark}
    for right in (["a", "b", "c", "d", "e"], ["a", "b", "c", "d"], ["b", "c", "d", "e"], ["a", "b", "c"], [])
    for critical in ([], ["a"], ["e", "a"])
    for mark in (50, 80, 81, 100)
]
RESULTS = [[["a", True], ["b", True], ["a", False]], [["a", False], ["a", True]], []]


def given_answers(question: Question) -> list[list[Any]]:
    """Some answers to a question: right, wrong, and between."""
    total = len(question.options)
    right = [n for n, option in enumerate(question.options) if option.correct]
    if question.form == "one":
        return [[n] for n in range(total)]
    if question.form == "order":
        return [list(range(total)), CHANCE.sample(range(total), total), list(reversed(range(total)))]
    if question.form == "sort":
        groups = [question.groups.index(option.group or "") for option in question.options]
        return [
            groups,
            [CHANCE.randrange(len(question.groups)) for _ in groups],
            [(n + 1) % len(question.groups) for n in groups],
        ]
    if question.has_parts:
        parts = question.options_by_part(range(total))
        good = [next(n for n in part if question.options[n].correct) for part in parts]
        return [
            good,
            [CHANCE.choice(part) for part in parts],
            [part[-1] for part in parts],
            [part[0] for part in parts],
        ]
    return [
        right,
        [n for n in range(total) if n not in right],
        sorted(CHANCE.sample(range(total), 2)),
        list(range(total)),
    ]


def as_python(question: Question, given: list[int]) -> list[Any]:
    return [question.groups[n] for n in given] if question.form == "sort" else given


def walked(scenario: Scenario) -> Iterator[list[tuple[str, str]]]:
    """Ways through a story, each prefix of some and the end of all."""
    for number in range(WALKS):
        way: list[tuple[str, str]] = []
        while (state := run_state(scenario, way)).scene is not None and len(way) < 50:
            choice = state.scene.best if state.ending and number % 2 else CHANCE.choice(state.open_choices)
            way.append((state.scene.id, choice.id))
            if number < 2:
                yield list(way)
        yield way


def places(scenario: Scenario, way: list[tuple[str, str]]) -> list[int]:
    return [[choice.id for choice in scenario.by_id[scene].choices].index(name) for scene, name in way]


@pytest.fixture(scope="module")
def cases(library: Library) -> dict[str, list[Any]]:
    modules = [library.modules[name] for name in MODULES]
    return {
        "answers": [
            (module.id, question, given, level)
            for module in modules for question in module.questions
            for number, given in enumerate(given_answers(question)) for level in ((2, 4)[number % 2],)
        ],
        "timelines": [
            (module.id, timeline, marked)
            for module in modules for timeline in module.timelines.values()
            for marked in ([0], list(range(len(timeline.options))), [1, 3, 4])
        ],
        "stories": [
            (module.id, scenario, way)
            for module in modules for step in module.steps if step.kind == "scenario"
            for scenario in [module.scenarios[step.id]] for way in walked(scenario)
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def draws(library: Library) -> list[Draw]:
    return some_draws(library)


@pytest.fixture(scope="module")
def made(
    course_app: Flask, library: Library, package: Package, cases: dict[str, list[Any]], draws: list[Draw]
) -> dict[str, Any]:
    """What node makes of all cases, in one process."""
    whole = course_app.extensions["course"].library
    variants = [whole.for_(pathway, nation) for pathway in SETTINGS for nation in NATIONS]
    asked = {
        "player": PLAYER.as_uri(),
        "course": package.json("course.json"),
        "modules": {name: package.json(f"modules/{name}.json") for name in MODULES},
        "answers": [{"module": m, "question": q.id, "given": g, "level": n} for m, q, g, n in cases["answers"]],
        "timelines": [{"module": m, "timeline": t.id, "marked": g} for m, t, g in cases["timelines"]],
        "stories": [{"module": m, "story": s.id, "path": places(s, way)} for m, s, way in cases["stories"]],
        "structures": [course_structure(PackageScope(one, tuple(one.modules.values()))) for one in variants],
        "assessed": ASSESSED,
        "results": RESULTS,
        "draws": [one.for_node() for one in draws],
        "finals": [wrong_points(library, kind) for kind in ("critical", "few", "many")],
        "counts": [list(whole.modules["responding"].points), list(whole.modules["new-partners"].points)],
    }
    done = subprocess.run(
        [str(node_program()), str(CHECK)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def bare(html: object) -> str:
    """HTML without what browsers do not show: spaces between tags."""
    return re.sub(r">\s+|\s+<", lambda found: found[0].strip(), re.sub(r"\s+", " ", str(html))).strip()


def test_every_answer_is_graded_and_explained_as_the_course_does(
    course_app: Flask, made: dict[str, Any], cases: dict[str, list[Any]]
) -> None:
    assert len(cases["answers"]) > 300
    with course_app.test_request_context():
        answered = macros("components/answers.html").answered
        for (_module, question, given, level), found in zip(cases["answers"], made["answers"], strict=True):
            mark = grade(question, as_python(question, given))
            assert (found["correct"], found["parts"]) == (mark.correct, list(mark.parts)), (question.id, given)
            item = {"given": as_python(question, given), "correct": mark.correct, "sureness": "sure"}
            html = answered(question, option_order(question, 1, 1), item, mark, level)
            assert sorted_answers(bare(found["html"])) == sorted_answers(bare(html)), (question.id, given)


def sorted_answers(html: str) -> list[str]:
    """The answers to a question; those to a part may come in another order among themselves."""
    return sorted(re.split(r"(?=<section class=\"ans)", html))


def test_every_timeline_is_shown_as_the_course_does(
    course_app: Flask, made: dict[str, Any], cases: dict[str, list[Any]]
) -> None:
    with course_app.test_request_context():
        for (_module, timeline, marked), found in zip(cases["timelines"], made["timelines"], strict=True):
            order, view = range(len(timeline.options)), timeline_view(timeline.options, marked)
            html = macros("scorm/pieces.html").timeline_answer(timeline, order, marked, view)
            assert bare(found) == bare(html), timeline.id


def test_every_way_through_a_story_ends_as_it_does_in_the_course(
    made: dict[str, Any], cases: dict[str, list[Any]]
) -> None:
    endings = set()
    for (_module, scenario, way), found in zip(cases["stories"], made["stories"], strict=True):
        state = run_state(scenario, way)
        assert found["at"] == (state.scene.id if state.scene else None), (scenario.id, way)
        assert found["open"] == [choice.id for choice in state.open_choices]
        assert found["gauges"] == list(state.gauges.values())
        assert found["repair"] == [scene.id for scene in state.scenes_to_repair]
        assert found["finished"] == state.is_finished
        assert (found["ending"] or {}).get("id") == (state.ending.id if state.ending else None)
        if state.ending:
            endings.add(state.ending.id)
            text = "".join(one.__html__() for one in (state.ending.text, *(p.text for p in state.ending.passages)))
            assert bare(found["ending"]["text"]) == bare(text)
            assert found["weights"] == [row.weight for row in debrief_rows(state, scenario)]
    assert len(endings) > 3


def test_every_debrief_is_drawn_as_the_course_does(
    course_app: Flask, made: dict[str, Any], cases: dict[str, list[Any]]
) -> None:
    drawn = 0
    with course_app.test_request_context():
        parts = macros("components/scenario.html")
        for (_module, scenario, way), found in zip(cases["stories"], made["stories"], strict=True):
            state = run_state(scenario, way)
            if not state.ending:
                continue
            drawn += 1
            html = bare(found["debrief"])
            rows = debrief_rows(state, scenario)
            for piece in debrief_pieces(parts, scenario, state, rows):
                assert bare(piece) in html, (scenario.id, way)
            assert "{" not in html
    assert drawn >= WALKS * len(MODULES)


def debrief_pieces(parts: Any, scenario: Scenario, state: RunState, rows: Any) -> list[object]:
    assert state.ending is not None
    return [
        parts.road(rows, scenario), parts.charts(gauge_charts(scenario, state, rows)),
        parts.road_picture(road_drawing(scenario, state, rows)), parts.outcome(state.ending),
        parts.turning_point(state.ending), parts.ending_debrief(state.ending),
    ]  # fmt: skip


def test_a_kept_state_comes_back_whole_and_never_outgrows_the_platform(made: dict[str, Any]) -> None:
    assert len(made["states"]) == len(SETTINGS) * len(NATIONS)
    for state in made["states"]:
        assert state["limit"] == 4096
        assert all(state[name]["same"] for name in ("full", "some", "empty"))
        assert state["full"]["length"] <= state["limit"]
        assert state["full2"]["complete"]
        assert state["full2"]["passed"]
        assert state["full2"]["score"] == 1
        assert (state["none"]["complete"], state["none"]["score"], state["none"]["progress"]) == (False, None, 0)
        assert state["foreign"] is None
        assert state["broken"] == [None] * 8


def test_notes_have_the_room_that_nothing_else_can_take(made: dict[str, Any]) -> None:
    for state in made["states"]:
        assert state["bare"] + state["room"] == state["limit"]
        assert state["room"] > 1500
        assert state["places"] > 5
        assert state["note"] == state["room"]
        assert state["noted"] == state["limit"]
        # What a platform keeps of it is the same in bytes and in characters.
        assert state["ascii"]


def test_the_pass_mark_and_safety_critical_points_decide_as_on_the_server(made: dict[str, Any]) -> None:
    for case, found in zip(ASSESSED, made["assessed"], strict=True):
        latest = dict.fromkeys(case["right"], True)
        result = grade_assessment(latest, case["points"], frozenset(case["critical"]), case["passMark"])
        assert found[:3] == [result.passed, result.right, result.asked]
        assert found[3:] == [list(result.missed_critical), list(result.missed)]
    for rows, found in zip(RESULTS, made["results"], strict=True):
        assert dict(found) == results_by_point((str(point), bool(right)) for point, right in rows)


def test_a_check_asks_as_many_questions_of_each_point_as_the_course(library: Library, made: dict[str, Any]) -> None:
    for name, found in zip(("responding", "new-partners"), made["counts"], strict=True):
        assert [tuple(row) for row in found] == library.check_counts(library.modules[name].points)


def test_checks_and_the_final_assessment_draw_the_same_questions_as_the_course(
    library: Library, made: dict[str, Any], draws: list[Draw]
) -> None:
    for one, found in zip(draws, made["draws"], strict=True):
        assert sorted(found) == sorted(one.by_the_server(library)), one
    assert {one.bank is None for one in draws if one.held} == {True, False}
    assert any(one.reserve and one.last for one in draws)


def wrong_points(library: Library, kind: str) -> list[str]:
    critical = [point for point in library.taught_points if library.points[point].safety_critical]
    others = [point for point in library.taught_points if point not in critical]
    return {"critical": critical[:1], "few": others[:2], "many": [*others[:20], *critical[:2]]}[kind]


def test_the_final_assessment_waits_for_all_modules_decides_alone_and_asks_only_what_is_open(
    library: Library, package: Package, made: dict[str, Any]
) -> None:
    points, critical = library.taught_points, {p for p in library.points if library.points[p].safety_critical}
    assert package.json("course.json")["final"] == [[point, library.final_questions(point)] for point in points]
    for kind, steps in zip(("critical", "few", "many"), made["finals"], strict=True):
        wrong = wrong_points(library, kind)
        before, ready, asked, first, again, last = steps
        # Neither what was read nor what the checks showed passes; the score is that of the final assessment.
        assert before[:5] == [False, False, False, None, False]
        assert ready[:5] == [True, False, False, None, False]
        # While a try is open no page may tell the answers to its questions.
        assert asked[6] == sum(map(library.final_questions, points))
        expected = grade_assessment(dict.fromkeys(set(points) - set(wrong), True), points, frozenset(critical), 80)
        assert first[:3] == [True, True, expected.passed]
        assert first[3] == len(set(points) - set(wrong)) / len(points)
        assert first[5] == list(expected.missed)
        assert first[6] == sum(library.final_questions(point) for point in wrong if point in critical)
        assert again[6] == sum(map(library.final_questions, wrong))
        assert last == [True, True, True, 1, True, [], 0]


HELD = [["cmi.core.lesson_location", "m/s"], ["cmi.suspend_data", "kept"]]
LEFT_12 = [["cmi.core.session_time", "0001:02:05"], ["cmi.core.exit", "suspend"], ["end"]]
LEFT_2004 = [["cmi.session_time", "PT1H2M5S"], ["cmi.exit", "suspend"], ["adl.nav.request", "suspendAll"], ["end"]]


def score_12(raw: str) -> list[list[str]]:
    return [["cmi.core.score.min", "0"], ["cmi.core.score.max", "100"], ["cmi.core.score.raw", raw]]


def test_a_platform_with_scorm_1_2_is_told_what_it_understands(made: dict[str, Any]) -> None:
    lms = made["lms"]
    assert lms["depths"] == ["here", "here", "here", None]
    assert lms["opener"] == "there"
    assert lms["none"] is False
    assert lms["times12"] == ["0000:00:00", "0000:01:00", "0001:02:05", "9999:59:59"]
    assert lms["passed12"]["told"] == [*HELD, ["cmi.core.lesson_status", "passed"], *score_12("81"), *LEFT_12]
    assert lms["failed12"]["told"] == [*HELD, ["cmi.core.lesson_status", "failed"], *score_12("50"), *LEFT_12]
    assert lms["begun12"]["told"] == [*HELD, ["cmi.core.lesson_status", "incomplete"], *LEFT_12]
    assert lms["begun12"]["resume"] == "old"
    # What was passed stays so while somebody reads it again, and nothing is recorded where the platform only shows it.
    assert lms["held12"]["told"] == [*HELD, *LEFT_12]
    assert lms["browse12"]["told"] == [["end"]]
    assert lms["browse12"]["records"] is False
    assert lms["refused12"]["taken"] is False
    assert lms["passed12"]["taken"] is True


def test_a_platform_with_scorm_2004_is_told_what_it_understands(made: dict[str, Any]) -> None:
    lms = made["lms"]
    assert lms["times2004"] == ["PT0H0M0S", "PT0H1M0S", "PT1H2M5S"]
    place = [["cmi.location", "m/s"], ["cmi.suspend_data", "kept"]]

    def status(progress: str, completion: str, success: str) -> list[list[str]]:
        return [
            ["cmi.progress_measure", progress],
            ["cmi.completion_status", completion],
            ["cmi.success_status", success],
        ]

    def score(raw: str, scaled: str) -> list[list[str]]:
        return [["cmi.score.min", "0"], ["cmi.score.max", "100"], ["cmi.score.raw", raw], ["cmi.score.scaled", scaled]]

    assert lms["passed2004"]["told"] == [
        *place,
        *status("1", "completed", "passed"),
        *score("81", "0.8125"),
        *LEFT_2004,
    ]
    assert lms["failed2004"]["told"] == [*place, *status("1", "completed", "failed"), *score("50", "0.5"), *LEFT_2004]
    assert lms["begun2004"]["told"] == [*place, *status("0.25", "incomplete", "unknown"), *LEFT_2004]
    # A platform that unpacked the package under the other version still records.
    assert ["cmi.core.lesson_status", "passed"] in lms["other"]["told"]
