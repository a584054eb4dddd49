"""Where somebody stands in a scenario, worked out from their decisions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course.content.schema import Choice, Scenario, Scene


@dataclass(frozen=True)
class SceneDecision:
    """A decision: which choice of which scene."""

    scene: Scene
    choice: Choice


@dataclass(frozen=True)
class RunState:
    """The state of a run.

    `path` holds the decisions of the story, `repairs` those that put a dangerous one right afterwards.
    `scene` is where a decision is awaited now: in the story, or (once `ending` is reached) the next
    critical one to put right. It is None when the run counts.
    """

    path: tuple[SceneDecision, ...]
    repairs: tuple[SceneDecision, ...]
    ending: Scene | None
    scene: Scene | None
    offered: tuple[Choice, ...]
    gauges: dict[str, int]
    to_repair: tuple[Scene, ...]

    @property
    def steps(self) -> int:
        """How many decisions were taken, repairs included."""
        return len(self.path) + len(self.repairs)

    @property
    def counts(self) -> bool:
        """Whether the run is over and nothing dangerous is left standing."""
        return self.ending is not None and not self.to_repair


def run_state(scenario: Scenario, decisions: Sequence[tuple[str, str]]) -> RunState:
    """Walk through `decisions` (scene id, choice id). One that does not fit its place ends the walk:
    such a row cannot be written by the course, and guessing on would show a path nobody took."""
    scene = scenario.by_id[scenario.start]
    path: list[SceneDecision] = []
    repairs: list[SceneDecision] = []
    gauges = {name: gauge.start for name, gauge in scenario.gauges.items()}
    for scene_id, choice_id in decisions:
        if scene.end is None:
            choice = scene.choice(choice_id)
            if scene.id != scene_id or choice is None:
                break
            path.append(SceneDecision(scene, choice))
            for name, change in choice.effects.items():
                gauges[name] = min(5, max(0, gauges[name] + change))
            scene = scenario.by_id[choice.to]
        else:
            again = scenario.by_id.get(scene_id)
            choice = again.choice(choice_id) if again else None
            if again is None or choice is None:
                break
            repairs.append(SceneDecision(again, choice))
    ending = scene if scene.end else None
    open_ = _scenes_to_repair(path, repairs) if ending else ()
    waiting = (open_[0] if open_ else None) if ending else scene
    offered = _offered_choices(waiting, path, bool(ending)) if waiting else ()
    return RunState(tuple(path), tuple(repairs), ending, waiting, offered, gauges, open_)


def _scenes_to_repair(path: list[SceneDecision], repairs: list[SceneDecision]) -> tuple[Scene, ...]:
    """The critical scenes whose last decision, in the story or afterwards, was dangerous."""
    last: dict[str, SceneDecision] = {}
    for made in [*path, *repairs]:
        last[made.scene.id] = made
    return tuple(made.scene for made in last.values() if made.scene.critical and made.choice.quality == "dangerous")


def _offered_choices(scene: Scene, path: list[SceneDecision], repairing: bool) -> tuple[Choice, ...]:
    """The choices open now: a way back is offered only as often as its limit says, and not in a repair."""

    def open_(choice: Choice) -> bool:
        if choice.try_again is None:
            return True
        used = sum(made.choice is choice for made in path)
        return not repairing and used < choice.try_again

    return tuple(choice for choice in scene.choices if open_(choice))


def longest_path(scenario: Scenario, scene: Scene) -> int:
    """The most decisions that can lie between a scene and an end, ways back left out."""
    known: dict[str, int] = {}

    def steps(scene: Scene) -> int:
        if scene.end:
            return 0
        if scene.id not in known:
            onward = [scenario.by_id[choice.to] for choice in scene.choices if not choice.try_again]
            known[scene.id] = 1 + max(steps(target) for target in onward)
        return known[scene.id]

    return steps(scene)


@dataclass(frozen=True)
class DebriefRow:
    """One row of the debrief: what was chosen, and what is recommended at that point."""

    scene: Scene
    chosen: Choice
    best: Choice
    repaired: bool

    @property
    def agrees(self) -> bool:
        return self.chosen.quality == "best"


def debrief_rows(state: RunState) -> tuple[DebriefRow, ...]:
    """The path taken, laid beside the recommended decision at each of its scenes."""
    mended = {made.scene.id for made in state.repairs if made.choice.quality != "dangerous"}
    return tuple(
        DebriefRow(
            made.scene,
            made.choice,
            made.scene.best,
            made.choice.quality == "dangerous" and made.scene.id in mended,
        )
        for made in state.path
    )
