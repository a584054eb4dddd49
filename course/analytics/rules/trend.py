"""The trend of a group's share of right answers from month to month."""

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
    """The periods of a group (its `teams`; None: everybody) that may be published, in order.

    `rows` are those of everybody. Small months are merged as for everybody, so that all groups have the same periods:
    if a team had periods of its own, the difference to those of the team above could disclose a few people.
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
    """Suppress the smallest periods until the suppressed ones have no people or enough.

    The difference between the learning points together and the periods together discloses the answers in between.
    """
    periods = list(shown)
    while periods and 0 < len(_people_outside(periods, rows)) < SMALLEST_GROUP:
        periods.remove(min(periods, key=lambda month: (len(month.people), month.first)))
    return periods


def _people_outside(months: Sequence[TrendPeriod], rows: Sequence[MonthlyAnswers]) -> set[int]:
    return {row.person for row in rows if not any(month.first <= row.month <= month.last for month in months)}
