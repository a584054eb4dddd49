"""Which teams may have a page of their own, so that nobody can be worked out from two pages."""

from __future__ import annotations

from collections.abc import Mapping, Set

from course.insight.rules.groups import SMALLEST_GROUP

ALL = 0  # stands for the whole organisation; a team's id is never 0


def open_teams(parents: Mapping[int, int | None], people: Mapping[int, Set[int]], everybody: Set[int]) -> set[int]:
    """The teams, and ALL, whose answers may be shown.

    `parents` says what each team is part of, `people` who of those that have answered is in it or below it.
    A group needs SMALLEST_GROUP people. The people of a shown group who are in none of the shown groups right below
    it are a group too: whoever takes one page from another sees their answers. If they are too few, the smallest
    group below is not shown either, until they are enough or nothing below is left.
    """
    if len(everybody) < SMALLEST_GROUP:
        return set()
    below: dict[int, list[int]] = {}
    for team, parent in parents.items():
        below.setdefault(ALL if parent is None or parent not in parents else parent, []).append(team)
    shown, waiting = set(), [(ALL, everybody)]
    while waiting:
        group, inside = waiting.pop()
        shown.add(group)
        large = [team for team in below.get(group, []) if len(people.get(team, frozenset())) >= SMALLEST_GROUP]
        large.sort(key=lambda team: (-len(people[team]), team))
        while large and 0 < len(inside - frozenset().union(*(people[team] for team in large))) < SMALLEST_GROUP:
            large.pop()
        waiting += [(team, people[team]) for team in large]
    return shown
