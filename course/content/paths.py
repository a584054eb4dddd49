"""All paths through a scenario: what a path is to the conditions of its endings, and what its endings do on all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from course.content.endings import Condition, Outcome, PathFacts, ShownEnding, earned_ending, ending_name
from course.content.schema import Choice, Scenario, Scene

MAX_GAUGE = 5
# What a good ending asks of the path to it: no dangerous decision, this much of the child's gauge (the first), and half of
# the decisions recommended ones. From two thirds of them on, a poor ending has to say what turned it.
GOOD_GAUGE = 3

FlawKind = Literal["good-with-dangerous", "good-with-low-gauge", "good-with-few-best", "poor-without-why"]


def moved_gauge(value: int, change: int) -> int:
    """The value of a gauge after a decision: it stays between 0 and 5."""
    return min(MAX_GAUGE, max(0, value + change))


def path_facts(scenario: Scenario, path: Sequence[tuple[Scene, Choice]]) -> PathFacts:
    """What conditions ask of these decisions, from the start of the scenario on."""
    gauges = {name: gauge.start for name, gauge in scenario.gauges.items()}
    for _scene, choice in path:
        for name, change in choice.effects.items():
            gauges[name] = moved_gauge(gauges[name], change)
    return PathFacts(
        decided=frozenset(f"{scene.id}/{choice.id}" for scene, choice in path),
        gauges=gauges,
        has_dangerous=any(choice.quality == "dangerous" for _scene, choice in path),
        decisions=len(path),
        best=sum(choice.quality == "best" for _scene, choice in path),
    )


def recommended_ending(scenario: Scenario) -> ShownEnding:
    """The ending that the recommended path earns."""
    *deciding, last = scenario.recommended
    facts = path_facts(scenario, [(scene, scene.best) for scene in deciding])
    return earned_ending(last.id, last.possible_endings, facts)


def scene_conditions(scene: Scene) -> Iterator[Condition]:
    """Every condition of an ending of the scene, or of a passage."""
    for ending in scene.endings:
        if ending.when is not None:
            yield ending.when
        yield from (passage.when for passage in ending.all_passages)


@dataclass(frozen=True)
class EndingFlaw:
    """A good ending that a path has not earned, or a poor one that does not say what turned it. `path` is an example, one of
    the shortest, as scene/choice."""

    kind: FlawKind
    ending: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class ScenarioPaths:
    """What the endings of a scenario do on all of its paths, limited ways back included.

    `outcomes` counts the paths by the outcome of their ending. `fewest_best` says for the good ending with the fewest
    recommended decisions how many of how many they are; None without a good ending. `flaws` has an example for each
    ending and kind. `unreached` are the endings and passages that no path shows, `unmissed` the passages that every path
    to their ending shows: scene, scene/ending or scene/ending/passage.
    """

    outcomes: dict[Outcome, int]
    fewest_best: tuple[int, int] | None
    flaws: tuple[EndingFlaw, ...]
    unreached: tuple[str, ...]
    unmissed: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(self.outcomes.values())


def scenario_paths(scenario: Scenario) -> ScenarioPaths:
    """Walk all paths of a scenario that is sound otherwise: every way back has its limit.

    Paths that agree in everything that the rest of the way and its ending depend on are walked as one and counted, so the
    result is that of walking each path, without their number.
    """
    walk = _Walk(scenario)
    findings = _Findings(scenario)
    while walk.arrivals:
        for state, count in walk.arrivals.items():
            if scenario.by_id[state[0]].is_ending:
                findings.add(walk, state, count)
        walk.decide()
    return findings.result()


# Where paths stand after the same number of decisions: the scene; the gauges that matter; the decisions taken among those
# that conditions name, as bits; whether one was dangerous; how many were best; how often each way back was used.
_State = tuple[str, tuple[int, ...], int, bool, int, tuple[int, ...]]


@dataclass(frozen=True)
class _Move:
    """A choice as the walk needs it: `effects` and `bit` in terms of the state, `back` the number of a way back."""

    name: str
    to: str
    effects: tuple[int, ...] | None
    bit: int
    is_dangerous: bool
    is_best: bool
    back: int | None
    limit: int


@lru_cache(maxsize=4096)
def _moved_gauges(values: tuple[int, ...], changes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(moved_gauge(value, change) for value, change in zip(values, changes, strict=True))


class _Walk:
    """The states after each number of decisions: `arrivals` counts the paths to each, and one of them is remembered."""

    def __init__(self, scenario: Scenario) -> None:
        conditions = [one for scene in scenario.scenes for one in scene_conditions(scene)]
        asked = {next(iter(scenario.gauges))}.union(
            *(one.gauges.keys() | one.gauges_below.keys() for one in conditions)
        )
        self.gauges = tuple(name for name in scenario.gauges if name in asked)
        self.named = tuple(sorted({name for one in conditions for name in one.decision_names}))
        self.shares = tuple(sorted({one.recommended for one in conditions if one.recommended is not None}))
        backs = [(scene.id, c.id) for scene in scenario.scenes for c in scene.choices if c.try_again]
        self.moves = {
            scene.id: [self._move(scene, choice, backs) for choice in scene.choices] for scene in scenario.scenes
        }
        self.asked_later = self._asked_later(scenario)
        start = (
            scenario.start,
            tuple(scenario.gauges[name].start for name in self.gauges),
            0,
            False,
            0,
            (0,) * len(backs),
        )
        self.decisions = 0
        self.arrivals: dict[_State, int] = {start: 1}
        self.before: list[dict[_State, tuple[_State, str]]] = [{}]

    def _move(self, scene: Scene, choice: Choice, backs: list[tuple[str, str]]) -> _Move:
        name = f"{scene.id}/{choice.id}"
        effects = tuple(choice.effects.get(gauge, 0) for gauge in self.gauges)
        return _Move(
            name=name,
            to=choice.to,
            effects=effects if any(effects) else None,
            bit=1 << self.named.index(name) if name in self.named else 0,
            is_dangerous=choice.quality == "dangerous",
            is_best=choice.quality == "best",
            back=backs.index((scene.id, choice.id)) if choice.try_again else None,
            limit=choice.try_again or 0,
        )

    def _asked_later(self, scenario: Scenario) -> dict[str, int]:
        """The decisions, as bits, that conditions of endings beyond each scene name: paths that differ in others only may be
        walked as one."""
        asked = {scene.id: self._bits(scene) for scene in scenario.scenes}
        changed = True
        while changed:
            changed = False
            for scene in reversed(scenario.scenes):
                bits = asked[scene.id]
                for choice in scene.choices:
                    bits |= asked[choice.to]
                changed |= bits != asked[scene.id]
                asked[scene.id] = bits
        return asked

    def _bits(self, scene: Scene) -> int:
        named = {name for condition in scene_conditions(scene) for name in condition.decision_names}
        return sum(1 << self.named.index(name) for name in named)

    def decide(self) -> None:
        """Go on by one decision from every state that is no ending."""
        arrivals: dict[_State, int] = {}
        before: dict[_State, tuple[_State, str]] = {}
        for state, count in self.arrivals.items():
            scene, gauges, taken, has_dangerous, best, back = state
            for move in self.moves[scene]:
                used = back
                if move.back is not None:
                    if back[move.back] >= move.limit:
                        continue
                    used = tuple(times + (number == move.back) for number, times in enumerate(back))
                values = gauges
                if move.effects:
                    values = _moved_gauges(gauges, move.effects)
                decided = (taken | move.bit) & self.asked_later[move.to]
                after = (move.to, values, decided, has_dangerous or move.is_dangerous, best + move.is_best, used)
                if after in arrivals:
                    arrivals[after] += count
                else:
                    arrivals[after] = count
                    before[after] = (state, move.name)
        self.decisions += 1
        self.arrivals = arrivals
        self.before.append(before)

    def condition_key(self, state: _State) -> tuple[object, ...]:
        """What of a state can make a condition hold or not: states with one key are shown one ending."""
        scene, gauges, taken, has_dangerous, best, _ = state
        reached = bisect_right(self.shares, 100 * best / (self.decisions or 1))
        return scene, gauges, taken, has_dangerous, reached

    def facts(self, state: _State) -> PathFacts:
        """What conditions ask, for the paths that have arrived at a state."""
        _, gauges, taken, has_dangerous, best, _ = state
        decided = frozenset(name for number, name in enumerate(self.named) if taken >> number & 1)
        return PathFacts(decided, dict(zip(self.gauges, gauges, strict=True)), has_dangerous, self.decisions, best)

    def example(self, state: _State) -> tuple[str, ...]:
        """One path to a state, as scene/choice."""
        path: list[str] = []
        for before in reversed(self.before[1:]):
            state, name = before[state]
            path.append(name)
        return tuple(reversed(path))


@dataclass
class _Findings:
    """What the endings of a scenario were found to do, as paths arrive at them."""

    scenario: Scenario
    earned: dict[tuple[object, ...], ShownEnding] = field(default_factory=dict)
    outcomes: dict[Outcome, int] = field(default_factory=lambda: {"good": 0, "mixed": 0, "poor": 0})
    shown: dict[tuple[object, ...], int] = field(default_factory=dict)
    fewest_best: tuple[int, int] | None = None
    flaws: dict[tuple[FlawKind, str], EndingFlaw] = field(default_factory=dict)

    def add(self, walk: _Walk, state: _State, count: int) -> None:
        """Record what `count` paths are shown that have arrived at an ending in the same state."""
        key = walk.condition_key(state)
        ending = self.earned.get(key)
        if ending is None:
            scene = self.scenario.by_id[state[0]]
            ending = self.earned[key] = earned_ending(scene.id, scene.possible_endings, walk.facts(state))
        self.outcomes[ending.end] += count
        self.shown[key] = self.shown.get(key, 0) + count
        if ending.end == "mixed":
            return
        if ending.end == "good":
            found = (state[4], walk.decisions)
            self.fewest_best = min(self.fewest_best or found, found, key=lambda one: (one[0], -one[1]))
        for kind in _flaw_kinds(ending, state, walk.decisions):
            if (kind, ending.id) not in self.flaws:
                self.flaws[kind, ending.id] = EndingFlaw(kind, ending.id, walk.example(state))

    def _times_shown(self) -> dict[str, int]:
        """On how many paths each ending and each passage is shown that is shown at all."""
        times: dict[str, int] = {}
        for key, count in self.shown.items():
            ending = self.earned[key]
            passages = (*ending.passages, *ending.debrief_passages)
            for name in (ending.id, *(f"{ending.id}/{passage.id}" for passage in passages)):
                times[name] = times.get(name, 0) + count
        return times

    def result(self) -> ScenarioPaths:
        unreached, unmissed, times = [], [], self._times_shown()
        for scene in self.scenario.scenes:
            for ending in scene.possible_endings:
                name = ending_name(scene.id, ending)
                names = [f"{name}/{passage.id}" for passage in ending.all_passages]
                unreached += [one for one in (name, *names) if one not in times]
                unmissed += [one for one in names if one in times and times[one] == times[name]]
        flaws = tuple(self.flaws.values())
        return ScenarioPaths(self.outcomes, self.fewest_best, flaws, tuple(unreached), tuple(unmissed))


def _flaw_kinds(ending: ShownEnding, state: _State, decisions: int) -> Iterator[FlawKind]:
    _, (child, *_others), _, has_dangerous, best, _ = state
    if ending.end == "good":
        if has_dangerous:
            yield "good-with-dangerous"
        if child < GOOD_GAUGE:
            yield "good-with-low-gauge"
        if 2 * best < decisions:
            yield "good-with-few-best"
    if ending.end == "poor" and not ending.why and 3 * best >= 2 * decisions:
        yield "poor-without-why"
