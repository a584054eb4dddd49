"""Shares of right answers with their confidence interval, and periods that are long enough to be published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

SMALLEST_GROUP = 5  # people; figures of a smaller group are suppressed
_Z = 1.959963984540054  # the 97.5 % point of the standard normal distribution


@dataclass(frozen=True)
class Share:
    """The share `right` of `n` answers, from 0 to 1, with the 95 % confidence interval from `low` to `high`."""

    right: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.right / self.n


def share(right: int, n: int) -> Share | None:
    """The share with Wilson's score interval (E. B. Wilson, 1927), which is good for few answers too; None if `n` is 0.

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
    """The answers of one person, in one team (0: in none), in a month such as "2026-11": `right` of `n`."""

    month: str
    team: int
    person: int
    right: int
    n: int


@dataclass(frozen=True)
class TrendPeriod:
    """The answers of a group from the first to the last month, such as "2026-11", both included."""

    first: str
    last: str
    people: frozenset[int]
    right: int
    n: int


def period_totals(first: str, last: str, rows: Sequence[MonthlyAnswers]) -> TrendPeriod:
    """The sum of these rows as one period."""
    people = frozenset(row.person for row in rows)
    return TrendPeriod(first, last, people, sum(row.right for row in rows), sum(row.n for row in rows))


def monthly_totals(rows: Iterable[MonthlyAnswers]) -> list[TrendPeriod]:
    """The answers of everybody in each month that has any, in order."""
    found: dict[str, list[MonthlyAnswers]] = {}
    for row in rows:
        found.setdefault(row.month, []).append(row)
    return [period_totals(month, month, found[month]) for month in sorted(found)]


def merge_small_periods(months: Sequence[TrendPeriod]) -> tuple[TrendPeriod, ...]:
    """Merge each month with later ones until the period has SMALLEST_GROUP people. Periods in order.

    A last period that is too small is merged into the one before. If all months together have too few people, the
    result is empty.
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


def _merge_periods(earlier: TrendPeriod, later: TrendPeriod) -> TrendPeriod:
    return TrendPeriod(
        earlier.first,
        later.last,
        earlier.people | later.people,
        earlier.right + later.right,
        earlier.n + later.n,
    )
