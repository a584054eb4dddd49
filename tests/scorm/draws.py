"""Draws of questions, for the rule of the course's server and for the player's."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from course.content.library import Library
from course.learning.rules.drawing import QuestionHistory, check_allowance, draw_questions

DRAWS = 40
CHANCE = random.Random(20)


@dataclass(frozen=True)
class Draw:
    """A draw of questions: what the server's rule is given. `bank` is a module, or None for the final assessment."""

    counts: list[tuple[str, int]]
    bank: str | None
    last: dict[str, int]
    held: frozenset[str]
    reserve: bool
    seed: int

    def by_the_server(self, library: Library) -> list[list[str]]:
        questions = library.modules[self.bank].questions if self.bank else tuple(library.questions.values())
        spare = check_allowance(library, self.last) if self.reserve else None
        history = QuestionHistory(self.last, self.held)
        drawn = draw_questions(self.counts, questions, history, self.seed, spare=spare, final=self.bank is None)
        return [[one.question_id, one.point] for one in drawn]

    def for_node(self) -> dict[str, Any]:
        chance = random.Random(self.seed)
        return {
            "counts": self.counts, "bank": self.bank, "last": self.last, "held": sorted(self.held),
            "reserve": self.reserve, "final": self.bank is None, "chances": [chance.random() for _ in range(2000)],
        }  # fmt: skip


def some_draws(library: Library) -> list[Draw]:
    """Draws of checks and of the final assessment, for learners who were asked little, much and everything before."""
    found = []
    for number in range(DRAWS):
        bank = None if number % 2 else CHANCE.choice(sorted(library.modules))
        points = library.modules[bank].points if bank else library.taught_points
        some = tuple(point for point in points if number % 3 or CHANCE.random() < 0.5) or points[:1]
        counts = library.check_counts(some) if bank else [(point, library.final_questions(point)) for point in some]
        ids, share = sorted(library.questions), (0.0, 0.3, 0.9, 1.0)[number // 2 % 4]
        last = {name: CHANCE.randint(1, 35) for name in ids if CHANCE.random() < share}
        held = frozenset(name for name in last if CHANCE.random() < 0.2)
        found.append(Draw(counts, bank, last, held, number % 4 < 2 and bank is not None, number))
    return found
