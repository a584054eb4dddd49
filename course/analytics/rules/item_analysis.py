"""Item statistics of classical test theory, as Moodle's quiz statistics define them. All variances and covariances
divide by n - 1. Only first attempts are to be passed in; how long an answer took plays no part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

# Below this nothing is said. The definitions name no number; with 30 answers the standard error of a correlation
# near 0 is still 0.19, and with fewer no index could be told from chance.
MIN_ANSWERS = 30


@dataclass(frozen=True)
class ItemResponse:
    """One first answer to a question. `mark` is 0 or 1; not answered is 0 and still counts.

    `rest` is the share (0 to 1) of the other questions of the same attempt that were right, or None if there were no
    others. A share, because attempts differ in length; where they do not, the indices are those of the sum.
    `chosen` are the indices of the options chosen.
    """

    mark: int
    rest: float | None
    chosen: tuple[int, ...] = ()


@dataclass(frozen=True)
class ItemStatistics:
    """The indices of one question in one version, each -100 to 100, or None where the formula has no value.

    `n` counts answers and is always known. `enough` is False below FLOOR: then all the others are None or empty.
    `options` counts for each option (by index) how many chose it.
    """

    n: int
    enough: bool
    facility: float | None = None
    discrimination: float | None = None
    efficiency: float | None = None
    options: tuple[int, ...] = ()


def item_statistics(results: Sequence[ItemResponse], options: int) -> ItemStatistics:
    """The figures of one question in one version with `options` options.

    Discrimination needs FLOOR answers that stand beside others in their attempt, of whichever n there are.
    """
    n = len(results)
    if n < MIN_ANSWERS:
        return ItemStatistics(n, enough=False)
    chosen = Counter(index for result in results for index in set(result.chosen))
    pairs = [(float(result.mark), result.rest) for result in results if result.rest is not None]
    marks, rests = [mark for mark, _ in pairs], [rest for _, rest in pairs]
    known = len(pairs) >= MIN_ANSWERS
    return ItemStatistics(
        n,
        enough=True,
        facility=100 * sum(result.mark for result in results) / n,
        discrimination=discrimination_index(marks, rests) if known else None,
        efficiency=discriminative_efficiency(marks, rests) if known else None,
        options=tuple(chosen[index] for index in range(options)),
    )


def discrimination_index(marks: Sequence[float], rests: Sequence[float]) -> float | None:
    """100 times the correlation of a question's marks with the rest; None if either never varies."""
    if _is_constant(marks) or _is_constant(rests):
        return None
    spread = sqrt(_covariance(marks, marks) * _covariance(rests, rests))
    return 100 * _covariance(marks, rests) / spread


def discriminative_efficiency(marks: Sequence[float], rests: Sequence[float]) -> float | None:
    """100 times the covariance over the greatest these marks could have, which is when both are sorted alike."""
    if _is_constant(marks) or _is_constant(rests):
        return None
    return 100 * _covariance(marks, rests) / _covariance(sorted(marks), sorted(rests))


def _is_constant(values: Sequence[float]) -> bool:
    # By comparison, not by a variance of 0: the mean of equal fractions need not be exactly one of them.
    return len(set(values)) < 2


def _covariance(xs: Sequence[float], ys: Sequence[float]) -> float:
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / (len(xs) - 1)
