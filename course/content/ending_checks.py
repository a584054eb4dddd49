"""Checks of endings: their conditions name what exists, the right ones have conditions, and the recommended path ends well."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from course.content.endings import MAX_ENDING_NAME, Condition, Ending, ending_name
from course.content.paths import GOOD_GAUGE, FlawKind, recommended_ending, scenario_paths, scene_conditions
from course.content.quality import strip_markup
from course.content.reading_context import ReadingContext
from course.content.schema import Scenario, Scene
from course.content.yaml_source import Loc, Problem, YamlLocation

_FLAWS: dict[FlawKind, str] = {
    "good-with-dangerous": "is good, and a dangerous decision leads to it",
    "good-with-low-gauge": f"is good, and the child's gauge, the first one, can be below {GOOD_GAUGE} there",
    "good-with-few-best": "is good, and fewer than half of the decisions on a path to it are recommended ones",
    "poor-without-why": "is poor after a path of which two thirds or more are recommended decisions: it needs 'why'",
}


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
            scene_id, slash, choice_id = name.partition("/")
            scene = scenario.by_id.get(scene_id)
            if not slash:
                yield place.problem(f"'{name}' is no decision: write scene/choice", *at, key, number)
            elif scene is None:
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
    conditions = [condition for scene in scenario.scenes for condition in scene_conditions(scene)]
    named = {gauge for scene in scenario.scenes for choice in scene.choices for gauge in choice.effects}
    return named.union(*(one.gauges.keys() | one.gauges_below.keys() for one in conditions)) <= scenario.gauges.keys()


def earned_ending_problems(reading: ReadingContext) -> Iterator[Problem]:
    """Endings that a path through their scenario has not earned, and endings and passages that say nothing about a path.

    Nothing is checked unless course.yaml says `earned_endings: true`. `reading` has to be sound otherwise. `flask content
    check` asks for it, and a test does of the real content; the start of the application does not: to walk all paths of 22
    scenarios whose conditions ask for two gauges takes half a second, almost as long as the rest of the start.
    """
    if reading.course is None or not reading.course.earned_endings:
        return
    for module in reading.modules:
        for scenario in module.scenarios.values():
            yield from _path_problems(scenario, reading.place("scenario", module.id, scenario.id))


def _path_problems(scenario: Scenario, place: YamlLocation) -> Iterator[Problem]:
    found = scenario_paths(scenario)
    places = _ending_places(scenario)
    for flaw in found.flaws:
        message = f"{scenario.id}: the ending '{flaw.ending}' {_FLAWS[flaw.kind]}. For example: "
        yield place.problem(message + path_words(scenario, flaw.path), *places[flaw.ending])
    for name in found.unreached:
        kind = "ending" if name in places else "passage"
        if kind == "passage" and name.rpartition("/")[0] in found.unreached:
            continue
        yield place.problem(f"{scenario.id}: no path shows the {kind} '{name}'", *_place_of(places, name))
    for name in found.unmissed:
        message = f"{scenario.id}: every path to its ending shows the passage '{name}': it belongs in the text"
        yield place.problem(message, *_place_of(places, name))


def _ending_places(scenario: Scenario) -> dict[str, Loc]:
    """Where each ending stands in the file, by its name."""
    places: dict[str, Loc] = {}
    for number, scene in enumerate(scenario.scenes):
        for position, ending in enumerate(scene.possible_endings):
            at: Loc = ("scenes", number, "endings", position) if scene.endings else ("scenes", number)
            places[ending_name(scene.id, ending)] = at
    return places


def _place_of(places: dict[str, Loc], name: str) -> Loc:
    """The place of an ending, or of the ending to which a passage belongs."""
    return places[name] if name in places else places[name.rpartition("/")[0]]


def path_words(scenario: Scenario, path: Sequence[str]) -> str:
    """A path in words: the scene of each decision, and what is chosen in it."""
    steps = []
    for name in path:
        scene_id, _, choice_id = name.partition("/")
        choice = scenario.by_id[scene_id].choice(choice_id)
        text = strip_markup(choice.text) if choice else choice_id
        steps.append(f"{scene_id} “{textwrap.shorten(text, 60, placeholder=' …')}”")
    return " → ".join(steps)
