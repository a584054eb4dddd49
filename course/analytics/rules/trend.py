"""The trend of a group's share of right answers from month to month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

from course.analytics.rules.groups import (
    SMALLEST_GROUP,
    MonthlyAnswers,
    TrendPeriod,
    merge_small_periods,
    monthly_totals,
    period_totals,
)
from course.analytics.rules.suppression import TeamTree


def trends(
    rows: Sequence[MonthlyAnswers], parents: Mapping[int, int | None], groups: Mapping[int, Set[int] | None]
) -> dict[int, list[TrendPeriod]]:
    """The periods of each group (its teams; None: everybody) that may be published, in order.

    `rows` are those of everybody. Small months are merged as for everybody, so that all groups have the same periods:
    if a team had periods of its own, the difference to those of the team above could disclose a few people.
    """
    shown: dict[int, list[TrendPeriod]] = {group: [] for group in groups}
    by_team, tree = _by_team(rows), TeamTree(parents)
    for span in merge_small_periods(monthly_totals(rows)):
        within = _by_team([row for row in rows if span.first <= row.month <= span.last])
        people = tree.count({team: len({row.person for row in of}) for team, of in within.items()})
        for group, teams in groups.items():
            if people.published(group):
                shown[group].append(period_totals(span.first, span.last, _of_teams(within, teams)))
    return {
        group: _suppress_small_remainder(periods, _of_teams(by_team, groups[group])) for group, periods in shown.items()
    }


def _by_team(rows: Sequence[MonthlyAnswers]) -> dict[int, list[MonthlyAnswers]]:
    found: dict[int, list[MonthlyAnswers]] = defaultdict(list)
    for row in rows:
        found[row.team].append(row)
    return found


def _of_teams(rows: Mapping[int, list[MonthlyAnswers]], teams: Set[int] | None) -> list[MonthlyAnswers]:
    return [row for team in (rows if teams is None else teams & rows.keys()) for row in rows[team]]


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
