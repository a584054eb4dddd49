"""Checks of endings: their conditions name what exists, the right ones have conditions, and the recommended path ends well."""

from __future__ import annotations

from collections.abc import Iterator

from course.content.endings import MAX_ENDING_NAME, Condition, Ending, ending_name
from course.content.paths import recommended_ending
from course.content.schema import Scenario, Scene
from course.content.yaml_source import Loc, Problem, YamlLocation


def ending_scene_problems(scenario: Scenario, scene: Scene, place: YamlLocation, number: int) -> Iterator[Problem]:
    """What is wrong with a scene that is an ending."""
    at = ("scenes", number)
    if scene.choices:
        yield place.problem(f"the scene '{scene.id}' is an end and has choices", *at)
    if scene.endings:
        yield from _several_endings_problems(scenario, scene, place, at)
        return
    if not scene.debrief:
        yield place.problem(f"the ending '{scene.id}' has no debrief", *at)
    if not scene.title:
        yield place.problem(f"the ending '{scene.id}' has no title", *at)
    if not scene.text:
        yield place.problem(f"the ending '{scene.id}' has no text", *at)
    if scene.why and scene.end == "good":
        yield place.problem(f"the ending '{scene.id}' is good: 'why' says what turned a mixed or poor one", *at, "why")


def _several_endings_problems(scenario: Scenario, scene: Scene, place: YamlLocation, at: Loc) -> Iterator[Problem]:
    for key in ("end", "title", "text", "debrief", "why"):
        if getattr(scene, key) is not None:
            yield place.problem(f"'{scene.id}' has 'endings': its '{key}' stands in each of them", *at, key)
    ids = [ending.id for ending in scene.endings]
    for position, ending in enumerate(scene.endings):
        where = (*at, "endings", position)
        name = ending_name(scene.id, ending)
        if ids.index(ending.id) != position:
            yield place.problem(f"the ending '{ending.id}' stands here twice", *where)
        if ending.id == scene.id:
            yield place.problem(f"the ending '{ending.id}' has the id of its scene", *where)
        if len(name) > MAX_ENDING_NAME:
            yield place.problem(f"'{name}' is longer than {MAX_ENDING_NAME} characters: shorten an id", *where)
        is_last = position == len(ids) - 1
        if is_last and ending.when is not None:
            yield place.problem(f"'{ending.id}' is the last ending of '{scene.id}': it has no 'when'", *where, "when")
        if not is_last and ending.when is None:
            message = f"'{ending.id}' needs 'when': only the last ending of '{scene.id}' has none"
            yield place.problem(message, *where)
        if ending.why and ending.end == "good":
            message = f"the ending '{ending.id}' is good: 'why' says what turned a mixed or poor one"
            yield place.problem(message, *where, "why")
        yield from _condition_problems(scenario, ending.when, place, (*where, "when"))
        yield from _passage_problems(scenario, ending, place, where)


def _passage_problems(scenario: Scenario, ending: Ending, place: YamlLocation, at: Loc) -> Iterator[Problem]:
    ids = [passage.id for passage in ending.all_passages]
    for key, passages in (("passages", ending.passages), ("debrief_passages", ending.debrief_passages)):
        for position, passage in enumerate(passages):
            where = (*at, key, position)
            if ids.count(passage.id) > 1:
                yield place.problem(f"the passage '{passage.id}' stands in '{ending.id}' twice", *where)
            yield from _condition_problems(scenario, passage.when, place, (*where, "when"))


def _condition_problems(
    scenario: Scenario, condition: Condition | None, place: YamlLocation, at: Loc
) -> Iterator[Problem]:
    if condition is None:
        return
    if not condition.model_fields_set:
        yield place.problem("'when' names at least one condition", *at)
    for key in ("done", "any_done", "not_done"):
        for number, name in enumerate(getattr(condition, key)):
            scene_id, _, choice_id = name.partition("/")
            scene = scenario.by_id.get(scene_id)
            if scene is None:
                yield place.problem(f"the scene '{scene_id}' does not exist", *at, key, number)
            elif scene.choice(choice_id) is None:
                yield place.problem(f"the scene '{scene_id}' has no choice '{choice_id}'", *at, key, number)
    for key in ("gauges", "gauges_below"):
        for name in getattr(condition, key):
            if name not in scenario.gauges:
                yield place.problem(f"the gauge '{name}' does not exist", *at, key, name)


def recommended_ending_problems(scenario: Scenario, place: YamlLocation) -> Iterator[Problem]:
    """The recommended path reaches a good ending, or a mixed one that says why. It has to end, and its scenes to exist."""
    if not _has_all_gauges(scenario):
        return
    shown = recommended_ending(scenario)
    if shown.end == "poor":
        yield place.problem(f"the recommended path does not reach a good ending, but '{shown.id}'", "start")
    elif shown.end == "mixed" and not shown.why:
        message = f"the recommended path does not reach a good ending: the mixed one, '{shown.id}', needs 'why'"
        yield place.problem(message, "start")


def _has_all_gauges(scenario: Scenario) -> bool:
    """Whether every gauge that a choice or a condition names exists: otherwise no path can be followed."""
    conditions = [
        condition
        for scene in scenario.scenes
        for ending in scene.endings
        for condition in (ending.when, *(passage.when for passage in ending.all_passages))
        if condition is not None
    ]
    named = {gauge for scene in scenario.scenes for choice in scene.choices for gauge in choice.effects}
    return named.union(*(one.gauges.keys() | one.gauges_below.keys() for one in conditions)) <= scenario.gauges.keys()
