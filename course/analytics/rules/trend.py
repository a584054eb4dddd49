"""How the share of right answers of a group goes on from month to month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from course.analytics.rules.groups import (
    SMALLEST_GROUP,
    MonthlyAnswers,
    TrendPeriod,
    merge_small_periods,
    monthly_totals,
    period_totals,
)
from course.analytics.rules.suppression import publishable_count


def trend(
    rows: Sequence[MonthlyAnswers], parents: Mapping[int, int | None], group: int, teams: Set[int] | None
) -> list[TrendPeriod]:
    """The months of a group (its `teams`; None: everybody) that may be shown, in order.

    `rows` are those of everybody. Small months are joined as they are for everybody, so that all groups have the same
    ones: with others of its own, a team's could be taken from those of the team above and leave few people.
    """
    shown: list[TrendPeriod] = []
    for span in merge_small_periods(monthly_totals(rows)):
        within = [row for row in rows if span.first <= row.month <= span.last]
        direct = Counter(team for team, _ in {(row.team, row.person) for row in within})
        if publishable_count(parents, direct, group):
            own = [row for row in within if teams is None or row.team in teams]
            shown.append(period_totals(span.first, span.last, own))
    return _suppress_small_remainder(shown, [row for row in rows if teams is None or row.team in teams])


def _suppress_small_remainder(shown: list[TrendPeriod], rows: Sequence[MonthlyAnswers]) -> list[TrendPeriod]:
    """The months, without the smallest where those that are not shown would be left with few people: whoever takes
    all months from all learning points sees their answers."""
    left = list(shown)
    while left and 0 < len(_people_outside(left, rows)) < SMALLEST_GROUP:
        left.remove(min(left, key=lambda month: (len(month.people), month.first)))
    return left


def _people_outside(months: Sequence[TrendPeriod], rows: Sequence[MonthlyAnswers]) -> set[int]:
    return {row.person for row in rows if not any(month.first <= row.month <= month.last for month in months)}
