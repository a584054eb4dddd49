"""The tree of teams as it is or as it was, who was in it, and what became of a team."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, func, or_, select, union
from sqlalchemy.orm import Session

from course.people.models import Membership, Person, RoleGrant, Team, TeamChange
from course.people.queries import BY_NAME, TeamView, order_as_tree
from course.people.rules import distinct_names
from course.teams.rules import TeamChangeView, team_subtree
from course.text import sort_key

TOP_LABEL = "the top"  # what a team without a parent is part of


def team_tree(session: Session, at: datetime) -> list[TeamView]:
    """The teams that were open at that moment, as they were called and stood then, in tree order. Two queries."""
    teams = session.execute(
        select(Team.id, Team.name, Team.parent_id).where(
            Team.opened_at <= at, or_(Team.closed_at.is_(None), Team.closed_at > at)
        )
    )
    rows = {row.id: TeamView(row.id, row.name, row.parent_id, 0) for row in teams}
    # The last one that is applied is the first change after that moment: it says what was before it.
    later = select(TeamChange).where(TeamChange.changed_at > at).order_by(TeamChange.id.desc())
    for change in session.execute(later).scalars():
        if change.team_id in rows:
            rows[change.team_id] = TeamView(change.team_id, change.name, change.parent_id, 0)
    return order_as_tree(rows.values())


def parents_at(session: Session, at: datetime) -> dict[int, int | None]:
    """What each team was part of at that moment; of one that was closed by then, what it was part of or merged into.
    Three queries."""
    closed = (
        select(TeamChange.team_id, func.coalesce(TeamChange.into_id, TeamChange.parent_id))
        .join(Team, Team.id == TeamChange.team_id)
        .where(TeamChange.kind != "changed", Team.closed_at <= at)
    )
    gone: dict[int, int | None] = dict(session.execute(closed).all())
    return gone | {one.id: one.parent_id for one in team_tree(session, at)}


def tree_change_times(session: Session) -> set[datetime]:
    """The moments at which the tree changed. One query."""
    opened, closed = select(Team.opened_at), select(Team.closed_at).where(Team.closed_at.is_not(None))
    return set(session.execute(union(opened, closed, select(TeamChange.changed_at))).scalars())


def members_at(session: Session, team_id: int, at: datetime) -> list[int]:
    """The people who were at that moment in a team or in one that was below it then, by id."""
    wanted = team_subtree(team_id, {team.id: team.parent_id for team in team_tree(session, at)})
    rows = session.execute(_memberships_at(at).where(Membership.team_id.in_(wanted)))
    return sorted({row.person_id for row in rows})


def member_counts(session: Session, at: datetime) -> Counter[int]:
    """How many people each team had at that moment, without those in the teams below it."""
    return Counter(row.team_id for row in session.execute(_memberships_at(at).distinct()))


def _memberships_at(at: datetime) -> Select[int, int]:
    """Who was in which team at a moment, as it was known then: a membership ends when it is written down that somebody
    has left, which may be after their last day."""
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
    """A team with all that its page shows; `closed_at` is None while it is open. `people` are those directly in it."""

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
    """A team as it is now, and what became of it, newest first. Four queries."""
    names = {row.id: row for row in session.execute(select(Team)).scalars()}
    found = names.get(team_id)
    if found is None:
        return None
    children = [
        NamedReference(one.id, one.name) for one in names.values() if one.parent_id == team_id and one.closed_at is None
    ]
    there = _memberships_at(at).where(Membership.team_id == team_id).subquery()
    people = select(Person.id, Person.name, Person.email).where(Person.id.in_(select(there.c.person_id)))
    managers = (
        select(Person.id, Person.name, Person.email)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.team_id == team_id, RoleGrant.until.is_(None), Person.left_at.is_(None))
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


def _team_changes(session: Session, of: Team, names: dict[int, str]) -> list[TeamChangeView]:
    """What was done to a team, newest first. What came after a change is what was before the next one."""
    rows = session.execute(
        select(TeamChange, Person.name)
        .outerjoin(Person, Person.id == TeamChange.changed_by)
        .where(TeamChange.team_id == of.id)
        .order_by(TeamChange.id.desc())
    )
    found, name, place = [], of.name, _parent_name(names, of.parent_id)
    for row, by in rows:
        into = names[row.into_id] if row.into_id else None
        before = _parent_name(names, row.parent_id)
        found.append(TeamChangeView(row.kind, row.name, before, name, place, into, row.reason, by, row.changed_at))
        name, place = row.name, before
    return found


def _parent_name(names: dict[int, str], parent: int | None) -> str:
    return TOP_LABEL if parent is None else names[parent]
