"""How the share of right answers of a group goes on from month to month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from course.analytics.rules.groups import SMALLEST_GROUP, Answered, Month, by_month, joined, together
from course.analytics.rules.suppression import people_shown


def trend(
    rows: Sequence[Answered], parents: Mapping[int, int | None], group: int, teams: Set[int] | None
) -> list[Month]:
    """The months of a group (its `teams`; None: everybody) that may be shown, in order.

    `rows` are those of everybody. Small months are joined as they are for everybody, so that all groups have the same
    ones: with others of its own, a team's could be taken from those of the team above and leave few people.
    """
    shown: list[Month] = []
    for span in joined(by_month(rows)):
        within = [row for row in rows if span.first <= row.month <= span.last]
        direct = Counter(team for team, _ in {(row.team, row.person) for row in within})
        if people_shown(parents, direct, group):
            own = [row for row in within if teams is None or row.team in teams]
            shown.append(together(span.first, span.last, own))
    return _with_a_rest(shown, [row for row in rows if teams is None or row.team in teams])


def _with_a_rest(shown: list[Month], rows: Sequence[Answered]) -> list[Month]:
    """The months, without the smallest where those that are not shown would be left with few people: whoever takes
    all months from all learning points sees their answers."""
    left = list(shown)
    while left and 0 < len(_people_beside(left, rows)) < SMALLEST_GROUP:
        left.remove(min(left, key=lambda month: (len(month.people), month.first)))
    return left


def _people_beside(months: Sequence[Month], rows: Sequence[Answered]) -> set[int]:
    return {row.person for row in rows if not any(month.first <= row.month <= month.last for month in months)}
