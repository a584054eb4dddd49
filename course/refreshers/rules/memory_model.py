"""How likely somebody is to remember each learning point: an estimate, which never moves a date.

The model is FSRS 6 with its published parameters (the library `fsrs`), one card for each person and point. Evidence
are first answers only: the one answer that is kept for each question of each attempt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fsrs import Card, Rating, Scheduler

# Steps of minutes are for people who sit down with a stack of cards; here every answer is a review.
_SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
_RATING_IF_CORRECT = {"guessing": Rating.Hard, "fairly": Rating.Good, "sure": Rating.Easy}


@dataclass(frozen=True)
class MemoryReview:
    """A first answer to a question on a point, and how sure the person was (None where that was not asked)."""

    point: str
    at: datetime
    correct: bool
    sureness: str | None = None


Memory = dict[str, Card]


def memory_from_reviews(reviews: Iterable[MemoryReview], before: Memory | None = None) -> Memory:
    """What the answers, in the order of their times, have left: a card for each point that was ever asked.

    `before` are cards to go on from; they are not changed.
    """
    cards = dict(before or {})
    for review in sorted(reviews, key=lambda review: review.at):
        rating = _RATING_IF_CORRECT.get(review.sureness or "fairly", Rating.Good) if review.correct else Rating.Again
        card = cards.get(review.point) or Card(card_id=1)
        cards[review.point], _ = _SCHEDULER.review_card(card, rating, review.at)
    return cards


def memory_estimates(memory: Memory, points: Iterable[str], at: datetime) -> dict[str, float]:
    """For each point the chance, from 0 to 1, that the person would answer a question on it rightly at `at`;
    0 for a point that they were never asked."""
    return {p: _SCHEDULER.get_card_retrievability(memory[p], at) if p in memory else 0.0 for p in points}
