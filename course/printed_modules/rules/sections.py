"""A story as numbered sections: each decision has one of its own, in an order that does not give the road away.

A reader who writes down the numbers that they turn to has written down their decisions.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from course.content.schema import Choice, Scenario, Scene
from course.learning.rules.branching import run_state

START = 1
CODE_LENGTH = 6
MAX_ROAD = 400  # characters of the numbers that somebody wrote down
_NUMBER = re.compile(r"[0-9]+")
_ALLOWED = re.compile(r"[0-9\s,;.→>-]*")


@dataclass(frozen=True)
class Section:
    """A numbered section. With `choice` it tells what came of that choice of the scene `chosen_in`; with `scene` it goes on with
    that scene and its decision. Without `scene` it leads to section `turn_to`."""

    number: int
    scene: Scene | None = None
    chosen_in: Scene | None = None
    choice: Choice | None = None
    turn_to: int = 0


@dataclass(frozen=True)
class EndingSection:
    """A section that is an ending: of the endings of `scene` the one at this place."""

    number: int
    scene: Scene
    place: int


@dataclass(frozen=True)
class StorySections:
    """All sections of a story by number. `gates` are those in which a story ends in one of several ways: the reader finds
    there which ending is theirs. `endings` come after them, as do their numbers."""

    scenario: Scenario
    sections: tuple[Section, ...]
    gates: tuple[Section, ...]
    endings: tuple[EndingSection, ...]

    @cached_property
    def by_choice(self) -> dict[str, int]:
        """The number of the section of each decision, by scene/choice."""
        return {
            f"{one.chosen_in.id}/{one.choice.id}": one.number for one in self.sections if one.chosen_in and one.choice
        }

    @cached_property
    def by_scene(self) -> dict[str, int]:
        """The number of the section in which the decision of each scene is asked."""
        return {one.scene.id: one.number for one in self.sections if one.scene}

    @cached_property
    def decisions(self) -> dict[int, tuple[str, str]]:
        """The decision of each number, as (scene id, choice id)."""
        return {one.number: (one.chosen_in.id, one.choice.id) for one in self.sections if one.chosen_in and one.choice}

    def endings_of(self, scene: Scene) -> tuple[EndingSection, ...]:
        """The endings of a scene, in the order in which their conditions are tried."""
        return tuple(sorted((one for one in self.endings if one.scene.id == scene.id), key=lambda one: one.place))

    @property
    def count(self) -> int:
        return len(self.sections) + len(self.gates) + len(self.endings)


def story_sections(scenario: Scenario) -> StorySections:
    """The sections of a story. The same version of a story has the same numbers at any time and in any language.

    A scene to which one choice alone leads stands in the section of that choice; any other scene has a section of its own.
    """
    leading = Counter(choice.to for scene in scenario.scenes for choice in scene.choices)
    own = [
        scene
        for scene in scenario.scenes
        if not scene.is_ending and (scene.id == scenario.start or leading[scene.id] > 1)
    ]
    decisions = [(scene, choice) for scene in scenario.scenes for choice in scene.choices]
    names = [f"{scene.id}/{choice.id}" for scene, choice in decisions] + [s.id for s in own if s.id != scenario.start]
    numbers = {name: place for place, name in enumerate(_mixed(scenario, names), START + 1)} | {scenario.start: START}
    final = [scene for scene in scenario.scenes if scene.is_ending]
    several = [scene for scene in final if len(scene.possible_endings) > 1]
    numbers |= {scene.id: place for place, scene in enumerate(several, len(numbers) + 1)}
    endings = _ending_sections(scenario, final, len(numbers))
    numbers |= {one.scene.id: one.number for one in endings if one.scene not in several}
    sections = [Section(numbers[scene.id], scene=scene) for scene in own]
    for scene, choice in decisions:
        number, after = numbers[f"{scene.id}/{choice.id}"], scenario.by_id[choice.to]
        if after.is_ending or after in own:
            sections.append(Section(number, None, scene, choice, numbers[after.id]))
        else:
            sections.append(Section(number, after, scene, choice))
    gates = tuple(Section(numbers[scene.id], scene=scene) for scene in several)
    return StorySections(scenario, tuple(sorted(sections, key=lambda one: one.number)), gates, endings)


def _ending_sections(scenario: Scenario, final: Sequence[Scene], last: int) -> tuple[EndingSection, ...]:
    by_name = {f"{scene.id}#{place}": (scene, place) for scene in final for place in range(len(scene.possible_endings))}
    mixed = _mixed(scenario, list(by_name))
    return tuple(EndingSection(number, *by_name[name]) for number, name in enumerate(mixed, last + 1))


def _mixed(scenario: Scenario, names: Sequence[str]) -> list[str]:
    """The names in an order that follows from the story's version, and says nothing about the road."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{scenario.version}/{name}".encode()).digest())


def sections_code(scenario: Scenario) -> str:
    """The code on a printed story that says which version of it the numbers belong to."""
    return scenario.version[:CODE_LENGTH].upper()


def is_code(text: str) -> bool:
    """Whether a text in small letters can be the code of a story."""
    return re.fullmatch(f"[0-9a-f]{{{CODE_LENGTH}}}", text) is not None


@dataclass(frozen=True)
class Road:
    """The decisions that a list of numbers says, as (scene id, choice id) and number. `wrong` is the first number that is in
    no section; None if each is in one."""

    decisions: tuple[tuple[int, str, str], ...] = ()
    wrong: int | None = None


def read_road(sections: StorySections, written: str) -> Road | None:
    """The decisions that somebody wrote down as numbers of sections. Numbers of sections that are no decision are passed over,
    so that whoever notes every section has written the same road. None for a text that has other signs than numbers, commas
    and arrows, or no number."""
    if len(written) > MAX_ROAD or not _ALLOWED.fullmatch(written):
        return None
    numbers = [int(found) for found in _NUMBER.findall(written)]
    if not numbers:
        return None
    known = sections.decisions
    decisions: list[tuple[int, str, str]] = []
    for number in numbers:
        if not START <= number <= sections.count:
            return Road(tuple(decisions), number)
        if number in known:
            decisions.append((number, *known[number]))
    return Road(tuple(decisions))


@dataclass(frozen=True)
class RoadMistake:
    """Why numbers are no whole road through a story. `kind` follows: section `number` cannot follow the one before it; short: they
    stop before the story ends; again: `number` was dangerous, and the second try is missing; long: numbers follow the end."""

    kind: Literal["follows", "short", "again", "long"]
    number: int = 0


def road_mistake(scenario: Scenario, road: Road) -> RoadMistake | None:
    """What is wrong with a road; None if a reader took it from the start to an ending, second tries included."""
    taken: list[tuple[str, str]] = []
    state = run_state(scenario, taken)
    for number, scene, choice in road.decisions:
        if state.is_finished:
            return RoadMistake("long", number)
        if state.scene is None or state.scene.id != scene or choice not in {one.id for one in state.open_choices}:
            return RoadMistake("follows", number)
        taken.append((scene, choice))
        state = run_state(scenario, taken)
    if state.is_finished:
        return None
    if state.ending is None:
        return RoadMistake("short")
    unrepaired = {scene.id for scene in state.scenes_to_repair}
    return RoadMistake("again", next(number for number, scene, _choice in road.decisions if scene in unrepaired))
