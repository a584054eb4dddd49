"""What may be shown of a team, so that nobody can be worked out from one page or from several together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from course.analytics.rules.groups import SMALLEST_GROUP
from course.teams.rules import team_subtree

WHOLE_ORGANISATION = 0  # stands for the whole organisation, and for the people in no team; a team's id is never 0


def monday_of(day: date) -> date:
    """The Monday of that week: answers before it may be counted that day (see rules.moving)."""
    return day - timedelta(days=day.weekday())


def people_by_group(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> dict[int, int]:
    """How many people are in each team or below it, and in ALL.

    `parents` says what each open team is part of, `direct` how many are in each team itself: everybody in one only.
    """
    sums = dict.fromkeys([*parents, WHOLE_ORGANISATION], 0)
    for team, count in direct.items():
        at: int | None = team
        while at is not None and at in parents:
            sums[at] += count
            at = parents[at]
        sums[WHOLE_ORGANISATION] += count
    return sums


def excluded_teams(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> frozenset[int]:
    """The teams (0: those in none) whose people do not count for ALL.

    Both arguments are those of `inside`. Beside the teams at the top that are large enough there may be a few people, of
    whom nothing can be told: an administrator in no team, or a team of three. Would they count for ALL, then either it
    or a whole team could not be shown, for their sake.
    """
    people = people_by_group(parents, direct)
    large = {team for team in parents if parents[team] not in parents and people[team] >= SMALLEST_GROUP}
    within = {team for one in large for team in team_subtree(one, parents)}
    few = frozenset(direct.keys() - within)
    return few if large and 0 < sum(direct[team] for team in few) < SMALLEST_GROUP else frozenset()


def publishable_groups(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> set[int]:
    """The teams, and ALL, of which something may be shown: their answers at all, or those about one thing.

    Both arguments are those of `inside`, of the people who answered that. A group needs SMALLEST_GROUP people. The
    people of a shown group who are in none of the shown groups right below it are a group too: whoever takes one page
    from another sees their answers. If they are too few, the smallest group below is not shown either, until they are
    enough or nothing below is left.
    """
    people = people_by_group(parents, direct)
    if people[WHOLE_ORGANISATION] < SMALLEST_GROUP:
        return set()
    children: dict[int, list[int]] = {}
    for team, parent in parents.items():
        children.setdefault(WHOLE_ORGANISATION if parent is None or parent not in parents else parent, []).append(team)
    shown, waiting = set(), [WHOLE_ORGANISATION]
    while waiting:
        group = waiting.pop()
        shown.add(group)
        large = [team for team in children.get(group, []) if people[team] >= SMALLEST_GROUP]
        large.sort(key=lambda team: (-people[team], team))
        while large and 0 < people[group] - sum(people[team] for team in large) < SMALLEST_GROUP:
            large.pop()
        waiting += large
    return shown


def remainder_is_publishable(
    parents: Mapping[int, int | None], things: Iterable[Mapping[int, int]], group: int
) -> bool:
    """Whether what may not be shown of a group is from nobody, or surely from SMALLEST_GROUP people.

    `things` counts, for each thing, the people by team. Only then may a sum over all of them be shown too: whoever
    takes what is shown from it sees the rest.
    """
    hidden = [
        people_by_group(parents, direct)[group] for direct in things if not publishable_count(parents, direct, group)
    ]
    return not 0 < max(hidden, default=0) < SMALLEST_GROUP


def publishable_count(parents: Mapping[int, int | None], direct: Mapping[int, int], group: int) -> int:
    """How many people of a group a figure is about, or 0 if it may not be shown of that group."""
    return people_by_group(parents, direct)[group] if group in publishable_groups(parents, direct) else 0
