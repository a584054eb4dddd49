"""Which questions are asked: by learning point, those never asked first, then those asked longest ago."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.content.library import Library
from course.content.schema import Module, Question

# For so many tries at the final assessment checks leave questions alone, as far as the bank reaches.
RESERVED_FINAL_ATTEMPTS = 3
# After so many failed tries a person is offered to help.
HELP_AFTER_FAILURES = 3
# So many questions of each point are left for its check.
MIN_CHECK_QUESTIONS = 2


@dataclass(frozen=True)
class DrawnQuestion:
    """A question, and the learning point that it is asked for."""

    question_id: str
    point: str


@dataclass(frozen=True)
class QuestionHistory:
    """What one person was asked. `last` numbers the questions in the order in which they were asked last, the
    greatest number for the newest; a question that is not in it was never asked. `withheld` are the questions of a
    final assessment that is under way: nothing else may tell their answers."""

    last: Mapping[str, int]
    withheld: frozenset[str] = frozenset()


def draw_questions(
    wanted: Sequence[tuple[str, int]],
    bank: Iterable[Question],
    last: Mapping[str, int],
    seed: int,
    *,
    spare: Mapping[str, int] | None = None,
    withheld: frozenset[str] = frozenset(),
    final: bool = False,
) -> list[DrawnQuestion]:
    """For each point in `wanted` (id, how many), that many questions of it.

    `last` says when this person was asked each question last (see History): never asked comes before asked, and
    asked long ago before asked lately; among equals chance decides, by `seed`. `spare` says of a point how many
    questions that were never asked may be used up here; beyond that, asked ones come first. What is `withheld` comes
    only if there is nothing else; in a `final` assessment, which withholds it, it comes before what was told.

    Within a point other forms come before the same form again. A question is asked once, even if it has several
    points; points with the fewest unasked questions choose first, and leave the others what they need. A point with
    too few questions gives what it has. The whole is shuffled, so that one point's questions do not stand together.
    """
    chance = random.Random(seed)  # noqa: S311 (variety, no secret)
    pool = _QuestionPool(bank, last, dict(wanted), dict(spare or {}), withheld, final)
    drawn: list[DrawnQuestion] = []
    for point, count in sorted(wanted, key=lambda one: pool.fresh[one[0]] - one[1]):
        forms: list[str] = []
        for _ in range(count):
            candidates = [q for q in pool.on[point] if q.id not in pool.taken]
            if not candidates:
                break
            best = min(candidates, key=lambda q: (*pool.rank(q, point), forms.count(q.form), q.points[0] != point,
                                                  chance.random()))  # fmt: skip
            pool.take(best, point)
            forms.append(best.form)
            drawn.append(DrawnQuestion(best.id, point))
    chance.shuffle(drawn)
    return drawn


class _QuestionPool:
    """The questions that are left while some are drawn: by point, and how many of each point were never asked."""

    def __init__(
        self, bank: Iterable[Question], last: Mapping[str, int], need: dict[str, int], spare: dict[str, int],
        withheld: frozenset[str], final: bool,
    ) -> None:  # fmt: skip
        self.last, self.need, self.spare, self.withheld, self.final = last, need, spare, withheld, final
        self.taken: set[str] = set()
        self.on: dict[str, list[Question]] = defaultdict(list)
        self.fresh: dict[str, int] = defaultdict(int)
        for question in sorted(bank, key=lambda question: question.id):
            for point in question.points:
                self.on[point].append(question)
                self.fresh[point] += question.id not in last

    def rank(self, question: Question, point: str) -> tuple[int, int, bool]:
        """What comes first: never asked and to spare; asked, the longest ago first; never asked but kept for later; and
        withheld. Among equals one that every other point can do without."""
        if question.id in self.withheld:
            group = 1 if self.final else 4
        elif question.id in self.last:
            group = 2
        else:
            group = 0 if all(self.spare.get(p, 1) > 0 for p in question.points) else 3
        scarce = any(p != point and 0 < self.fresh[p] <= self.need.get(p, 0) for p in question.points)
        return group, self.last.get(question.id, 0), scarce

    def take(self, question: Question, point: str) -> None:
        self.taken.add(question.id)
        self.need[point] -= 1
        if question.id not in self.last:
            for used in question.points:
                self.fresh[used] -= 1
                if used in self.spare:
                    self.spare[used] -= 1


def reserved_for_final(total: int, each: int) -> int:
    """How many questions on a point are kept for the final assessment, of `total` that there are, if it asks `each`
    of them in one try: enough for some tries, while some are left for checks; for one try in any case, while one is
    left for checks."""
    return max(0, min(RESERVED_FINAL_ATTEMPTS * each, total - MIN_CHECK_QUESTIONS), min(each, total - 1))


def check_allowance(library: Library, last: Mapping[str, int]) -> dict[str, int]:
    """For each point, how many questions that this person was never asked a check may still ask."""
    bank = list(library.questions.values())
    total = Counter(point for q in bank for point in q.points)
    fresh = Counter(point for q in bank if q.id not in last for point in q.points)
    return {p: fresh[p] - reserved_for_final(total[p], library.final_questions(p)) for p in library.taught_points}


def draw_for_check(
    library: Library, module: Module, points: Sequence[str], known: QuestionHistory, keep: bool, seed: int
) -> list[DrawnQuestion]:
    """The questions of one try at a module's check, over these points. `keep` says that the final assessment is still
    to come, so that its questions are left alone."""
    spare = check_allowance(library, known.last) if keep else None
    counts = library.check_counts(tuple(points))
    return draw_questions(counts, module.questions, known.last, seed, spare=spare, withheld=known.withheld)


def draw_for_final(library: Library, points: Sequence[str], known: QuestionHistory, seed: int) -> list[DrawnQuestion]:
    """The questions of one try at the final assessment, over these points: those whose answers were never told, as far
    as there are any, and of them those first that were never asked."""
    counts = [(point, library.final_questions(point)) for point in points]
    return draw_questions(counts, library.questions.values(), known.last, seed, withheld=known.withheld, final=True)


@dataclass(frozen=True)
class AssessmentResult:
    """How a final assessment stands: `missed` are the points to read again, critical ones first."""

    passed: bool
    right: int
    asked: int
    missed: tuple[str, ...]
    missed_critical: tuple[str, ...]


def grade_assessment(
    latest: Mapping[str, bool], points: Sequence[str], critical: frozenset[str], pass_mark: int
) -> AssessmentResult:
    """Whether the assessment is passed: the share of points right reaches `pass_mark` (per cent), and no
    safety-critical point is wrong. `latest` is the newest result of each point; one not asked is wrong."""
    right = [point for point in points if latest.get(point)]
    missed = [point for point in points if not latest.get(point)]
    dangerous = tuple(point for point in missed if point in critical)
    enough = 100 * len(right) >= pass_mark * len(points)
    ordered = dangerous + tuple(point for point in missed if point not in critical)
    return AssessmentResult(enough and not dangerous, len(right), len(points), ordered, dangerous)


@dataclass(frozen=True)
class PointAnswer:
    """A question of a refresher or an update that was answered: the point that it was asked for, whether it was right,
    and whether it was asked `again`, in the place of one that was missed (None: not known, in an old attempt)."""

    point: str
    correct: bool
    again: bool | None


def failed_points(answers: Iterable[PointAnswer]) -> tuple[str, ...]:
    """The points that a refresher or an update leaves open although all its questions are answered, in the order in
    which they were given. Each miss is asked again with another question, until as many are right as were asked at
    first: what is still missing had no questions left."""
    by_point: dict[str, list[PointAnswer]] = {}
    for one in answers:
        by_point.setdefault(one.point, []).append(one)

    def shown(asked: list[PointAnswer]) -> bool:
        if any(one.again is None for one in asked):
            return asked[-1].correct
        return sum(one.correct for one in asked) >= sum(not one.again for one in asked)

    return tuple(point for point, asked in by_point.items() if not shown(asked))
