"""The state of a scenario run, derived from its decisions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course.content.endings import ShownEnding, earned_ending
from course.content.paths import path_facts
from course.content.schema import Choice, Scenario, Scene


@dataclass(frozen=True)
class SceneDecision:
    """A decision: which choice of which scene."""

    scene: Scene
    choice: Choice


@dataclass(frozen=True)
class RunState:
    """The state of a run.

    `path` holds the decisions on the way to the ending, `repairs` the decisions that replace a dangerous one after it.
    `ending` is what the path has earned: repairs do not change it.
    `scene` is where the next decision is due: on the way or, once `ending` is reached, the next critical scene to
    repair. It is None when the run is finished.
    """

    path: tuple[SceneDecision, ...]
    repairs: tuple[SceneDecision, ...]
    ending: ShownEnding | None
    scene: Scene | None
    open_choices: tuple[Choice, ...]
    gauges: dict[str, int]
    scenes_to_repair: tuple[Scene, ...]

    @property
    def decision_count(self) -> int:
        """How many decisions were taken, repairs included."""
        return len(self.path) + len(self.repairs)

    @property
    def is_finished(self) -> bool:
        """Whether the run has reached an ending and every dangerous decision in it is repaired."""
        return self.ending is not None and not self.scenes_to_repair


def run_state(scenario: Scenario, decisions: Sequence[tuple[str, str]]) -> RunState:
    """Follow `decisions` (scene id, choice id) from the start of the scenario.

    A decision that does not fit its scene ends the walk: the course cannot write such a row, and a guess would show a
    path that nobody took.
    """
    scene = scenario.by_id[scenario.start]
    path: list[SceneDecision] = []
    repairs: list[SceneDecision] = []
    for scene_id, choice_id in decisions:
        if not scene.is_ending:
            choice = scene.choice(choice_id)
            if scene.id != scene_id or choice is None:
                break
            path.append(SceneDecision(scene, choice))
            scene = scenario.by_id[choice.to]
        else:
            repaired = scenario.by_id.get(scene_id)
            choice = repaired.choice(choice_id) if repaired else None
            if repaired is None or choice is None:
                break
            repairs.append(SceneDecision(repaired, choice))
    facts = path_facts(scenario, [(decision.scene, decision.choice) for decision in path])
    ending = earned_ending(scene.id, scene.possible_endings, facts) if scene.is_ending else None
    to_repair = _scenes_to_repair(path, repairs) if ending else ()
    due = (to_repair[0] if to_repair else None) if ending else scene
    choices = _open_choices(due, path, bool(ending)) if due else ()
    return RunState(tuple(path), tuple(repairs), ending, due, choices, dict(facts.gauges), to_repair)


def _scenes_to_repair(path: list[SceneDecision], repairs: list[SceneDecision]) -> tuple[Scene, ...]:
    """The critical scenes whose last decision, on the way or in a repair, was dangerous."""
    last: dict[str, SceneDecision] = {}
    for decision in [*path, *repairs]:
        last[decision.scene.id] = decision
    return tuple(
        decision.scene
        for decision in last.values()
        if decision.scene.critical and decision.choice.quality == "dangerous"
    )


def _open_choices(scene: Scene, path: list[SceneDecision], repairing: bool) -> tuple[Choice, ...]:
    """The choices open now: a way back is offered only as often as its limit says, and not in a repair."""

    def is_open(choice: Choice) -> bool:
        if choice.try_again is None:
            return True
        used = sum(decision.choice is choice for decision in path)
        return not repairing and used < choice.try_again

    return tuple(choice for choice in scene.choices if is_open(choice))


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


@dataclass(frozen=True)
class DebriefRow:
    """One row of the debrief: the choice that was taken, and the recommended one at that point, the first of two good
    ways. Whoever took the other one took a recommended one."""

    scene: Scene
    chosen: Choice
    best: Choice
    repaired: bool

    @property
    def is_recommended(self) -> bool:
        return self.chosen.quality == "best"


def debrief_rows(state: RunState) -> tuple[DebriefRow, ...]:
    """The path of the run, with the recommended decision at each of its scenes."""
    repaired = {decision.scene.id for decision in state.repairs if decision.choice.quality != "dangerous"}
    return tuple(
        DebriefRow(
            decision.scene,
            decision.choice,
            decision.scene.best,
            decision.choice.quality == "dangerous" and decision.scene.id in repaired,
        )
        for decision in state.path
    )
