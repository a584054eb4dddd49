"""One act with evidence of abuse has one grade in all scenarios, and no such act is left untagged."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, get_args

import pytest

from course.content.acts import ACT_RULES, act_problems, spoken_act
from course.content.library import load_library
from course.content.schema import Act, Choice, Quality
from course.content.text_fields import text_fields
from tests.content.test_validation import SAMPLE, SCENARIO, spoil
from tests.support.courses import real_course

ROOT = Path(__file__).resolve().parents[2]


def choice(text: str = "Ring the lead", quality: Quality = "fair", **fields: Any) -> Choice:
    return Choice.model_validate(
        {"id": "c", "text": text, "quality": quality, "consequence": "So.", "reason": "So.", "to": "s", **fields}
    )


@pytest.mark.parametrize(
    "text",
    [
        "Take one quick look, to be sure that it is her",
        "Turn the phone over while he is busy",
        "Scroll up, only as far as you must",
        "Look at the messages with him for a minute",
        "Ask to see the messages, so that you know",
        "Look for the page yourself over breakfast",
        "Photograph the worst of it on the school camera",
        "Go back through the chat and take screenshots of anything odd",
        "Save the whole profile, in case it disappears",
        "Ask her to send it to your school account",
        "Forward everything to the lead",
        "Ask her to forward you whatever he writes",
        "Fetch the phone so that she can show you one",
        "Ask her to keep it somewhere safe for the police",
        "Delete the message and empty the bin",
        "Have them wipe it from every phone",
        "Say nothing to the class, and clear the chat",
        "Let him delete the account, and answer nothing",
        "Reset the tablets tonight",
        "Sign Sam’s game out and restart the tablet",
        "Help him to bring it back",
        "Staff read his messages each night",
        "Have Moses open the pictures, to see who is in them",
        "Ask to see the picture first",
        "Tell her to get rid of it",
        "Have him close her account tonight",
        "Download it for the police",
        "Go through her phone with her mum",
        "Take the phone and switch it off",
        "Use the report button in the app",
        "Let him write that he needs until Monday",
        "Help her to tell him firmly that it stops here",
        "Type a question or two as him, to see who it is",
        "Report the account to the game this minute",
        "Suggest that he takes the game off the tablet",
    ],
)
def test_words_that_say_an_act_are_found(text: str) -> None:
    assert spoken_act(text)
    assert [key for key, _ in act_problems(choice(text))] == ["text"]


@pytest.mark.parametrize(
    "text",
    [
        "Tell the class to send nothing on and delete nothing",
        "Ask her neither to send nor to delete it, and ring the lead beside her",
        "Tell him that nothing gets sent or deleted, and ring the lead",
        "Have him open nothing, lock the tablets away as they are, and ring the officer",
        "Ask her to leave the messages unanswered and undeleted",
        "Say that you believe him without reading it",
        "Write down every word, send it to the lead as urgent, and stay",
        "Go through it gently with her from June until today",
        "Block the account, and ring the lead",
        "Have a quick word with the lead, and look after the class",
        "Ask whether somebody has been asking for pictures",
        "Ask to see her on Thursday",
        "Type back at once, kindly, and keep her writing to you",
        "Ask him to answer nothing, and fetch the lead",
        "Open the door of the meeting, and ask the lead to step outside",
        "Check that both children are in the building",
        "Keep Indie close to you until her mother comes",
    ],
)
def test_words_that_leave_an_act_undone_or_say_another_thing_need_no_tag(text: str) -> None:
    assert spoken_act(text) is None
    assert list(act_problems(choice(text))) == []


@pytest.mark.parametrize("act", ACT_RULES)
@pytest.mark.parametrize("quality", get_args(Quality))
def test_an_act_has_only_its_own_grade(act: Act, quality: Quality) -> None:
    keys = [key for key, _ in act_problems(choice(quality=quality, acts=[act]))]
    assert keys == ([] if quality == ACT_RULES[act].quality else ["quality"])


def test_every_act_has_a_rule_with_a_reason_and_stands_in_the_guide_for_authors() -> None:
    assert set(ACT_RULES) == set(get_args(Act))
    guide = (ROOT / "docs" / "writing-content.md").read_text(encoding="utf-8")
    for act, rule in ACT_RULES.items():
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{act}` |"))
        assert row.split("|")[3].strip() == rule.quality
        assert rule.reason


def test_words_that_only_sound_like_an_act_need_a_reason() -> None:
    assert [key for key, _ in act_problems(choice("Delete it", acts=[]))] == ["acts"]
    assert list(act_problems(choice("Delete it", acts=[], no_act="It is a shopping list"))) == []


def test_a_tag_changes_no_version_and_is_no_text_to_translate(tmp_path: Path) -> None:
    modules = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    before = load_library(modules).modules["kites"].scenarios["a-windy-day"]
    spoil(modules, SCENARIO, "text: Drop it, ", "text: Drop it, acts: [deletes-evidence], ")
    after = load_library(modules).modules["kites"].scenarios["a-windy-day"]
    assert after.version == before.version
    dropped = after.by_id["s2"].choice("drop")
    assert dropped is not None
    assert dropped.acts == ("deletes-evidence",)
    assert not {"acts", "no_act"} & set(text_fields(Choice))


def test_no_choice_of_the_course_is_exempt_without_a_reason_and_every_act_occurs() -> None:
    library = real_course()
    choices = [
        option
        for module in library.modules.values()
        for scenario in module.scenarios.values()
        for scene in scenario.scenes
        for option in scene.choices
    ]
    assert {act for option in choices for act in option.acts or ()} == set(get_args(Act))
    assert all(option.no_act for option in choices if option.acts == ())
