"""What may be said of a group without saying it of a person, and how sure a share is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

SMALLEST_GROUP = 5  # people; a smaller group is never broken down
_Z = 1.959963984540054  # the 97.5 % point of the standard normal distribution


@dataclass(frozen=True)
class Share:
    """`right` of `n` answers, as shares from 0 to 1 with the 95 % interval from `low` to `high`."""

    right: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.right / self.n


def share(right: int, n: int) -> Share | None:
    """The share with Wilson's score interval (E. B. Wilson, 1927), good for few answers too; None of no answers.

    Raises ValueError if `right` is not between 0 and `n`.
    """
    if not 0 <= right <= n:
        raise ValueError(f"{right} of {n} is no share")
    if not n:
        return None
    p, z2 = right / n, _Z * _Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Share(right, n, 0.0 if right == 0 else middle - half, 1.0 if right == n else middle + half)


@dataclass(frozen=True)
class MonthlyAnswers:
    """What one person, of one team (0: of none), answered in a month such as "2026-11": `right` of `n`."""

    month: str
    team: int
    person: int
    right: int
    n: int


@dataclass(frozen=True)
class TrendPeriod:
    """What a group answered from the first to the last month, both "2026-11" and included."""

    first: str
    last: str
    people: frozenset[int]
    right: int
    n: int


def period_totals(first: str, last: str, rows: Sequence[MonthlyAnswers]) -> TrendPeriod:
    """What these people answered from the first to the last month."""
    people = frozenset(row.person for row in rows)
    return TrendPeriod(first, last, people, sum(row.right for row in rows), sum(row.n for row in rows))


def monthly_totals(rows: Iterable[MonthlyAnswers]) -> list[TrendPeriod]:
    """What everybody answered in each month in which anybody did, in order."""
    found: dict[str, list[MonthlyAnswers]] = {}
    for row in rows:
        found.setdefault(row.month, []).append(row)
    return [period_totals(month, month, found[month]) for month in sorted(found)]


def merge_small_periods(months: Sequence[TrendPeriod]) -> tuple[TrendPeriod, ...]:
    """Months in order, each joined with later ones until it holds SMALLEST_GROUP people.

    A last one that is too small goes to the one before. If all together are too few, nothing is left.
    """
    done: list[TrendPeriod] = []
    open_: TrendPeriod | None = None
    for month in months:
        open_ = _merge_periods(open_, month) if open_ else month
        if len(open_.people) >= SMALLEST_GROUP:
            done.append(open_)
            open_ = None
    if open_ and done:
        done[-1] = _merge_periods(done[-1], open_)
    return tuple(done)


def _merge_periods(one: TrendPeriod, other: TrendPeriod) -> TrendPeriod:
    return TrendPeriod(one.first, other.last, one.people | other.people, one.right + other.right, one.n + other.n)
