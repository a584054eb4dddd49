"""Messages in scenarios, and the length of what is read between two decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.content.beats import WORDS_PER_DEVICE, WORDS_PER_MESSAGE, beat_words
from course.content.library import ContentError, load_library
from course.content.text_fields import texts
from tests.content.test_validation import SAMPLE, spoil

WINDY = "kites/scenarios/a-windy-day.yaml"
SCENE = "    text: Wind 2.\n"
MESSAGES = """    messages:
      on: The kite’s phone
      thread:
        - {sender: Gran, at: 9.42pm, text: Come home}
        - {sender: You, text: "Soon, *soon*", mine: true}
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "modules"))


def mistakes(modules: Path) -> str:
    with pytest.raises(ContentError) as refused:
        load_library(modules)
    return str(refused.value)


def test_a_scene_has_messages_that_can_be_translated_and_belong_to_its_version(modules: Path) -> None:
    before = load_library(modules).modules["kites"].scenarios["a-windy-day"]
    spoil(modules, WINDY, SCENE, SCENE + MESSAGES)
    after = load_library(modules).modules["kites"].scenarios["a-windy-day"]
    assert after.version != before.version
    scene = after.by_id["s2"]
    assert scene.messages is not None
    assert [(one.sender, one.at, one.mine) for one in scene.messages.thread] == [
        ("Gran", "9.42pm", False), ("You", None, True)]  # fmt: skip
    assert scene.messages.thread[1].text.html == "Soon, <em>soon</em>"
    found = {path[2:]: text for path, text in texts(after) if path[:2] == ("scenes", "s2") and "messages" in path}
    assert len(found) == 6


def test_a_scenario_without_messages_keeps_the_version_that_it_had() -> None:
    content = load_library(SAMPLE).modules["kites"].scenarios["a-windy-day"].visible_content()
    assert not any(
        "messages" in scene or any("messages" in one for one in scene["choices"]) for scene in content["scenes"]
    )


def test_messages_and_frames_count_as_words_of_a_beat(modules: Path) -> None:
    plain = load_library(modules).modules["kites"].scenarios["a-windy-day"]
    choice = plain.by_id["s1"].best
    assert beat_words(choice, plain.by_id["s2"]) == len(f"{choice.consequence} Wind 2.".split())
    spoil(modules, WINDY, SCENE, SCENE + MESSAGES)
    drawn = load_library(modules).modules["kites"].scenarios["a-windy-day"]
    more = beat_words(drawn.by_id["s1"].best, drawn.by_id["s2"]) - beat_words(choice, plain.by_id["s2"])
    assert more == 4 + WORDS_PER_DEVICE + 2 * WORDS_PER_MESSAGE


def test_a_beat_that_is_too_long_for_the_screen_of_a_phone_is_refused(modules: Path) -> None:
    spoil(modules, "course.yaml", "notice:", "beat_words: 40\nnotice:")
    load_library(modules)
    spoil(modules, WINDY, SCENE, f"    text: {'Wind ' * 40}\n")
    assert "words to read; course.yaml allows 40" in mistakes(modules)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (SCENE, SCENE + MESSAGES.replace("Come home", "Ask the child prostitutes"), "are to be avoided"),
        (
            "{id: home, end: good,",
            "{id: home, messages: {on: A, thread: [{sender: B, text: C}]}, end: good,",
            "'home' is an end: it has no messages",
        ),
        (SCENE, SCENE + MESSAGES.replace("sender: Gran, ", ""), "sender"),
    ],
)
def test_mistakes_in_messages_are_found(modules: Path, old: str, new: str, message: str) -> None:
    spoil(modules, WINDY, old, new)
    assert message in mistakes(modules)
