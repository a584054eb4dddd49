"""What a pair is doing, from the runs of the two and what they pressed; codes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from course.pairs.rules import FIRST_TURN, PressedChoice, compared_steps, next_turn, pair_state, parse_code
from tests.learning.test_rules import DAY


def presses(*entries: str) -> tuple[PressedChoice, ...]:
    """From entries such as "1: s1/hold at 1" (place: scene/choice at step); the turn counts by itself."""
    found: list[PressedChoice] = []
    for entry in entries:
        place, _, rest = entry.partition(": ")
        where, _, step = rest.partition(" at ")
        scene, _, choice = where.partition("/")
        turn = next_turn(found, int(place), int(step))
        found.append(PressedChoice(int(place), int(step), turn, scene, choice))
    return tuple(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("483920", "483920"),
        (" 483 920 ", "483920"),
        ("483-920", "483920"),
        ("000001", "000001"),
        ("48392", None),
        ("4839201", None),
        ("48392O", None),
        ("٤٨٣٩٢٠", None),
        ("", None),
    ],
)
def test_a_code_is_read_with_or_without_spaces(text: str, code: str | None) -> None:
    assert parse_code(text) == code


@pytest.mark.parametrize(
    ("pressed", "phase", "mine", "theirs"),
    [
        ((), "choose", None, None),
        (("2: s1/hold at 1",), "choose", None, None),  # the other's choice is nowhere in the state
        (("1: s1/hold at 1",), "wait", "hold", None),
        (("1: s1/hold at 1", "2: s1/look at 1"), "decide", "hold", "look"),
        (("1: s1/hold at 1", "2: s1/look at 1", "2: s1/hold at 1"), "decide", "hold", "look"),
    ],
)
def test_nothing_of_the_others_choice_is_known_before_both_have_chosen(
    pressed: Sequence[str], phase: str, mine: str | None, theirs: str | None
) -> None:
    state = pair_state(DAY, 1, ((), ()), presses(*pressed), has_left=False)
    assert (state.phase, state.mine, state.theirs) == (phase, mine, theirs)


def test_the_newest_press_after_the_first_choice_is_the_decision_of_each() -> None:
    pressed = presses("1: s1/hold at 1", "2: s1/look at 1", "1: s1/look at 1", "1: s1/hold at 1", "2: s1/look at 1")
    state = pair_state(DAY, 1, ((), ()), pressed, has_left=False)
    assert (state.my_decision, state.their_decision) == ("hold", "look")
    assert next_turn(pressed, 1, 1) == 3
    assert next_turn(pressed, 1, 2) == FIRST_TURN


HELD = [(f"s{number}", "hold") for number in range(1, 7)]


@pytest.mark.parametrize(
    ("mine", "theirs", "has_left", "phase"),
    [
        (HELD[:2], HELD[:2], False, "choose"),
        (HELD[:2], HELD[:2], True, "apart"),
        (HELD[:2], HELD[:3], False, "apart"),  # somebody went on in their own run
        (HELD[:2], [HELD[0], ("s2", "drop")], False, "apart"),
        (HELD[:2], None, False, "apart"),  # erased
        (HELD, HELD, False, "ended"),
        (HELD, HELD, True, "ended"),
        (
            [*HELD[:1], ("s2", "drop"), *HELD[2:], ("s2", "hold")],
            [*HELD[:1], ("s2", "drop"), *HELD[2:]],
            False,
            "ended",
        ),
    ],
)
def test_two_are_together_as_long_as_both_runs_are_the_same_and_look_back_alone(
    mine: list[tuple[str, str]], theirs: list[tuple[str, str]] | None, has_left: bool, phase: str
) -> None:
    assert pair_state(DAY, 2, (mine, theirs), (), has_left=has_left).phase == phase


def test_the_comparison_holds_the_decisions_at_which_both_chose() -> None:
    pressed = presses("1: s1/hold at 1", "2: s1/look at 1", "1: s1/look at 1", "2: s2/drop at 2", "1: s2/drop at 2",
                      "1: s3/hold at 3")  # fmt: skip
    steps = compared_steps(DAY, 2, [("s1", "look")], pressed)
    assert [(one.number, one.mine.id, one.theirs.id, one.agree) for one in steps] == [
        (1, "look", "hold", False),
        (2, "drop", "drop", True),
    ]
    assert steps[0].decision is not None
    assert steps[0].decision.id == "look"
    assert steps[1].decision is None
