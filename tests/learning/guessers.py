"""A simulated learner who knows nothing: guesses, and remembers every answer that a page has disclosed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from course.content.library import Library
from course.content.schema import Question
from course.learning.rules.drawing import (
    DrawnQuestion,
    PointAnswer,
    QuestionHistory,
    draw_for_check,
    draw_for_final,
    draw_questions,
    failed_points,
    grade_assessment,
)
from course.refreshers.rules.composition import PlannedPoint


def chance(question: Question) -> float:
    """The probability that a guess is right, for a learner who fills in the whole form."""
    options = len(question.options)
    if question.form == "one":
        return 1 / options
    if question.form == "order":
        return 1 / math.factorial(options)
    if question.has_parts:
        parts = [[option.correct for option in question.options if option.group == part] for part in question.groups]
        return math.prod(sum(part) / len(part) for part in parts)
    ways: int = len(question.groups) ** options if question.form == "sort" else 2**options - 1
    return 1 / ways


class Guesser:
    """One guesser, who answers the real questions as the rules draw them; no page is rendered."""

    def __init__(self, library: Library, seed: int) -> None:
        self.library, self.random = library, random.Random(seed)
        self.last: dict[str, int] = {}
        self.disclosed: set[str] = set()
        self.asked = 0
        self.critical = frozenset(p for p in library.taught_points if library.points[p].safety_critical)

    def seed(self) -> int:
        return self.random.randrange(2**31)

    def right(self, question_id: str) -> bool:
        """Answer a question; returns whether the answer is right."""
        self.asked += 1
        self.last[question_id] = self.asked
        return question_id in self.disclosed or self.random.random() < chance(self.library.questions[question_id])

    def answer(self, drawn: Sequence[DrawnQuestion], disclose: bool) -> dict[str, bool]:
        """For each point whether all its questions were right; with `disclose` each answer is disclosed at once."""
        results: dict[str, bool] = {}
        for question in drawn:
            right = self.right(question.question_id)
            results[question.point] = results.get(question.point, True) and right
            if disclose:
                self.disclosed.add(question.question_id)
        return results

    def checks(self, reserve: bool = True) -> None:
        """Take all checks, each until every point was right. `reserve` as the course does: see `draw_for_check`."""
        for module in self.library.modules.values():
            missed = list(module.points)
            while missed:
                history = QuestionHistory(dict(self.last))
                results = self.answer(
                    draw_for_check(self.library, module, missed, history, reserve, self.seed()), disclose=True
                )
                missed = [point for point in missed if not results.get(point)]

    def final(self, tries: int, withhold: bool = True) -> int:
        """The number of the attempt in which the final assessment is passed; 0 if it is not. After an attempt all answers
        are disclosed or, with `withhold` as the course does, all but those on safety-critical points that are still to
        be shown."""
        latest: dict[str, bool] = {}
        asked: list[DrawnQuestion] = []
        hidden: frozenset[str] = frozenset()
        points = self.library.taught_points
        for number in range(1, tries + 1):
            missed = [point for point in points if not latest.get(point)]
            drawn = draw_for_final(self.library, missed, QuestionHistory(dict(self.last), hidden), self.seed())
            latest |= self.answer(drawn, disclose=False)
            verdict = grade_assessment(latest, points, self.critical, self.library.course.pass_mark)
            asked += drawn
            withheld = verdict.missed_critical if withhold else ()
            self.disclosed |= {one.question_id for one in asked if one.point not in withheld}
            hidden = frozenset(one.question_id for one in asked if one.point in withheld)
            if verdict.passed:
                return number
        return 0

    def refresher(self, asks: Sequence[PlannedPoint]) -> tuple[bool, list[str]]:
        """Whether the questions of one refresher are passed, and the ids of all that were asked in it, in order."""
        bank = list(self.library.questions.values())
        waiting = [
            (one, False)
            for one in draw_questions(
                [(a.point, a.questions) for a in asks], bank, QuestionHistory(self.last), self.seed()
            )
        ]
        asked: list[str] = [one.question_id for one, _ in waiting]
        left = {question.id: question for question in bank if question.id not in asked}
        given: list[PointAnswer] = []
        while waiting:
            one, again = waiting.pop(0)
            right = self.right(one.question_id)
            given.append(PointAnswer(one.point, right, again))
            self.disclosed.add(one.question_id)
            if not right:
                on_it = [question for question in left.values() if one.point in question.points]
                for another in draw_questions([(one.point, 1)], on_it, QuestionHistory(self.last), self.seed()):
                    asked.append(another.question_id)
                    del left[another.question_id]
                    waiting.append((another, True))
        return not failed_points(given), asked
