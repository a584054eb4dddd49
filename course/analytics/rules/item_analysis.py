"""Item statistics of classical test theory, as Moodle's quiz statistics define them.

All variances and covariances divide by n - 1. Callers pass first answers only; response times play no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from operator import mul
from typing import NamedTuple

# With fewer answers no index is computed. The definitions name no number; with 30 answers the standard error of a correlation
# near 0 is still 0.19, and with fewer no index could be told from chance.
MIN_ANSWERS = 30


class ItemResponses(NamedTuple):
    """The first answers to a question that were given alike. `score` is 0 or 1; not answered is 0 and still counts.

    `rest_scores` gives for each of them the share (0 to 1) of the other questions of the same attempt that were right, or
    None if there were no others. It is a share, because attempts differ in length; where they do not, the indices equal
    those of the sum. `options` are the indices of the options chosen.
    """

    score: int
    rest_scores: tuple[float | None, ...]
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


def item_statistics(responses: Sequence[ItemResponses], options: int) -> ItemStatistics:
    """The statistics of one question in one version that has `options` options.

    Discrimination and efficiency need MIN_ANSWERS answers from attempts with other questions.
    """
    n = sum([len(alike.rest_scores) for alike in responses])
    if n < MIN_ANSWERS:
        return ItemStatistics(n, is_sufficient=False)
    right = 0
    chosen = [0] * options
    scores: list[float] = []
    rest_scores: list[float] = []
    for score, rests, indices in responses:
        right += score * len(rests)
        for index in set(indices):
            if 0 <= index < options:
                chosen[index] += len(rests)
        known = [rest for rest in rests if rest is not None]
        scores += [float(score)] * len(known)
        rest_scores += known
    discrimination, efficiency = _indices(scores, rest_scores) if len(scores) >= MIN_ANSWERS else (None, None)
    return ItemStatistics(n, True, 100 * right / n, discrimination, efficiency, tuple(chosen))


def discrimination_index(scores: Sequence[float], rest_scores: Sequence[float]) -> float | None:
    """100 times the correlation of a question's scores with the rest scores; None if either never varies."""
    return _indices(scores, rest_scores)[0]


def discriminative_efficiency(scores: Sequence[float], rest_scores: Sequence[float]) -> float | None:
    """100 times the covariance divided by the greatest possible one, which both have when they are sorted alike."""
    return _indices(scores, rest_scores)[1]


def _indices(scores: Sequence[float], rest_scores: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    """Discrimination and efficiency. They share the deviations from the means, which take most of the time."""
    sorted_rests = sorted(rest_scores)
    # By comparison, not by a variance of 0: the mean of equal fractions need not be exactly one of them.
    if not scores or scores.count(scores[0]) == len(scores) or sorted_rests[0] == sorted_rests[-1]:
        return None, None
    xs, ys = _deviations(scores), _deviations(rest_scores)
    covariance = _covariance(xs, ys)
    spread = sqrt(_covariance(xs, xs) * _covariance(ys, ys))
    xs.sort()
    greatest = _covariance(xs, _deviations(sorted_rests))
    return 100 * covariance / spread, 100 * covariance / greatest


def _deviations(values: Sequence[float]) -> list[float]:
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def _covariance(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of two lists of deviations from their means."""
    products: Iterable[float] = map(mul, xs, ys)
    return sum(products) / (len(xs) - 1)
