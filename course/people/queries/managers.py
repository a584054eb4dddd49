"""Teams and who manages them: which teams have no manager, and which would lose their only one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from course.people.models import Membership, Person, RoleGrant, Team
from course.people.queries.names import BY_NAME
from course.people.queries.team_tree import TeamView, order_as_tree, teams
from course.people.queries.visibility import team_subtree as team_subtree_cte
from course.people.queries.visibility import visible_team_ids
from course.people.rules import Viewer, distinct_names, normalise_email


@dataclass(frozen=True)
class TeamWithoutManager:
    """An open team that has people, in itself or below, and no manager of its own.

    `people` counts each person once. `managed_above` says whether somebody manages a team above it, and so sees its people.
    `after` is the last day of its last manager, if that is recorded beforehand; None if it has no manager now.
    """

    id: int
    name: str
    people: int
    managed_above: bool
    after: date | None = None


def teams_without_manager(
    session: Session,
    viewer: Viewer | None = None,
    known: tuple[Sequence[TeamView], Iterable[tuple[Sequence[int], int]]] | None = None,
) -> list[TeamWithoutManager]:
    """The teams that need a manager, in the order of the tree, at most three queries: those whose last manager went or has a
    last day recorded, and those with people whom no manager sees. A sub-team that never had a manager of its own is not
    listed while somebody manages a team above it. Below a team that is listed because no one manages it, none is listed for
    the same reason.

    With a viewer who does not see everyone, only teams that they see. `known` are the open teams, and how many
    people are in the same teams, if the caller has them.
    """
    tree, groups = _tree_with_groups(session) if known is None else known
    parents = {team.id: team.parent_id for team in tree}
    managed, once_managed = _managed_teams(session)
    people_below = _people_below(groups, parents)
    seen = _visible_ids(session, viewer)
    listed: dict[int, TeamWithoutManager] = {}
    for team in tree:
        if managed.get(team.id, date.min) is None:
            continue
        above = _teams_above(team.id, parents)
        managed_above = any(one in managed for one in above)
        covered = managed_above or any(one in listed and not listed[one].managed_above for one in above)
        people = people_below[team.id]
        if people and (team.id in once_managed or not covered):
            listed[team.id] = TeamWithoutManager(team.id, team.name, people, managed_above, managed.get(team.id))
    return [one for one in listed.values() if seen is None or one.id in seen]


def only_manager_of(session: Session, person_ids: Collection[int], grant_id: int | None = None) -> list[TeamView]:
    """The open teams that are managed by some of these people and by no one else who stays, in the order of the tree; with
    `grant_id` only the team of that role. Two queries."""
    managers: dict[int, set[int]] = {}
    going, of_grant = set(person_ids), set[int]()
    rows = (
        select(RoleGrant.id, RoleGrant.team_id, RoleGrant.person_id, Person.last_day)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "manager", RoleGrant.until.is_(None), Person.left_at.is_(None))
    )
    for number, team_id, person_id, last_day in session.execute(rows):
        if team_id is None:
            continue
        if last_day is None or person_id in going:
            managers.setdefault(team_id, set()).add(person_id)
        if number == grant_id:
            of_grant.add(team_id)
    return [
        team
        for team in teams(session)
        if managers.get(team.id) and managers[team.id] <= going and (grant_id is None or team.id in of_grant)
    ]


def manager_counts(session: Session) -> Counter[int]:
    """How many people who are here manage each team themselves. One query."""
    rows = (
        select(RoleGrant.team_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "manager", RoleGrant.until.is_(None), Person.left_at.is_(None))
    )
    return Counter(team_id for team_id in session.execute(rows).scalars() if team_id is not None)


def _managed_teams(session: Session) -> tuple[dict[int, date | None], set[int]]:
    """The teams that somebody who is here manages now, each with the day after which no one does (None: no such day is
    known); and those that somebody managed at some time."""
    rows = (
        select(RoleGrant.team_id, RoleGrant.until, Person.left_at, Person.last_day)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "manager")
    )
    found = session.execute(rows).all()
    last_days: dict[int, list[date | None]] = {}
    for row in found:
        if row.team_id is not None and row.until is None and row.left_at is None:
            last_days.setdefault(row.team_id, []).append(row.last_day)
    managed = {team: max(day for day in days if day) if None not in days else None for team, days in last_days.items()}
    return managed, {row.team_id for row in found if row.team_id is not None}


def _tree_with_groups(session: Session) -> tuple[list[TeamView], Iterable[tuple[Sequence[int], int]]]:
    """The open teams in the order of the tree, and how many people who are here are in the same teams. One query."""
    rows = (
        select(Team.id, Team.name, Team.parent_id, Person.id.label("person_id"))
        .outerjoin(Membership, and_(Membership.team_id == Team.id, Membership.until.is_(None)))
        .outerjoin(Person, and_(Person.id == Membership.person_id, Person.left_at.is_(None)))
        .where(Team.closed_at.is_(None))
    )
    found: dict[int, TeamView] = {}
    teams_of: dict[int, list[int]] = {}
    for team_id, name, parent_id, person_id in session.execute(rows):
        found.setdefault(team_id, TeamView(team_id, name, parent_id, 0))
        if person_id is not None:
            teams_of.setdefault(person_id, []).append(team_id)
    return order_as_tree(found.values()), [(own, 1) for own in teams_of.values()]


def _people_below(groups: Iterable[tuple[Sequence[int], int]], parents: dict[int, int | None]) -> Counter[int]:
    """How many people each team has with all below it, each counted once."""
    found: Counter[int] = Counter()
    for own, people in groups:
        for team_id in {one for team in own for one in (team, *_teams_above(team, parents))}:
            found[team_id] += people
    return found


def _visible_ids(session: Session, viewer: Viewer | None) -> set[int] | None:
    """The teams that the viewer sees; None for all."""
    if viewer is None or viewer.sees_everyone:
        return None
    return set(session.execute(visible_team_ids(viewer)).scalars())


def _teams_above(team_id: int, parents: dict[int, int | None]) -> list[int]:
    found: list[int] = []
    above = parents.get(team_id)
    while above is not None and above not in found:
        found.append(above)
        above = parents.get(above)
    return found


@dataclass(frozen=True)
class TeamManager:
    """Somebody who manages a team; `grant_id` is the row of the role, `last_day` one that is recorded beforehand."""

    grant_id: int
    person_id: int
    name: str
    last_day: date | None


def team_managers(session: Session, team_id: int) -> list[TeamManager]:
    """Who manages a team itself, by name. One query."""
    rows = session.execute(
        select(RoleGrant.id, Person.id.label("person_id"), Person.name, Person.email, Person.last_day)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.team_id == team_id, RoleGrant.until.is_(None), Person.left_at.is_(None))
        .order_by(*BY_NAME)
    ).all()
    names = distinct_names((row.person_id, row.name, row.email) for row in rows)
    return [TeamManager(row.id, row.person_id, names[row.person_id], row.last_day) for row in rows]


def possible_managers(session: Session, team_id: int, limit: int = 300) -> dict[int, str]:
    """The people of a team and of those below who are here and do not manage it, by name; each with their address where two
    have one name. One query."""
    below = team_subtree_cte([team_id])
    members = select(Membership.person_id).where(Membership.until.is_(None), Membership.team_id.in_(select(below.c.id)))
    managing = select(RoleGrant.person_id).where(RoleGrant.team_id == team_id, RoleGrant.until.is_(None))
    rows = select(Person.id, Person.name, Person.email).where(
        Person.left_at.is_(None), Person.last_day.is_(None), Person.id.in_(members), Person.id.not_in(managing)
    )
    found = session.execute(rows.order_by(*BY_NAME).limit(limit)).all()
    return distinct_names((row.id, row.name, row.email) for row in found)


def person_id_by_key(session: Session, text: str) -> int | None:
    """Who is here and has this e-mail address or staff number; None if there is nobody."""
    wanted = or_(Person.email == normalise_email(text), Person.staff_number == text.strip())
    found = session.execute(select(Person.id).where(wanted, Person.left_at.is_(None)).limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None
