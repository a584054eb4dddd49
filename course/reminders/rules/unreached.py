"""Who is told of managers whom no mail reaches, so that what waits in their teams reaches somebody. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from course.people.rules import team_and_above


def who_hears_of_managers(
    managed: Mapping[int, Collection[int]],
    parents: Mapping[int, int | None],
    unreached: Collection[int],
    reached: Collection[int],
) -> tuple[dict[int, set[int]], set[int]]:
    """For each recipient the managers without an address of whom they are told; and the managers of whom no manager is told,
    so that administrators are.

    `managed` are the teams that each manager manages themselves, `parents` the team above each open team. `unreached` are the
    managers without an address, `reached` those who get a weekly mail. Of each team the nearest managers above are told: a
    second manager of the same team first, because the names are in their own list.
    """
    by_team: dict[int, set[int]] = defaultdict(set)
    for manager in reached:
        for team in managed.get(manager, ()):
            by_team[team].add(manager)
    told: dict[int, set[int]] = defaultdict(set)
    untold: set[int] = set()
    for manager in unreached:
        for team in managed.get(manager, ()):
            if team not in parents:
                continue
            nearest = next((by_team[one] for one in team_and_above(team, parents) if by_team.get(one)), None)
            for recipient in nearest or ():
                told[recipient].add(manager)
            if not nearest:
                untold.add(manager)
    return dict(told), untold
