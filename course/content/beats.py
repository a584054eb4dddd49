"""The length of a beat of a scenario: what a decision led to, and the scene after it, which a reader sees together."""

from __future__ import annotations

from collections.abc import Iterator

from course.content.messages import ScreenMessages
from course.content.quality import strip_markup
from course.content.schema import Choice, Scenario, Scene
from course.content.yaml_source import Problem, YamlLocation

# Drawn messages take as much room as their words and these: the device, and the sender and frame of each.
WORDS_PER_DEVICE = 12
WORDS_PER_MESSAGE = 10


def beat_words(choice: Choice, scene: Scene) -> int:
    """How many words stand between the choice and the question of the next scene: consequence, messages and scene."""
    shown = " ".join(text.html for text in (choice.consequence, scene.text) if text)
    return len(strip_markup(shown).split()) + _message_words(choice.messages) + _message_words(scene.messages)


def _message_words(messages: ScreenMessages | None) -> int:
    if messages is None:
        return 0
    words = sum(len(strip_markup(one.text.html).split()) + WORDS_PER_MESSAGE for one in messages.thread)
    return WORDS_PER_DEVICE + words


def beat_problems(scenario: Scenario, place: YamlLocation, most: int) -> Iterator[Problem]:
    """Choices whose consequence and next scene do not fit on the screen of a phone together."""
    for number, scene in enumerate(scenario.scenes):
        for position, choice in enumerate(scene.choices):
            following = scenario.by_id[choice.to]
            if following.choices and (words := beat_words(choice, following)) > most:
                message = (
                    f"with the scene '{choice.to}' this choice has {words} words to read; course.yaml allows {most}"
                )
                yield place.problem(message, "scenes", number, "choices", position, "consequence")
