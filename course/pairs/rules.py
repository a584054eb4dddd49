"""Two people, one story: the code, what the two are doing now, and where they differed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from course.content.schema import Choice, Scenario, Scene
from course.learning.rules.branching import RunState, run_state

CODE_LENGTH = 6
CODE_LIFETIME = timedelta(minutes=30)
FIRST_TURN = 0  # the choice that is made alone; what the two press later to decide has the turns from 1 on

# code: nobody has joined; choose: I have not chosen; wait: my colleague has not; decide: both have, and look for one
# decision; ended: the story is at its ending; apart: they go on alone.
Phase = Literal["code", "choose", "wait", "decide", "ended", "apart"]
RunDecisions = Sequence[tuple[str, str]]  # (scene id, choice id) in order


def parse_code(text: str) -> str | None:
    """The six digits of a code as somebody typed them, with or without spaces; None if it is no code."""
    digits = "".join(text.replace("-", " ").split())
    return digits if len(digits) == CODE_LENGTH and digits.isascii() and digits.isdecimal() else None


def code_in_groups(code: str) -> str:
    """A code as it is shown and read out: two groups of three digits."""
    return f"{code[:3]} {code[3:]}"


def is_code_valid(opened_at: datetime, now: datetime) -> bool:
    """Whether a code can still be used."""
    return now < opened_at + CODE_LIFETIME


@dataclass(frozen=True)
class PressedChoice:
    """What the member at `place` pressed at decision `step`; `turn` FIRST_TURN is the first choice, made alone."""

    place: int
    step: int
    turn: int
    scene_id: str
    choice_id: str


@dataclass(frozen=True)
class PairState:
    """What a pair is doing, as one of the two sees it.

    `shared` is the story as far as both have decided, `step` the number of the decision that is due. `mine` and `theirs` are
    the first choices there, `my_decision` and `their_decision` what each pressed last after seeing both (ids; None: nothing).
    `theirs` is None as long as I have not chosen, so that no page can show it.
    """

    phase: Phase
    step: int
    shared: RunState
    mine: str | None = None
    theirs: str | None = None
    my_decision: str | None = None
    their_decision: str | None = None
    colleague_chose: bool = False

    @property
    def is_under_way(self) -> bool:
        return self.phase in ("choose", "wait", "decide")

    @property
    def colleague_pressed(self) -> bool:
        """Whether the colleague has done what is due now: chosen alone, or pressed what the two decide."""
        return self.their_decision is not None if self.phase == "decide" else self.colleague_chose

    @property
    def agree(self) -> bool:
        return self.mine is not None and self.mine == self.theirs


def pair_state(
    scenario: Scenario,
    place: int,
    runs: tuple[RunDecisions, RunDecisions | None],
    pressed: Sequence[PressedChoice],
    *,
    has_left: bool,
) -> PairState:
    """The state of a pair whose two have joined, for the member at `place`.

    `runs` are the decisions of my run and of my colleague's (None: their data were erased). The two are together as long as
    both runs are the same; after the ending each looks back alone.
    """
    mine, theirs = runs
    shared_count = next((n for n, (a, b) in enumerate(zip(mine, theirs or (), strict=False)) if a != b), None)
    if shared_count is None:
        shared_count = min(len(mine), len(theirs or ()))
    shared = run_state(scenario, mine[:shared_count])
    step = len(shared.path) + 1
    if shared.ending is not None:
        return PairState("ended", step, shared)
    if has_left or theirs is None or not len(mine) == len(theirs) == shared_count:
        return PairState("apart", step, shared)
    my_first, my_decision = _pressed_at(pressed, place, step)
    their_first, their_decision = _pressed_at(pressed, 3 - place, step)
    if my_first is None:
        return PairState("choose", step, shared, colleague_chose=their_first is not None)
    if their_first is None:
        return PairState("wait", step, shared, my_first)
    return PairState("decide", step, shared, my_first, their_first, my_decision, their_decision, colleague_chose=True)


def _pressed_at(pressed: Sequence[PressedChoice], place: int, step: int) -> tuple[str | None, str | None]:
    """The first choice of a member at a step, and the newest of those after it."""
    turns = {one.turn: one.choice_id for one in pressed if one.place == place and one.step == step}
    later = max((turn for turn in turns if turn > FIRST_TURN), default=None)
    return turns.get(FIRST_TURN), turns[later] if later is not None else None


def decided_together(pressed: Sequence[PressedChoice], decisions: RunDecisions) -> bool:
    """Whether the newest of these decisions of one run is one that both pressed to decide."""
    last = [_pressed_at(pressed, place, len(decisions))[1] for place in (1, 2)]
    return bool(decisions) and last == [decisions[-1][1]] * 2


def next_turn(pressed: Sequence[PressedChoice], place: int, step: int) -> int:
    """The turn of what a member presses next at a step."""
    return max((one.turn + 1 for one in pressed if one.place == place and one.step == step), default=FIRST_TURN)


@dataclass(frozen=True)
class ComparedStep:
    """A decision of the story with the first choices of both, and what they decided together (None: nothing)."""

    number: int
    scene: Scene
    mine: Choice
    theirs: Choice
    decision: Choice | None

    @property
    def agree(self) -> bool:
        return self.mine is self.theirs


def compared_steps(
    scenario: Scenario, place: int, decisions: RunDecisions, pressed: Sequence[PressedChoice]
) -> tuple[ComparedStep, ...]:
    """The decisions at which both chose, in order. `decisions` are those of my own run."""
    found = []
    for number in sorted({one.step for one in pressed}):
        firsts = {one.place: one for one in pressed if one.step == number and one.turn == FIRST_TURN}
        if set(firsts) != {1, 2}:
            continue
        scene = scenario.by_id.get(firsts[place].scene_id)
        mine = scene.choice(firsts[place].choice_id) if scene else None
        theirs = scene.choice(firsts[3 - place].choice_id) if scene else None
        if scene is None or mine is None or theirs is None:
            continue
        decided = decisions[number - 1] if number <= len(decisions) else None
        decision = scene.choice(decided[1]) if decided and decided[0] == scene.id else None
        found.append(ComparedStep(number, scene, mine, theirs, decision))
    return tuple(found)
