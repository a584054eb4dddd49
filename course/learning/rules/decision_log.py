"""The decisions of a scenario run as they were recorded, those that were taken back included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A slip of the finger can be taken back. More often than this it would be a way to try all the answers.
MAX_WITHDRAWALS = 2


@dataclass(frozen=True)
class LoggedDecision:
    """One recorded decision: `step` is its number in the run, `withdrawn` whether it was taken back."""

    id: int
    step: int
    scene_id: str
    choice_id: str
    withdrawn: bool = False


def live_decisions(log: Sequence[LoggedDecision]) -> tuple[tuple[str, str], ...]:
    """The decisions that count, as (scene, choice), in order."""
    return tuple((one.scene_id, one.choice_id) for one in log if not one.withdrawn)


def next_step(log: Sequence[LoggedDecision]) -> int:
    """The number of the next step. A withdrawal takes a number as well, so that a window that was open before it cannot
    send the decision after it."""
    return 1 if not log else log[-1].step + 1 + log[-1].withdrawn


def withdrawable_decision(log: Sequence[LoggedDecision], *, is_on_the_way: bool) -> LoggedDecision | None:
    """The decision that may be taken back now; None if there is none.

    It is the newest one, while the run is on the way or at its ending with no repair begun (`is_on_the_way`). Each scene
    gives back one decision, and a run at most MAX_WITHDRAWALS. Whether something else rests on a decision that ended the
    run, its caller asks.
    """
    if not log or not is_on_the_way or log[-1].withdrawn:
        return None
    withdrawn = [one for one in log if one.withdrawn]
    if len(withdrawn) >= MAX_WITHDRAWALS or any(one.scene_id == log[-1].scene_id for one in withdrawn):
        return None
    return log[-1]


def withdrawn_by_place(log: Sequence[LoggedDecision]) -> dict[int, tuple[LoggedDecision, ...]]:
    """The decisions that were taken back, by how many decisions that count came before each."""
    found: dict[int, tuple[LoggedDecision, ...]] = {}
    place = 0
    for one in log:
        if one.withdrawn:
            found[place] = (*found.get(place, ()), one)
        else:
            place += 1
    return found
