"""When a booster is due: five questions by mail between two certificates, on the points that the person is likely to
forget."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from course.refreshers.rules.memory_model import MemoryReview

BOOSTER_QUESTIONS = 5
FIRST_BOOSTER_AFTER = timedelta(days=30)
MIN_BOOSTER_INTERVAL = timedelta(days=30)
# After the first booster the memory model decides: a booster is due once the average estimate of the five points
# remembered least is below this.
ESTIMATE_THRESHOLD = 0.7
# After so many unanswered boosters in a row a person is sent no more before the next certificate.
MAX_UNANSWERED = 2
# A point whose question was missed on its page counts as so much less remembered, until it is answered right somewhere.
MISSED_ON_PAGE = 0.5
# So long after its page was last read, or its question answered there, a booster may ask the question of a page.
PAGE_QUESTION_REST = timedelta(days=5)
# How long the link in the mail works, from the moment at which the questions are drawn.
LINK_VALIDITY = timedelta(days=28)
# No questions are drawn so long before their mail can leave, which is in a closure: the link would have run out meanwhile.
MAX_WAIT_FOR_MAIL = timedelta(days=7)


@dataclass(frozen=True)
class SentBooster:
    """A booster that was sent on a day, and whether any of its questions was answered."""

    on: date
    answered: bool


@dataclass(frozen=True)
class PageAnswerFact:
    """The first answer to the question of a lesson page, on a point."""

    question_id: str
    point: str
    correct: bool
    at: datetime


def points_missed_on_pages(answers: Iterable[PageAnswerFact], reviews: Iterable[MemoryReview]) -> frozenset[str]:
    """The points whose newest answer on a page is wrong, and which no question that counts was answered right on since.

    These answers are no evidence for the memory model: they come minutes after the reading, and right ones say little. A wrong
    one says that the reading was not enough.
    """
    newest: dict[str, PageAnswerFact] = {}
    for answer in sorted(answers, key=lambda answer: answer.at):
        newest[answer.point] = answer
    put_right = {review.point: review.at for review in sorted(reviews, key=lambda review: review.at) if review.correct}
    missed = (answer for answer in newest.values() if not answer.correct)
    return frozenset(a.point for a in missed if a.point not in put_right or put_right[a.point] < a.at)


def rested_page_questions(
    pages: Mapping[str, str], last_read: Mapping[str, datetime], answers: Iterable[PageAnswerFact], at: datetime
) -> frozenset[str]:
    """The questions of pages that a booster may ask at `at`. `pages` gives for each question its page, `last_read` for each
    page that was read the moment. A question whose page was not read is not asked."""
    seen = {question: last_read[page] for question, page in pages.items() if page in last_read}
    for answer in answers:
        if answer.question_id in seen:
            seen[answer.question_id] = max(seen[answer.question_id], answer.at)
    return frozenset(question for question, moment in seen.items() if at >= moment + PAGE_QUESTION_REST)


def weakest_points(
    estimate: Mapping[str, float], points: Sequence[str], missed: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The five points that are remembered least; points with equal estimates come in the order of the course. Those that were
    `missed` on their page weigh more."""
    order = {point: number for number, point in enumerate(points)}
    weighed = {point: estimate[point] * (MISSED_ON_PAGE if point in missed else 1) for point in points}
    return tuple(sorted(points, key=lambda p: (weighed[p], order[p]))[:BOOSTER_QUESTIONS])


def points_to_ask(
    estimate: Mapping[str, float], points: Sequence[str], asked: Collection[str], missed: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The points of a booster that a learner begins: of `points`, those that they were asked about before and remember
    least; those `missed` on their page weigh more. What was never asked cannot be forgotten."""
    return weakest_points(estimate, tuple(point for point in points if point in asked), missed)


def interval_allows_booster(completed: date, sent: Sequence[SentBooster], on: date) -> bool:
    """Whether the intervals allow a booster, before the memory model is asked. `sent` are the boosters since the
    completion, oldest first."""
    if not sent:
        return on >= completed + FIRST_BOOSTER_AFTER
    are_ignored = len(sent) >= MAX_UNANSWERED and not any(one.answered for one in sent[-MAX_UNANSWERED:])
    return on >= sent[-1].on + MIN_BOOSTER_INTERVAL and not are_ignored


def is_booster_due(completed: date, sent: Sequence[SentBooster], estimate: Mapping[str, float], on: date) -> bool:
    """Whether a booster is due: the first about a month after the completion, later ones when the memory model says so."""
    if not interval_allows_booster(completed, sent, on):
        return False
    if not sent:
        return True
    weakest = [estimate[point] for point in weakest_points(estimate, tuple(estimate))]
    return sum(weakest) / len(weakest) < ESTIMATE_THRESHOLD
