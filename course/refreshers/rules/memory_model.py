"""The memory model: an estimate of how likely a person remembers each learning point. The estimate never moves a date.

The model is FSRS 6 with its published parameters (the library `fsrs`), one card for each person and point. Only first
answers are evidence: the one stored answer to each question of each attempt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fsrs import Card, Rating, Scheduler

# Learning steps of minutes are meant for people who study a stack of cards in one sitting; here every answer is a review.
_SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
_RATING_IF_CORRECT = {"guessing": Rating.Hard, "fairly": Rating.Good, "sure": Rating.Easy}


@dataclass(frozen=True)
class MemoryReview:
    """A first answer to a question on a point, with the confidence of the person (None where it was not asked)."""

    point: str
    at: datetime
    correct: bool
    sureness: str | None = None


Memory = dict[str, Card]


def memory_from_reviews(reviews: Iterable[MemoryReview], before: Memory | None = None) -> Memory:
    """The state of memory after these answers, in the order of their times: a card for each point that was ever asked.

    `before` are cards to continue from; they are not changed.
    """
    cards = dict(before or {})
    for review in sorted(reviews, key=lambda review: review.at):
        rating = _RATING_IF_CORRECT.get(review.sureness or "fairly", Rating.Good) if review.correct else Rating.Again
        card = cards.get(review.point) or Card(card_id=1)
        cards[review.point], _ = _SCHEDULER.review_card(card, rating, review.at)
    return cards


def memory_estimates(memory: Memory, points: Iterable[str], at: datetime) -> dict[str, float]:
    """For each point the probability, from 0 to 1, that the person would answer a question on it correctly at `at`; 0
    for a point that they were never asked."""
    return {p: _SCHEDULER.get_card_retrievability(memory[p], at) if p in memory else 0.0 for p in points}
