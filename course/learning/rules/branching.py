"""The state of a scenario run, derived from its decisions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course.content.endings import ShownEnding, earned_ending
from course.content.paths import path_facts
from course.content.schema import Choice, Quality, Scenario, Scene

# What puts a dangerous decision right. A poor one does not: it leaves the child where she was.
REPAIRING: tuple[Quality, ...] = ("best", "fair")
FEWEST_CHOICES = 2  # a repair never offers fewer, or there would be nothing to decide


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
    def is_on_the_way(self) -> bool:
        """Whether the newest decision belongs to the story: no repair was begun. It may have led to the ending."""
        return bool(self.path) and not self.repairs

    @property
    def is_finished(self) -> bool:
        """Whether the run has reached an ending and every dangerous decision in it is repaired."""
        return self.ending is not None and not self.scenes_to_repair


def run_state(scenario: Scenario, decisions: Sequence[tuple[str, str]], *, has_outcome: bool = False) -> RunState:
    """Follow `decisions` (scene id, choice id) from the start of the scenario.

    With `has_outcome` the run was recorded as finished and not reopened: it stays so whatever a repair needs today.

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
    to_repair = _scenes_to_repair(path, repairs) if ending and not has_outcome else ()
    due = (to_repair[0] if to_repair else None) if ending else scene
    choices: tuple[Choice, ...] = ()
    if due:
        choices = _repair_choices(due, [*path, *repairs]) if ending else _open_choices(due, path)
    return RunState(tuple(path), tuple(repairs), ending, due, choices, dict(facts.gauges), to_repair)


def _scenes_to_repair(path: list[SceneDecision], repairs: list[SceneDecision]) -> tuple[Scene, ...]:
    """The critical scenes with a dangerous decision after which no good one was taken there, on the way or in a repair."""
    open_scenes: dict[str, Scene] = {}
    for decision in [*path, *repairs]:
        if decision.scene.critical and decision.choice.quality == "dangerous":
            open_scenes.setdefault(decision.scene.id, decision.scene)
        elif decision.choice.quality in REPAIRING:
            open_scenes.pop(decision.scene.id, None)
    return tuple(open_scenes.values())


def _open_choices(scene: Scene, path: list[SceneDecision]) -> tuple[Choice, ...]:
    """The choices open on the way: a way back is offered only as often as its limit says."""

    def is_open(choice: Choice) -> bool:
        return choice.try_again is None or sum(made.choice is choice for made in path) < choice.try_again

    return tuple(choice for choice in scene.choices if is_open(choice))


def _repair_choices(scene: Scene, decisions: list[SceneDecision]) -> tuple[Choice, ...]:
    """The choices open in a repair: no ways back, and none that was tried and did not do, as long as two are left."""
    choices = [choice for choice in scene.choices if choice.try_again is None]
    if not any(choice.quality in REPAIRING for choice in choices):
        choices = list(scene.choices)
    for made in decisions:
        tried = made.scene.id == scene.id and made.choice.quality not in REPAIRING
        if tried and len(choices) > FEWEST_CHOICES:
            choices = [choice for choice in choices if choice is not made.choice]
    return tuple(choices)


def decisions_ahead(scenario: Scenario, scene: Scene) -> int:
    """How many decisions lie ahead on the recommended way from a scene on: about as many as its reader will take."""
    count = 0
    while not scene.is_ending and count <= len(scenario.scenes):
        scene = scenario.by_id[scene.best.to]
        count += 1
    return count
