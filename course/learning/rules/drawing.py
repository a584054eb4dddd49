"""Drawing questions by learning point: questions never asked first, then those asked longest ago."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.content.library import Library
from course.content.schema import Module, Question

# Checks leave enough questions for this number of attempts at the final assessment, as far as the bank reaches.
RESERVED_FINAL_ATTEMPTS = 3
# After this number of failed attempts a person is offered help.
HELP_AFTER_FAILURES = 3
# This number of questions of each point is left for its check.
MIN_CHECK_QUESTIONS = 2


@dataclass(frozen=True)
class DrawnQuestion:
    """A question, and the learning point that it is asked for."""

    question_id: str
    point: str


@dataclass(frozen=True)
class QuestionHistory:
    """What one person was asked.

    `last_asked` numbers the questions in the order in which they were last asked, the greatest number for the newest; a
    question that is not in it was never asked. `protected` are the questions of a final assessment that is under way:
    no other page may disclose their answers.
    """

    last_asked: Mapping[str, int]
    protected: frozenset[str] = frozenset()


def draw_questions(
    counts: Sequence[tuple[str, int]],
    bank: Iterable[Question],
    history: QuestionHistory,
    seed: int,
    *,
    spare: Mapping[str, int] | None = None,
    final: bool = False,
) -> list[DrawnQuestion]:
    """Draw questions for each point in `counts` (id, how many).

    `history` says when this person was last asked each question: a question never asked comes before an asked one, and
    one asked long ago before one asked lately; among equals chance decides, by `seed`.
    `spare` limits for a point how many questions that were never asked may be used up here; beyond the limit, asked
    ones come first. A protected question comes only if there is nothing else; in the `final` assessment, to which it
    belongs, it comes before questions whose answers were disclosed.

    Within a point other forms come before the same form again. A question is asked once, even if it has several
    points; points with the fewest unasked questions choose first, and leave the others what they need. A point with
    too few questions gives what it has. The result is shuffled, so that the questions of one point are not adjacent.
    """
    chance = random.Random(seed)  # noqa: S311 (variety, no secret)
    pool = _QuestionPool(bank, history, dict(counts), dict(spare or {}), final)
    drawn: list[DrawnQuestion] = []
    for point, count in sorted(counts, key=lambda quota: pool.never_asked[quota[0]] - quota[1]):
        forms: list[str] = []
        for _ in range(count):
            candidates = [q for q in pool.by_point[point] if q.id not in pool.taken]
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
    """The questions not drawn yet, by point, and how many of each point were never asked."""

    def __init__(
        self, bank: Iterable[Question], history: QuestionHistory, need: dict[str, int], spare: dict[str, int], final: bool
    ) -> None:  # fmt: skip
        self.last, self.protected = history.last_asked, history.protected
        self.need, self.spare, self.final = need, spare, final
        self.taken: set[str] = set()
        self.by_point: dict[str, list[Question]] = defaultdict(list)
        self.never_asked: dict[str, int] = defaultdict(int)
        for question in sorted(bank, key=lambda question: question.id):
            for point in question.points:
                self.by_point[point].append(question)
                self.never_asked[point] += question.id not in self.last

    def rank(self, question: Question, point: str) -> tuple[int, int, bool]:
        """Sort key, lowest first: never asked and to spare; asked, the longest ago first; never asked but reserved for
        later; protected. Among equals, a question that no other point is short of."""
        if question.id in self.protected:
            group = 1 if self.final else 4
        elif question.id in self.last:
            group = 2
        else:
            group = 0 if all(self.spare.get(p, 1) > 0 for p in question.points) else 3
        scarce = any(p != point and 0 < self.never_asked[p] <= self.need.get(p, 0) for p in question.points)
        return group, self.last.get(question.id, 0), scarce

    def take(self, question: Question, point: str) -> None:
        self.taken.add(question.id)
        self.need[point] -= 1
        if question.id not in self.last:
            for used in question.points:
                self.never_asked[used] -= 1
                if used in self.spare:
                    self.spare[used] -= 1


def reserved_for_final(total: int, each: int) -> int:
    """How many questions on a point are reserved for the final assessment, of `total` in the bank, if the assessment
    asks `each` of them in one attempt.

    Enough for RESERVED_FINAL_ATTEMPTS attempts while MIN_CHECK_QUESTIONS are left for checks; for one attempt in any
    case, while one question is left for checks.
    """
    return max(0, min(RESERVED_FINAL_ATTEMPTS * each, total - MIN_CHECK_QUESTIONS), min(each, total - 1))


def check_allowance(library: Library, last: Mapping[str, int]) -> dict[str, int]:
    """For each point, how many of the questions that this person was never asked a check may still ask."""
    bank = list(library.questions.values())
    total = Counter(point for q in bank for point in q.points)
    never_asked = Counter(point for q in bank if q.id not in last for point in q.points)
    return {p: never_asked[p] - reserved_for_final(total[p], library.final_questions(p)) for p in library.taught_points}


def draw_for_check(
    library: Library, module: Module, points: Sequence[str], history: QuestionHistory, reserve: bool, seed: int
) -> list[DrawnQuestion]:
    """Draw the questions of one attempt at a module's check, on these points. `reserve` says that the final assessment
    is still to come, so that its questions are not used up."""
    spare = check_allowance(library, history.last_asked) if reserve else None
    counts = library.check_counts(tuple(points))
    return draw_questions(counts, module.questions, history, seed, spare=spare)


def draw_for_final(library: Library, points: Sequence[str], history: QuestionHistory, seed: int) -> list[DrawnQuestion]:
    """Draw the questions of one attempt at the final assessment, on these points: questions whose answers were never
    disclosed as far as there are any, and of them first those that were never asked."""
    counts = [(point, library.final_questions(point)) for point in points]
    return draw_questions(counts, library.questions.values(), history, seed, final=True)


def results_by_point(answers: Iterable[tuple[str, bool]]) -> dict[str, bool]:
    """For each point of `answers` (point, correct), whether all its answers are correct."""
    results: dict[str, bool] = {}
    for point, correct in answers:
        results[point] = results.get(point, True) and correct
    return results


@dataclass(frozen=True)
class AssessmentResult:
    """The result of a final assessment: `missed` are the points to read again, safety-critical ones first."""

    passed: bool
    right: int
    asked: int
    missed: tuple[str, ...]
    missed_critical: tuple[str, ...]


def grade_assessment(
    latest: Mapping[str, bool], points: Sequence[str], critical: frozenset[str], pass_mark: int
) -> AssessmentResult:
    """Grade the final assessment: it is passed if the share of points right reaches `pass_mark` (per cent), and no
    safety-critical point is wrong. `latest` is the newest result of each point; a point not asked is wrong."""
    right = [point for point in points if latest.get(point)]
    missed = [point for point in points if not latest.get(point)]
    missed_critical = tuple(point for point in missed if point in critical)
    enough = 100 * len(right) >= pass_mark * len(points)
    ordered = missed_critical + tuple(point for point in missed if point not in critical)
    return AssessmentResult(enough and not missed_critical, len(right), len(points), ordered, missed_critical)


@dataclass(frozen=True)
class PointAnswer:
    """An answered question of a refresher or an update: the point it was asked for, whether the answer was right, and
    whether it was asked `again`, after another question on the point was missed (None: not known, in an old
    attempt)."""

    point: str
    correct: bool
    again: bool | None


def failed_points(answers: Iterable[PointAnswer]) -> tuple[str, ...]:
    """The points that are still open in a refresher or an update although all its questions are answered, in the order
    of `answers`.

    Each miss is followed by another question, until as many are right as were asked at first: a point that is still
    open had no questions left.
    """
    by_point: dict[str, list[PointAnswer]] = {}
    for answer in answers:
        by_point.setdefault(answer.point, []).append(answer)

    def shown(asked: list[PointAnswer]) -> bool:
        if any(answer.again is None for answer in asked):
            return asked[-1].correct
        return sum(answer.correct for answer in asked) >= sum(not answer.again for answer in asked)

    return tuple(point for point, asked in by_point.items() if not shown(asked))
