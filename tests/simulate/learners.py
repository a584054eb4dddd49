"""Simulated learners. They forget by another model than the one that schedules: practice leaves traces that decay
the faster the more active the memory was when they were made (Pavlik and Anderson 2005, Cognitive Science 29), which
FSRS knows nothing of."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

DAY = 86_400.0  # seconds
# Between two sessions less happens than in an experiment: their published scale for that time.
BETWEEN = 0.025
SPREAD = 0.217
NOISE = 0.255
GUESS = 0.25


@dataclass(frozen=True)
class Kind:
    """What a group of learners is like: how fast traces decay at least, and from which activation on they recall."""

    name: str
    decay: float
    threshold: float


# Their published values (decay 0.177, threshold -0.704) are those of pairs of foreign words. What a page explains with
# a reason and a story is recalled more easily, so the thresholds lie lower; nobody has measured how much.
KINDS = tuple(
    Kind(f"forget {speed}, recall {ease}", decay, threshold)
    for speed, decay in (("slowly", 0.13), ("as published", 0.177), ("quickly", 0.22))
    for ease, threshold in (("easily", -2.0), ("fairly easily", -1.6), ("with effort", -1.2))
)


@dataclass
class Trace:
    """When something was practised (in days), and how fast that trace decays."""

    day: float
    decay: float


@dataclass
class Learner:
    """One person: their kind, with their own differences from it and from point to point."""

    kind: Kind
    points: Sequence[str]
    chance: random.Random
    traces: dict[str, list[Trace]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = self.chance.gauss(0, 0.15)
        self._threshold = {point: self.kind.threshold + own + self.chance.gauss(0, 0.25) for point in self.points}

    def _activation(self, point: str, day: float) -> float:
        total = 0.0
        for trace in self.traces.get(point, ()):
            # A minute at least: what was done just now is not infinitely present.
            seconds = max(60.0, (day - trace.day) * DAY * BETWEEN)
            total += seconds**-trace.decay
        return math.log(total) if total else -math.inf

    def remembers(self, point: str, day: float) -> float:
        """The chance that the point can be recalled on that day."""
        activation = self._activation(point, day)
        if activation == -math.inf:
            return 0.0
        return 1 / (1 + math.exp((self._threshold[point] - activation) / NOISE))

    def practise(self, point: str, day: float) -> None:
        """Read it, or answer a question on it and read why."""
        activation = self._activation(point, day)
        present = math.exp(activation) if activation != -math.inf else 0.0
        self.traces.setdefault(point, []).append(Trace(day, SPREAD * present + self.kind.decay))

    def answer(self, point: str, day: float) -> tuple[bool, str]:
        """Answer a question on the point: whether that is right, and how sure they say they are."""
        known = self.chance.random() < self.remembers(point, day)
        right = known or self.chance.random() < GUESS
        sure = self.chance.choices(("sure", "fairly", "guessing"), (6, 3, 1) if known else (1, 3, 6))[0]
        self.practise(point, day)
        return right, sure
