"""All endings of a scenario with their conditions in words, for authors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape

from babel.lists import format_list

from course.content.endings import Condition, Ending, Passage
from course.content.quality import strip_markup
from course.content.rendering import Prose
from course.content.schema import Scenario
from course.translation import current_locale
from course.translation import gettext as _


@dataclass(frozen=True)
class PassagePreview:
    """A passage, and when it is shown."""

    when: str
    text: Prose


@dataclass(frozen=True)
class EndingPreview:
    """An ending with all of its passages, and when it is shown."""

    when: str
    ending: Ending
    passages: tuple[PassagePreview, ...]
    debrief_passages: tuple[PassagePreview, ...]


def ending_previews(scenario: Scenario) -> list[EndingPreview]:
    """Every ending of the scenario, scene by scene in the order in which conditions are tried."""
    return [
        EndingPreview(
            _ending_words(scenario, ending, is_single=len(scene.possible_endings) == 1),
            ending,
            tuple(_passage_previews(scenario, ending.passages)),
            tuple(_passage_previews(scenario, ending.debrief_passages)),
        )
        for scene in scenario.scenes
        for ending in scene.possible_endings
    ]


def _passage_previews(scenario: Scenario, passages: Iterable[Passage]) -> Iterator[PassagePreview]:
    for passage in passages:
        yield PassagePreview(condition_words(scenario, passage.when), passage.text)


def _ending_words(scenario: Scenario, ending: Ending, *, is_single: bool) -> str:
    if ending.when is not None:
        return condition_words(scenario, ending.when)
    return _("Shown whenever the story comes here.") if is_single else _("Shown if none of the endings above is.")


def condition_words(scenario: Scenario, condition: Condition) -> str:
    """A condition as a sentence: Shown if no dangerous decision was taken and Amira's safety is 3 or more."""
    parts = format_list(list(_condition_parts(scenario, condition)), locale=current_locale())
    return _("Shown if %(conditions)s.", conditions=parts)


def _condition_parts(scenario: Scenario, condition: Condition) -> Iterator[str]:
    if condition.no_dangerous:
        yield _("no dangerous decision was taken")
    if condition.recommended is not None:
        yield _("at least %(share)s%% of the decisions are recommended", share=condition.recommended)
    for name, level in condition.gauges.items():
        yield _("%(gauge)s is %(level)s or more", gauge=scenario.gauges[name].label, level=level)
    for name, level in condition.gauges_below.items():
        yield _("%(gauge)s is below %(level)s", gauge=scenario.gauges[name].label, level=level)
    for name in condition.done:
        yield _("%(choice)s was chosen", choice=_choice_words(scenario, name))
    if condition.any_done:
        choices = [_choice_words(scenario, name) for name in condition.any_done]
        yield _("%(choices)s was chosen", choices=format_list(choices, "or", current_locale()))
    for name in condition.not_done:
        yield _("%(choice)s was not chosen", choice=_choice_words(scenario, name))


def _choice_words(scenario: Scenario, name: str) -> str:
    """A decision in the words of its choice, with the scene and the choice for authors."""
    scene_id, _slash, choice_id = name.partition("/")
    choice = scenario.by_id[scene_id].choice(choice_id)
    if choice is None:
        return name
    words = unescape(strip_markup(choice.text))
    return f"{words} ({name})" if words.startswith("“") and words.endswith("”") else f"“{words}” ({name})"
