"""Which questions are asked: by learning point, those least seen first."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.content.shapes import Question


@dataclass(frozen=True)
class Drawn:
    """A question, and the learning point that it is asked for."""

    question_id: str
    point: str


def draw(
    wanted: Sequence[tuple[str, int]],
    bank: Iterable[Question],
    seen: Mapping[str, int],
    seed: int,
) -> list[Drawn]:
    """For each point in `wanted` (id, how many), that many questions of it.

    `seen` counts how often this person was asked each question: never asked comes before asked, and
    among equals chance decides, by `seed`. Within a point other forms come before the same form again.
    A question is asked once, even if it has several points. A point with too few questions gives what
    it has. The whole is shuffled, so that one point's questions do not stand together.
    """
    chance = random.Random(seed)  # noqa: S311 (variety, no secret)
    questions = sorted(bank, key=lambda question: question.id)
    taken: set[str] = set()
    drawn: list[Drawn] = []
    for point, count in wanted:
        forms: list[str] = []
        for _ in range(count):
            candidates = [q for q in questions if point in q.points and q.id not in taken]
            if not candidates:
                break
            best = min(
                candidates,
                key=lambda q: (seen.get(q.id, 0), forms.count(q.form), q.points[0] != point, chance.random()),
            )
            taken.add(best.id)
            forms.append(best.form)
            drawn.append(Drawn(best.id, point))
    chance.shuffle(drawn)
    return drawn


@dataclass(frozen=True)
class Verdict:
    """How a final assessment stands: `missed` are the points to read again, critical ones first."""

    passed: bool
    right: int
    asked: int
    missed: tuple[str, ...]
    missed_critical: tuple[str, ...]


def judge(latest: Mapping[str, bool], points: Sequence[str], critical: frozenset[str], pass_mark: int) -> Verdict:
    """Whether the assessment is passed: the share of points right reaches `pass_mark` (per cent), and no
    safety-critical point is wrong. `latest` is the newest result of each point; one not asked is wrong."""
    right = [point for point in points if latest.get(point)]
    missed = [point for point in points if not latest.get(point)]
    dangerous = tuple(point for point in missed if point in critical)
    enough = 100 * len(right) >= pass_mark * len(points)
    ordered = dangerous + tuple(point for point in missed if point not in critical)
    return Verdict(enough and not dangerous, len(right), len(points), ordered, dangerous)
