"""The tree of teams now or at a past moment, the members of teams, and the changes of a team."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, func, or_, select, union
from sqlalchemy.orm import Session

from course.people.models import Membership, Person, RoleGrant, Team, TeamChange
from course.people.queries import BY_NAME, TeamView, names_told_apart, order_as_tree
from course.people.rules import Scope, distinct_names
from course.teams.rules import TeamChangeView, team_subtree
from course.text import sort_key

TOP_LABEL = "the top"  # the name of the place of a team without a parent


def team_tree(session: Session, at: datetime) -> list[TeamView]:
    """The teams that were open at that moment, with their names and places of then, in tree order. Two queries."""
    teams = session.execute(
        select(Team.id, Team.name, Team.parent_id).where(
            Team.opened_at <= at, or_(Team.closed_at.is_(None), Team.closed_at > at)
        )
    )
    rows = {row.id: TeamView(row.id, row.name, row.parent_id, 0) for row in teams}
    # The changes are undone from the newest to the first one after that moment, which holds the state before it.
    later = select(TeamChange).where(TeamChange.changed_at > at).order_by(TeamChange.id.desc())
    for change in session.execute(later).scalars():
        if change.team_id in rows:
            rows[change.team_id] = TeamView(change.team_id, change.name, change.parent_id, 0)
    return order_as_tree(rows.values())


def parents_at(session: Session, at: datetime) -> dict[int, int | None]:
    """The parent of each team at that moment; for a team that was closed by then its last parent, or the team that it was
    merged into. Three queries."""
    closed = (
        select(TeamChange.team_id, func.coalesce(TeamChange.into_id, TeamChange.parent_id))
        .join(Team, Team.id == TeamChange.team_id)
        .where(TeamChange.kind != "changed", Team.closed_at <= at)
    )
    gone: dict[int, int | None] = dict(session.execute(closed).all())
    return gone | {one.id: one.parent_id for one in team_tree(session, at)}


def has_lost_teams_since(session: Session, scope: Scope, team_id: int | None, since: datetime, at: datetime) -> bool:
    """Whether a team that was in a scope at the moment `since` is in it no more at `at`; with a team, only that one and those
    below it count. A team that was merged is where the other one is. At most six queries."""
    if scope.everyone or at <= since:
        return False
    before, after = parents_at(session, since), parents_at(session, at)
    seen = set[int]().union(*(team_subtree(team, before) for team in scope.teams))
    if team_id is not None:
        seen &= team_subtree(team_id, before)
    return not seen <= set[int]().union(*(team_subtree(team, after) for team in scope.teams))


def tree_change_times(session: Session) -> set[datetime]:
    """The moments at which the tree changed. One query."""
    opened, closed = select(Team.opened_at), select(Team.closed_at).where(Team.closed_at.is_not(None))
    return set(session.execute(union(opened, closed, select(TeamChange.changed_at))).scalars())


def members_at(session: Session, team_id: int, at: datetime) -> list[int]:
    """The ids of the people who were members of a team, or of a team below it, at that moment."""
    subtree = team_subtree(team_id, {team.id: team.parent_id for team in team_tree(session, at)})
    rows = session.execute(_memberships_at(at).where(Membership.team_id.in_(subtree)))
    return sorted({row.person_id for row in rows})


def member_counts(session: Session, at: datetime) -> Counter[int]:
    """The number of members of each team at that moment, without the teams below it."""
    return Counter(row.team_id for row in session.execute(_memberships_at(at).distinct()))


def _memberships_at(at: datetime) -> Select[int, int]:
    """The memberships at a moment, as they were recorded then: a membership ends when a departure is recorded, which may be
    after the last day of the person."""
    return select(Membership.team_id, Membership.person_id).where(
        Membership.since <= at, or_(Membership.until.is_(None), Membership.until > at)
    )


@dataclass(frozen=True)
class NamedReference:
    """A person, or a team, by id and name."""

    id: int
    name: str


@dataclass(frozen=True)
class TeamDetail:
    """A team with the facts of its page; `closed_at` is None while it is open. `people` are its direct members."""

    id: int
    name: str
    parent: NamedReference | None
    opened_at: datetime
    closed_at: datetime | None
    below: tuple[NamedReference, ...]
    people: tuple[NamedReference, ...]
    managers: tuple[NamedReference, ...]
    changes: tuple[TeamChangeView, ...]


def team_detail(session: Session, team_id: int, at: datetime) -> TeamDetail | None:
    """A team with its present facts and its changes, newest first; None if there is none of that id. Four queries."""
    names = {row.id: row for row in session.execute(select(Team)).scalars()}
    found = names.get(team_id)
    if found is None:
        return None
    children = [
        NamedReference(one.id, one.name) for one in names.values() if one.parent_id == team_id and one.closed_at is None
    ]
    memberships = _memberships_at(at).where(Membership.team_id == team_id).subquery()
    login = func.coalesce(Person.email, Person.sign_in_name, "").label("email")
    people = select(Person.id, Person.name, login).where(Person.id.in_(select(memberships.c.person_id)))
    managers = (
        select(Person.id, Person.name, login)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role == "manager", RoleGrant.team_id == team_id)
        .where(RoleGrant.until.is_(None), Person.left_at.is_(None))
        .order_by(*BY_NAME)
    )
    return TeamDetail(
        found.id,
        found.name,
        NamedReference(found.parent_id, names[found.parent_id].name) if found.parent_id else None,
        found.opened_at,
        found.closed_at,
        tuple(sorted(children, key=lambda one: sort_key(one.name))),
        _named_references(session.execute(people.order_by(*BY_NAME)).all()),
        _named_references(session.execute(managers).all()),
        tuple(_team_changes(session, found, {number: one.name for number, one in names.items()})),
    )


def _named_references(people: Sequence[Row[int, str, str]]) -> tuple[NamedReference, ...]:
    return tuple(
        NamedReference(number, name)
        for number, name in distinct_names((row.id, row.name, row.email) for row in people).items()
    )


def _team_changes(session: Session, team: Team, names: dict[int, str]) -> list[TeamChangeView]:
    """The changes of a team, newest first. Each row holds the state before its change; the state after it is that before the
    next change."""
    changes = select(TeamChange).where(TeamChange.team_id == team.id).order_by(TeamChange.id.desc())
    rows = session.execute(changes).scalars().all()
    authors = names_told_apart(session, (row.changed_by for row in rows))
    found, name, place = [], team.name, _parent_name(names, team.parent_id)
    for row in rows:
        by = None if row.changed_by is None else authors[row.changed_by]
        into = names[row.into_id] if row.into_id else None
        before = _parent_name(names, row.parent_id)
        found.append(TeamChangeView(row.kind, row.name, before, name, place, into, row.reason, by, row.changed_at))
        name, place = row.name, before
    return found


def _parent_name(names: dict[int, str], parent: int | None) -> str:
    return TOP_LABEL if parent is None else names[parent]
