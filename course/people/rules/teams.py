"""The tree of teams, and what a team has from those above it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar


def team_subtree(team: int, parents: Mapping[int, int | None]) -> set[int]:
    """The team and all below it. `parents` gives for each team the one that it is part of."""
    children: dict[int | None, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    found, waiting = set[int](), [team]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(children.get(one, ()))
    return found


# What a team may set for itself and all below it (people/models.py: TeamSetting).
TEAM_SETTINGS = ("nation", "title", "pathway")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Inherited(Generic[Value]):
    """A value that holds for a team, and the team at which it was set: the team itself or one above it."""

    value: Value
    team_id: int


def team_and_above(team: int, parents: Mapping[int, int | None]) -> list[int]:
    """The team and those above it, the nearest first. A team that `parents` does not know, because it is closed, is left
    out with all above it."""
    found: list[int] = []
    current: int | None = team
    while current is not None and current in parents and current not in found:
        found.append(current)
        current = parents[current]
    return found


def inherited(team: int, parents: Mapping[int, int | None], values: Mapping[int, Value]) -> Inherited[Value] | None:
    """The value that holds for a team: that of the nearest among itself and the teams above it; None if none has one."""
    for one in team_and_above(team, parents):
        if one in values:
            return Inherited(values[one], one)
    return None


def inherited_in_teams(
    teams: Iterable[int], parents: Mapping[int, int | None], values: Mapping[int, Value]
) -> Inherited[Value] | None:
    """The value that holds for a person in these teams, in the order in which they joined them: that of the first team for
    which one holds. A team for which none holds decides nothing, so that a working group hides no site."""
    found = (inherited(team, parents, values) for team in teams)
    return next((one for one in found if one is not None), None)


@dataclass(frozen=True)
class RecordedPathway:
    """The newest choice of a pathway for a person. `team_id` is the team whose pathway it is, None if it was chosen for
    the person. Without a pathway it is the organisation's usual one."""

    pathway: str | None = None
    team_id: int | None = None


def pathway_to_record(known: RecordedPathway, teams: Inherited[str] | None) -> RecordedPathway | None:
    """What is to be recorded for a person whose teams have this pathway, None if nothing changes.

    What was chosen for the person stays whatever team they are in; otherwise the teams decide, and without them the
    organisation.
    """
    if known.pathway is not None and known.team_id is None:
        return None
    wanted = RecordedPathway(teams.value, teams.team_id) if teams else RecordedPathway()
    return None if wanted == known else wanted
