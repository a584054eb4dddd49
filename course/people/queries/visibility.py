"""Whom a viewer may see, and about whom a viewer may record something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import CTE, ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Deputy, Membership, Person, RoleGrant, Team
from course.people.rules import Viewer, with_teams


def ids_visible_to(session: Session, viewer: Viewer, among: Collection[int] | None = None) -> list[int]:
    """The same people, only their ids; only those `among` these if they are given."""
    wanted = [] if among is None else [Person.id.in_(among)]
    return list(
        session.execute(select(Person.id).where(Person.left_at.is_(None), visible_condition(viewer), *wanted)).scalars()
    )


def ids_recordable_by(session: Session, viewer: Viewer, among: Collection[int]) -> list[int]:
    """Those of these people about whom the viewer may record something or do something: see `recordable_condition`."""
    wanted = Person.left_at.is_(None), Person.id.in_(among), recordable_condition(viewer)
    return list(session.execute(select(Person.id).where(*wanted)).scalars())


def may_record(session: Session, viewer: Viewer, person_id: int) -> bool:
    """Whether the viewer may record something about this person, or do something that concerns them."""
    return bool(ids_recordable_by(session, viewer, [person_id]))


def visible_team_ids(viewer: Viewer) -> Select[int]:
    """The teams that somebody sees and all below them, by id, as part of another query."""
    below = team_subtree(viewer.manages)
    return select(below.c.id)


def may_manage_team(session: Session, viewer: Viewer, team_id: int) -> bool:
    """Whether somebody may do something for a team: they are an administrator, or manage it or one above it
    themselves."""
    below = team_subtree(viewer.leads)
    return viewer.administrator or session.execute(select(below.c.id).where(below.c.id == team_id)).first() is not None


def team_subtree(teams: Iterable[int], name: str = "below") -> CTE:
    """The teams and all below them. Two of them in one query need different names."""
    below = select(Team.id).where(Team.id.in_(teams)).cte(name, recursive=True)
    child = aliased(Team)
    return below.union(select(child.id).where(child.parent_id == below.c.id))


def visible_condition(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.administrator:
        return Person.left_at.is_(None)
    if not viewer.manages:
        return Person.id == viewer.id
    return _member_condition(viewer.manages)


def recordable_condition(viewer: Viewer) -> ColumnElement[bool]:
    """About whom the viewer may record something: an administrator about everybody; a manager about the people of the
    teams that they manage themselves, but neither about themselves nor about a manager who made them their deputy.
    What they see only as a deputy they read."""
    if viewer.administrator:
        return Person.left_at.is_(None)
    others = Person.id.not_in((viewer.id, *viewer.appointed_by))
    return and_(others, _member_condition(viewer.leads))


def _member_condition(teams: Iterable[int]) -> ColumnElement[bool]:
    below = team_subtree(teams)
    members = select(Membership.person_id).where(Membership.until.is_(None), Membership.team_id.in_(select(below.c.id)))
    return Person.id.in_(members)


def viewers(session: Session, ids: Collection[int], today: date) -> dict[int, Viewer]:
    """What these people may see on that day, also as deputies; who has left is missing. Two queries."""
    here = select(Person.id, Person.name, Person.email, RoleGrant.role, RoleGrant.team_id).outerjoin(
        RoleGrant, (RoleGrant.person_id == Person.id) & RoleGrant.until.is_(None)
    )
    rows = session.execute(here.where(Person.id.in_(ids), Person.left_at.is_(None))).all()
    managed = select(Deputy.deputy_id, RoleGrant.team_id, Deputy.manager_id).join(
        RoleGrant, RoleGrant.person_id == Deputy.manager_id
    )
    lent = session.execute(
        managed.where(
            Deputy.deputy_id.in_(ids), Deputy.ended_at.is_(None), Deputy.until >= today,
            RoleGrant.role == "manager", RoleGrant.until.is_(None), RoleGrant.team_id.is_not(None),
        )
    ).all()  # fmt: skip
    managed_by: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row.role == "manager" and row.team_id is not None:
            managed_by[row.id].add(row.team_id)
    lent_to: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for number, team, manager in lent:
        if team is not None:
            lent_to[number].add((team, manager))
    bosses = {row.id for row in rows if row.role == "administrator"}
    return {
        row.id: with_teams(Viewer(row.id, row.name, row.email, row.id in bosses), managed_by[row.id], lent_to[row.id])
        for row in rows
    }
