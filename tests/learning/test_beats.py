"""What a decision led to, and the debrief's road: its turns and its drawings."""

from __future__ import annotations

import pytest

from course.content.rendering import InlineText
from course.learning.rules.beats import gauge_changes, gauge_history, latest_beat, short_title, split_headline
from course.learning.rules.branching import decisions_ahead, run_state
from course.learning.rules.debrief import MANY_TURNS, debrief_rows, gauge_charts, learning_points, road_drawing
from tests.learning.roads import ROADS, road_decisions
from tests.learning.test_rules import BEST, DAY, REAL

DROP = (("s1", "hold"), ("s2", "drop"), *BEST[2:])


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        ("She goes white.", "She goes white.", None),
        ("She looks up. “Why?” She leaves.", "She looks up.", "“Why?” She leaves."),
        ("“Out,” she says, “and now.” You do both.", "“Out,” she says, “and now.”", "You do both."),
        ("At 7.55pm a reply says no. You wait.", "At 7.55pm a reply says no.", "You wait."),
        ("“Why?” he asks. You tell him.", "“Why?” he asks.", "You tell him."),
        ("*He nods. He waits.* You go on.", "*He nods. He waits.*", "You go on."),
        ("“Right. Sorry,” says Idris. He wipes a table.", "“Right. Sorry,” says Idris.", "He wipes a table."),
        ("“Like what? It’s a comic.” She zips her bag.", "“Like what? It’s a comic.”", "She zips her bag."),
        ("Ystyr hyn. Éirinn go deo.", "Ystyr hyn.", "Éirinn go deo."),
    ],
)
def test_the_first_sentence_says_what_happened(text: str, first: str, rest: str | None) -> None:
    news = split_headline(InlineText(text, "cy"))
    assert (str.__str__(news.first), None if news.rest is None else str.__str__(news.rest)) == (first, rest)
    assert news.first.language == "cy"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("She goes *white*.", "She goes white"),
        ("“Yes & no,” she says.", "“Yes & no,” she says"),
        ("You sit on the stairs with her until her feet are cold, and then until it is light.",
         "You sit on the stairs with her until her feet are cold, and…"),
    ],
)  # fmt: skip
def test_the_title_of_a_page_is_short_and_has_no_markup(text: str, title: str) -> None:
    assert short_title(InlineText(text)) == title


def test_a_beat_names_the_gauges_that_the_decision_moved_and_no_others() -> None:
    state = run_state(DAY, DROP[:2])
    beat = latest_beat(DAY, state.path)
    assert beat is not None
    assert beat.choice.id == "drop"
    assert [(one.label, one.before, one.after, one.is_fall) for one in beat.changes] == [("Height", 3, 1, True)]
    assert gauge_changes(DAY, run_state(DAY, (("s1", "look"),)).path) == ((),)
    assert latest_beat(DAY, ()) is None


def test_a_gauge_at_its_end_does_not_change() -> None:
    path = run_state(DAY, BEST).path
    assert gauge_history(DAY, path) == {"height": (2, 3, 4, 5, 5, 5, 5)}
    assert [len(changes) for changes in gauge_changes(DAY, path)] == [1, 1, 1, 0, 0, 0]


def test_the_way_ahead_is_about_as_long_as_the_recommended_one() -> None:
    assert decisions_ahead(DAY, DAY.by_id["s1"]) == 6
    assert decisions_ahead(DAY, DAY.by_id["s6"]) == 1
    assert decisions_ahead(DAY, DAY.by_id["home"]) == 0


@pytest.mark.parametrize(
    ("decisions", "weights"),
    [
        (BEST, ["straight", "held", *["straight"] * 4]),
        ((("s1", "look"), *BEST[1:]), ["bend", "held", *["straight"] * 4]),
        (DROP, ["straight", "turn", *["straight"] * 4]),
    ],
)
def test_a_dangerous_decision_is_a_turn_and_a_fair_one_a_bend(
    decisions: tuple[tuple[str, str], ...], weights: list[str]
) -> None:
    rows = debrief_rows(run_state(DAY, decisions), DAY)
    assert [row.weight for row in rows] == weights


@pytest.mark.parametrize("road", ROADS)
def test_every_decision_that_mattered_is_a_turn_or_held_and_at_most_two_are_large(road: str) -> None:
    scenarios = [scenario for module in REAL.modules.values() for scenario in module.scenarios.values()]
    assert len(scenarios) >= 22
    for scenario in scenarios:
        rows = debrief_rows(run_state(scenario, road_decisions(scenario, ROADS[road])), scenario)
        for row in rows:
            fell = row.largest_fall is not None
            mattered = row.scene.critical or row.chosen.quality == "dangerous" or (fell and not row.is_recommended)
            assert mattered <= (row.is_turn or row.weight == "held"), (scenario.id, row.scene.id)
            assert row.is_turn <= (not row.is_recommended), (scenario.id, row.scene.id)
            assert (row.weight == "held") == (row.scene.critical and row.is_recommended), (scenario.id, row.scene.id)
        large, turns = sum(row.weight == "turn" for row in rows), sum(row.is_turn for row in rows)
        assert large <= (1 if turns >= MANY_TURNS else 2), scenario.id


def test_a_turn_shows_what_put_it_right_and_without_a_repair_what_is_recommended() -> None:
    scene = DAY.by_id["s2"]
    before = debrief_rows(run_state(DAY, DROP), DAY)[1]
    assert (before.repair, before.better) == (None, scene.best)
    after = debrief_rows(run_state(DAY, (*DROP, ("s2", "hold"))), DAY)[1]
    assert after.better is after.repair


def test_the_drawings_show_every_value_and_the_fall_of_the_turn() -> None:
    state = run_state(DAY, DROP)
    rows = debrief_rows(state, DAY)
    (chart,) = gauge_charts(DAY, state, rows)
    assert chart.values == (2, 3, 1, 2, 3, 4, 5)
    assert len(chart.points.split()) == 7
    assert chart.points.startswith("12,50 ")
    assert chart.falls == "M58 38 104 63"
    assert chart.end == (288, 12)
    drawing = road_drawing(DAY, state, rows)
    assert [stop.number for stop in drawing.stops if stop.is_turn] == [2]
    assert drawing.not_taken.startswith(f"M{drawing.stops[1].x} {drawing.stops[1].y}L")
    right = run_state(DAY, BEST)
    assert road_drawing(DAY, right, debrief_rows(right, DAY)).not_taken == ""


def test_each_learning_point_of_the_road_is_named_once() -> None:
    rows = debrief_rows(run_state(DAY, BEST), DAY)
    assert learning_points(rows, {"hold-the-line": 1, "mind-the-trees": 1}) == ("hold-the-line", "mind-the-trees")
    assert learning_points(rows, {"mind-the-trees": 1}) == ("mind-the-trees",)
