"""Item statistics of classical test theory, as Moodle's quiz statistics define them.

All variances and covariances divide by n - 1. Callers pass first answers only; response times play no part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

# With fewer answers no index is computed. The definitions name no number; with 30 answers the standard error of a correlation
# near 0 is still 0.19, and with fewer no index could be told from chance.
MIN_ANSWERS = 30


@dataclass(frozen=True)
class ItemResponse:
    """One first answer to a question. `score` is 0 or 1; not answered is 0 and still counts.

    `rest_score` is the share (0 to 1) of the other questions of the same attempt that were right, or None if there were
    no others. It is a share, because attempts differ in length; where they do not, the indices equal those of the sum.
    `options` are the indices of the options chosen.
    """

    score: int
    rest_score: float | None
    options: tuple[int, ...] = ()


@dataclass(frozen=True)
class ItemStatistics:
    """The indices of one question in one version, each -100 to 100, or None where the formula has no value.

    `answers` is always known. `is_sufficient` is False below MIN_ANSWERS: then all the others are None or empty.
    `options` gives for each option (by index) how many people chose it.
    """

    answers: int
    is_sufficient: bool
    facility: float | None = None
    discrimination: float | None = None
    efficiency: float | None = None
    options: tuple[int, ...] = ()


def item_statistics(responses: Sequence[ItemResponse], options: int) -> ItemStatistics:
    """The statistics of one question in one version that has `options` options.

    Discrimination and efficiency need MIN_ANSWERS answers from attempts with other questions.
    """
    n = len(responses)
    if n < MIN_ANSWERS:
        return ItemStatistics(n, is_sufficient=False)
    chosen = Counter(index for response in responses for index in set(response.options))
    pairs = [(float(one.score), one.rest_score) for one in responses if one.rest_score is not None]
    scores, rest_scores = [score for score, _ in pairs], [rest for _, rest in pairs]
    has_pairs = len(pairs) >= MIN_ANSWERS
    return ItemStatistics(
        n,
        is_sufficient=True,
        facility=100 * sum(response.score for response in responses) / n,
        discrimination=discrimination_index(scores, rest_scores) if has_pairs else None,
        efficiency=discriminative_efficiency(scores, rest_scores) if has_pairs else None,
        options=tuple(chosen[index] for index in range(options)),
    )


def discrimination_index(scores: Sequence[float], rest_scores: Sequence[float]) -> float | None:
    """100 times the correlation of a question's scores with the rest scores; None if either never varies."""
    if _is_constant(scores) or _is_constant(rest_scores):
        return None
    spread = sqrt(_covariance(scores, scores) * _covariance(rest_scores, rest_scores))
    return 100 * _covariance(scores, rest_scores) / spread


def discriminative_efficiency(scores: Sequence[float], rest_scores: Sequence[float]) -> float | None:
    """100 times the covariance divided by the greatest possible one, which both have when they are sorted alike."""
    if _is_constant(scores) or _is_constant(rest_scores):
        return None
    return 100 * _covariance(scores, rest_scores) / _covariance(sorted(scores), sorted(rest_scores))


def _is_constant(values: Sequence[float]) -> bool:
    # By comparison, not by a variance of 0: the mean of equal fractions need not be exactly one of them.
    return len(set(values)) < 2


def _covariance(xs: Sequence[float], ys: Sequence[float]) -> float:
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / (len(xs) - 1)
