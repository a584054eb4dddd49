"""What may be shown of a team, so that nobody can be worked out from one page or from several together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from course.insight.rules.groups import SMALLEST_GROUP

ALL = 0  # stands for the whole organisation, and for the people in no team; a team's id is never 0


def counted_until(today: date) -> date:
    """Answers before this day count: a Monday. Who looks before and after somebody answers sees the same page."""
    return today - timedelta(days=today.weekday())


def counted_for(day: date, today: date) -> date:
    """Before which day answers count in what is said of a day. Of a past one it is the first of its month: who asks
    for one day after the other must not see what one person answered in between."""
    return day.replace(day=1) if day < today else counted_until(today)


def inside(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> dict[int, int]:
    """How many people are in each team or below it, and in ALL.

    `parents` says what each open team is part of, `direct` how many are in each team itself: everybody in one only.
    """
    sums = dict.fromkeys([*parents, ALL], 0)
    for team, count in direct.items():
        at: int | None = team
        while at is not None and at in parents:
            sums[at] += count
            at = parents[at]
        sums[ALL] += count
    return sums


def open_teams(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> set[int]:
    """The teams, and ALL, of which something may be shown: their answers at all, or those about one thing.

    Both arguments are those of `inside`, of the people who answered that. A group needs SMALLEST_GROUP people. The
    people of a shown group who are in none of the shown groups right below it are a group too: whoever takes one page
    from another sees their answers. If they are too few, the smallest group below is not shown either, until they are
    enough or nothing below is left.
    """
    people = inside(parents, direct)
    if people[ALL] < SMALLEST_GROUP:
        return set()
    below: dict[int, list[int]] = {}
    for team, parent in parents.items():
        below.setdefault(ALL if parent is None or parent not in parents else parent, []).append(team)
    shown, waiting = set(), [ALL]
    while waiting:
        group = waiting.pop()
        shown.add(group)
        large = [team for team in below.get(group, []) if people[team] >= SMALLEST_GROUP]
        large.sort(key=lambda team: (-people[team], team))
        while large and 0 < people[group] - sum(people[team] for team in large) < SMALLEST_GROUP:
            large.pop()
        waiting += large
    return shown


def rest_is_large(parents: Mapping[int, int | None], things: Iterable[Mapping[int, int]], group: int) -> bool:
    """Whether what may not be shown of a group is from nobody, or surely from SMALLEST_GROUP people.

    `things` counts, for each thing, the people by team. Only then may a sum over all of them be shown too: whoever
    takes what is shown from it sees the rest.
    """
    hidden = [inside(parents, direct)[group] for direct in things if not people_shown(parents, direct, group)]
    return not 0 < max(hidden, default=0) < SMALLEST_GROUP


def people_shown(parents: Mapping[int, int | None], direct: Mapping[int, int], group: int) -> int:
    """How many people of a group a figure is about, or 0 if it may not be shown of that group."""
    return inside(parents, direct)[group] if group in open_teams(parents, direct) else 0
