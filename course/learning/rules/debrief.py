"""The debrief of a scenario run: the road that was taken, its turns, and the other roads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from course.content.paths import MAX_GAUGE
from course.content.schema import Choice, Scenario, Scene
from course.learning.rules.beats import GaugeChange, Headline, gauge_changes, gauge_history, split_headline
from course.learning.rules.branching import REPAIRING, RunState
from course.learning.rules.decision_log import LoggedDecision, withdrawn_by_place

# What a decision was for the story. Those that mattered: a turn that is shown large, a small turn (shown as one, and opens in
# place), and one that held (the recommended one where much depended on it). The others: a bend (there was a better one) and
# straight on.
Weight = Literal["turn", "small-turn", "held", "bend", "straight"]
# More large turns would be a list again, and none would stand out. A long road, or one with many turns, has one, so that the
# whole of it stays within three screens of a phone.
MAX_TURNS = 2
LONG_ROAD = 8  # decisions
MANY_TURNS = 3
LARGE_CHANGE = 2
# The drawings: their size, and the room that they leave at each side.
ROAD_WIDTH, ROAD_TOP, ROAD_BOTTOM, ROAD_SIDE = 358, 24, 104, 24
CHART_TOP, CHART_BOTTOM, CHART_LEFT, CHART_RIGHT = 12, 76, 12, 288


@dataclass(frozen=True)
class DebriefRow:
    """One decision of the road taken.

    `best` is the recommended choice at that point, the first of two good ways: whoever took the other one took a
    recommended one. `repair` is the choice that put a dangerous one right, `withdrawn` are choices that were pressed
    first and taken back. `weight` says what it was for the story, and how large it is shown.
    """

    scene: Scene
    chosen: Choice
    best: Choice
    repair: Choice | None
    withdrawn: tuple[Choice, ...]
    changes: tuple[GaugeChange, ...]
    weight: Weight

    @property
    def is_recommended(self) -> bool:
        return self.chosen.quality == "best"

    @property
    def is_turn(self) -> bool:
        """Whether the story took another road here than the recommended one, and it mattered."""
        return self.weight in ("turn", "small-turn")

    @property
    def largest_fall(self) -> GaugeChange | None:
        """The gauge that the decision lowered most; None if it lowered none."""
        fallen = [change for change in self.changes if change.is_fall]
        return max(fallen, key=lambda change: change.before - change.after, default=None)

    @property
    def repaired(self) -> bool:
        return self.repair is not None

    @property
    def news(self) -> Headline:
        """What the decision led to, in its first sentence."""
        return split_headline(self.chosen.consequence)

    @property
    def better(self) -> Choice:
        """What to do at that point instead: what its reader put it right with, or else the recommended choice."""
        return self.repair or self.best


def debrief_rows(state: RunState, scenario: Scenario, log: Sequence[LoggedDecision] = ()) -> tuple[DebriefRow, ...]:
    """The path of the run, with what was pressed first and the recommended decision at each of its scenes."""
    repairs = {made.scene.id: made.choice for made in state.repairs if made.choice.quality in REPAIRING}
    changes = gauge_changes(scenario, state.path)
    withdrawn = withdrawn_by_place(log)
    weights = _weights(state, changes)
    rows = []
    for place, made in enumerate(state.path):
        first = [made.scene.choice(one.choice_id) for one in withdrawn.get(place, ()) if one.scene_id == made.scene.id]
        dangerous = made.choice.quality == "dangerous"
        rows.append(
            DebriefRow(
                scene=made.scene,
                chosen=made.choice,
                best=made.scene.best,
                repair=repairs.get(made.scene.id) if dangerous else None,
                withdrawn=tuple(choice for choice in first if choice is not None),
                changes=changes[place],
                weight=weights[place],
            )
        )
    return tuple(rows)


def _weights(state: RunState, changes: Sequence[Sequence[GaugeChange]]) -> tuple[Weight, ...]:
    """What each decision was for the story, in order."""
    weights: list[Weight] = []
    for made, moved in zip(state.path, changes, strict=False):
        if made.choice.quality == "best":
            weights.append("held" if made.scene.critical else "straight")
        elif made.choice.quality == "dangerous" or made.scene.critical or any(change.is_fall for change in moved):
            weights.append("small-turn")
        else:
            weights.append("bend")
    for place in _large_turns(state, changes, weights.count("small-turn")):
        weights[place] = "turn"
    return tuple(weights)


def _large_turns(state: RunState, changes: Sequence[Sequence[GaugeChange]], turns: int) -> Sequence[int]:
    """The places of the decisions that mattered most: dangerous ones, and poor ones that moved a gauge far. Where the ending
    says what turned it and there is none of these, the first poor decision is the turn. `turns` is how many mattered."""
    sizes: dict[int, tuple[bool, int]] = {}
    for place, made in enumerate(state.path):
        fall = max((one.before - one.after for one in changes[place]), default=0)
        moved = max((abs(one.before - one.after) for one in changes[place]), default=0)
        if made.choice.quality == "dangerous" or (made.choice.quality == "poor" and moved >= LARGE_CHANGE):
            sizes[place] = (made.choice.quality == "dangerous", fall)
    if not sizes and state.ending is not None and state.ending.why:
        return [place for place, made in enumerate(state.path) if made.choice.quality == "poor"][:1]
    largest = sorted(sizes, key=lambda place: (sizes[place], -place), reverse=True)
    return largest[: MAX_TURNS if len(state.path) < LONG_ROAD and turns < MANY_TURNS else 1]


@dataclass(frozen=True)
class GaugeChart:
    """A gauge from the start of the run to its end, as a drawing of 300 by 84 units: the line through `points`, the pieces of
    it at which a turn lowered it (`falls`, as path data), and where it ends."""

    label: str
    values: tuple[int, ...]
    points: str
    falls: str
    end: tuple[int, int]


def gauge_charts(scenario: Scenario, state: RunState, rows: Sequence[DebriefRow]) -> tuple[GaugeChart, ...]:
    """The drawing of each gauge."""
    charts = []
    for name, values in gauge_history(scenario, state.path).items():
        step = (CHART_RIGHT - CHART_LEFT) / max(1, len(values) - 1)
        dots = [
            (round(CHART_LEFT + place * step), round(CHART_BOTTOM - value * (CHART_BOTTOM - CHART_TOP) / MAX_GAUGE))
            for place, value in enumerate(values)
        ]
        falls = " ".join(
            f"M{dots[place][0]} {dots[place][1]} {dots[place + 1][0]} {dots[place + 1][1]}"
            for place, row in enumerate(rows)
            if row.is_turn and values[place + 1] < values[place]
        )
        points = " ".join(f"{x},{y}" for x, y in dots)
        charts.append(GaugeChart(scenario.gauges[name].label, values, points, falls, dots[-1]))
    return tuple(charts)


@dataclass(frozen=True)
class RoadStop:
    """A decision on the drawing of the road: its number and its place."""

    number: int
    x: int
    y: int
    is_turn: bool


@dataclass(frozen=True)
class RoadDrawing:
    """The road taken as a drawing of 358 by 128 units: its height is the child's gauge, the first.

    `before` leads to the first turn and `after` from it on, `not_taken` is the road that was left there (path data; empty
    where there is no turn).
    """

    stops: tuple[RoadStop, ...]
    before: str
    after: str
    not_taken: str


def road_drawing(scenario: Scenario, state: RunState, rows: Sequence[DebriefRow]) -> RoadDrawing:
    """The drawing of the road taken."""
    values = next(iter(gauge_history(scenario, state.path).values()))
    step = (ROAD_WIDTH - 2 * ROAD_SIDE) / max(1, len(rows))
    height = (ROAD_BOTTOM - ROAD_TOP) / MAX_GAUGE

    def dot(place: int) -> tuple[int, int]:
        return round(ROAD_SIDE + place * step), round(ROAD_BOTTOM - values[place] * height)

    # A stop stands where its decision was taken; the end of the road shows what the last one left.
    dots = [dot(place) for place in range(len(values))]
    turn = next((place for place, row in enumerate(rows) if row.is_turn), len(rows))
    stops = tuple(RoadStop(place + 1, *dots[place], is_turn=row.is_turn) for place, row in enumerate(rows))
    not_taken = ""
    if turn < len(rows):
        x, y = dots[turn]
        not_taken = f"M{x} {y}L{ROAD_WIDTH - ROAD_SIDE} {ROAD_TOP}"
    return RoadDrawing(stops, _path_data(dots[: turn + 1]), _path_data(dots[turn:]), not_taken)


def _path_data(dots: Sequence[tuple[int, int]]) -> str:
    return "M" + " ".join(f"{x} {y}" for x, y in dots) if len(dots) > 1 else ""


def reasons_of_right_decisions(rows: Sequence[DebriefRow]) -> tuple[DebriefRow, ...]:
    """The rows whose decision was a recommended one, to say why."""
    return tuple(row for row in rows if row.is_recommended)


def learning_points(rows: Sequence[DebriefRow], known: Mapping[str, object]) -> tuple[str, ...]:
    """The ids of the learning points on the road, each once, that are taught today."""
    return tuple(dict.fromkeys(point for row in rows for point in row.scene.points if point in known))
