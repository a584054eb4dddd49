"""What the groups of a person at a provider mean here: a table of groups, and what changes at a sign-in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

MAX_GROUP_ROWS = 100
MAX_GROUP_LENGTH = 255  # characters


@dataclass(frozen=True)
class GroupRow:
    """A row of the table: who is in `group` there is in the team here, has the role, and reads the pathway. A manager
    manages the team of the row."""

    group: str
    team_id: int | None = None
    role: str | None = None
    pathway: str | None = None


@dataclass(frozen=True, order=True)
class GroupGrant:
    """A team or a role that the table gives. `kind` is "team" or a role; `team_id` is 0 for a role of everything."""

    kind: str
    team_id: int = 0


@dataclass(frozen=True)
class GroupPlan:
    """What a sign-in changes: what is given now, and what was given by the table and is taken again."""

    give: tuple[GroupGrant, ...] = ()
    take: tuple[GroupGrant, ...] = ()


def matching_rows(table: Sequence[GroupRow], groups: Collection[str]) -> list[GroupRow]:
    """The rows whose group the person is in, in the order of the table. Groups are compared exactly."""
    return [row for row in table if row.group in groups]


def granted_by(rows: Sequence[GroupRow]) -> frozenset[GroupGrant]:
    """All that these rows give: every one of them counts for teams and roles."""
    teams = {GroupGrant("team", row.team_id) for row in rows if row.team_id is not None}
    roles = {GroupGrant(row.role, (row.team_id or 0) if row.role == "manager" else 0) for row in rows if row.role}
    return frozenset(teams | roles)


def pathway_of(rows: Sequence[GroupRow]) -> str | None:
    """The pathway of the first row that names one: nobody reads two."""
    return next((row.pathway for row in rows if row.pathway), None)


def plan_groups(
    table: Sequence[GroupRow],
    groups: Collection[str] | None,
    held: Collection[GroupGrant],
    given: Collection[GroupGrant],
) -> GroupPlan:
    """What to give and to take at a sign-in.

    `held` is what the person has now, `given` what of it the table gave earlier. What somebody gave by hand is never
    taken. Where the provider does not say the groups (None, such as for more groups than fit into a token), nothing changes.
    """
    if groups is None:
        return GroupPlan()
    due = granted_by(matching_rows(table, groups))
    take = sorted(grant for grant in given if grant not in due)
    return GroupPlan(tuple(sorted(due - set(held))), tuple(take))
