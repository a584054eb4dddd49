"""Whom a viewer may see, about whom a viewer may record something, and for whom a deputy acts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import CTE, ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Deputy, Membership, Person, RoleGrant, Team
from course.people.queries.roles import is_role_open
from course.people.rules import Viewer, with_grants


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


def ids_without_address(session: Session, viewer: Viewer) -> list[int]:
    """The people without an e-mail address to which mail can go, about whom the viewer may record something: whom they tell
    in person what others read in a mail."""
    no_address = or_(Person.email.is_(None), Person.email.like("%.invalid"))
    wanted = Person.left_at.is_(None), no_address, recordable_condition(viewer)
    return list(session.execute(select(Person.id).where(*wanted)).scalars())


def may_record(session: Session, viewer: Viewer, person_id: int) -> bool:
    """Whether the viewer may record something about this person, or do something that concerns them."""
    return bool(ids_recordable_by(session, viewer, [person_id]))


def has_permission_for(session: Session, viewer: Viewer, permission: str, person_id: int) -> bool:
    """Whether the viewer has a permission with respect to this person, who is here."""
    wanted = select(Person.id).where(Person.id == person_id, permitted_condition(viewer, permission))
    return permission in viewer.permissions and session.execute(wanted).first() is not None


def visible_team_ids(viewer: Viewer, permission: str = "see people") -> Select[int]:
    """The teams in which somebody has a permission and all below them, by id, as part of another query; for those who
    have it everywhere see `Viewer.scope`."""
    below = team_subtree(viewer.scope(permission).teams)
    return select(below.c.id)


def may_manage_team(session: Session, viewer: Viewer, team_id: int, permission: str = "act for people") -> bool:
    """Whether somebody may do something for a team: they may do it everywhere, or in the team or one above it."""
    if viewer.scope(permission).everyone:
        return True
    below = team_subtree(viewer.scope(permission).teams)
    return session.execute(select(below.c.id).where(below.c.id == team_id)).first() is not None


def team_subtree(teams: Iterable[int], name: str = "below") -> CTE:
    """The teams and all below them. Two of them in one query need different names."""
    below = select(Team.id).where(Team.id.in_(teams)).cte(name, recursive=True)
    child = aliased(Team)
    return below.union(select(child.id).where(child.parent_id == below.c.id))


def visible_condition(viewer: Viewer) -> ColumnElement[bool]:
    return permitted_condition(viewer, "see people")


def permitted_condition(viewer: Viewer, permission: str) -> ColumnElement[bool]:
    """The people with respect to whom somebody has a permission; without it, only themselves."""
    scope = viewer.scope(permission)
    if scope.everyone:
        return Person.left_at.is_(None)
    return _member_condition(scope.teams) if scope.teams else Person.id == viewer.id


def recordable_condition(viewer: Viewer) -> ColumnElement[bool]:
    """About whom the viewer may record something: an administrator about everybody; anybody else about the people for
    whom they may act, but neither about themselves nor about a manager who made them their deputy. What they only see
    they read."""
    if viewer.administrator:
        return Person.left_at.is_(None)
    others, scope = Person.id.not_in((viewer.id, *viewer.appointed_by)), viewer.scope("act for people")
    return and_(others, Person.left_at.is_(None) if scope.everyone else _member_condition(scope.teams))


def _member_condition(teams: Iterable[int]) -> ColumnElement[bool]:
    below = team_subtree(teams)
    members = select(Membership.person_id).where(Membership.until.is_(None), Membership.team_id.in_(select(below.c.id)))
    return Person.id.in_(members)


def viewers(session: Session, ids: Collection[int], today: date) -> dict[int, Viewer]:
    """What these people may see on that day, also as deputies; who has left is missing. Two queries."""
    here = select(Person.id, Person.name, Person.email, RoleGrant.role, RoleGrant.team_id).outerjoin(
        RoleGrant, and_(RoleGrant.person_id == Person.id, is_role_open(RoleGrant, today))
    )
    rows = session.execute(here.where(Person.id.in_(ids), Person.left_at.is_(None))).all()
    managed = select(Deputy.deputy_id, RoleGrant.team_id, Deputy.manager_id, Deputy.may_act).join(
        RoleGrant, RoleGrant.person_id == Deputy.manager_id
    )
    lent = session.execute(
        managed.where(
            Deputy.deputy_id.in_(ids), Deputy.ended_at.is_(None), Deputy.until >= today,
            RoleGrant.role == "manager", RoleGrant.until.is_(None), RoleGrant.team_id.is_not(None),
        )
    ).all()  # fmt: skip
    held: dict[int, set[tuple[str, int | None]]] = defaultdict(set)
    for row in rows:
        held[row.id].add((row.role, row.team_id))
    lent_to: dict[int, set[tuple[int, int, bool]]] = defaultdict(set)
    for number, team, manager, acts in lent:
        if team is not None:
            lent_to[number].add((team, manager, acts))
    return {
        row.id: with_grants(Viewer(row.id, row.name, row.email or ""), held[row.id], lent_to[row.id]) for row in rows
    }


def represented_managers(session: Session, viewer: Viewer, subject: tuple[str, int] | None) -> tuple[int, ...]:
    """The managers for whom the viewer acts as a deputy with respect to a person or team (its kind and its id); none
    where the viewer may act in their own right. At most two queries."""
    if subject is None or not viewer.acts or viewer.administrator or viewer.hr or subject == ("person", viewer.id):
        return ()
    kind, number = subject
    parents = {row.id: row.parent_id for row in session.execute(select(Team.id, Team.parent_id))}
    at = {number} if kind == "team" else set[int]()
    if kind == "person":
        memberships = select(Membership.team_id).where(Membership.person_id == number, Membership.until.is_(None))
        at = set(session.execute(memberships).scalars())
    above = set[int]()
    while at:
        above |= at
        at = {parent for one in at if (parent := parents.get(one)) is not None} - above
    if above.intersection(viewer.leads):
        return ()
    return tuple(sorted({manager for team, manager in viewer.acts if team in above}))


def has_lost_access_since(session: Session, person_id: int, since: datetime, since_day: date, today: date) -> bool:
    """Whether a role of somebody, or what a manager lent to them, has ended since that moment, which was on `since_day`:
    what was made for them before may hold more than they may see now. One query."""
    lent = select(Deputy.manager_id).where(Deputy.deputy_id == person_id, Deputy.until >= since_day)
    roles = select(RoleGrant.id).where(
        or_(
            and_(RoleGrant.person_id == person_id, RoleGrant.until >= since),
            and_(RoleGrant.person_id == person_id, RoleGrant.last_day >= since_day, RoleGrant.last_day < today),
            and_(RoleGrant.person_id.in_(lent), RoleGrant.until >= since),
        )
    )
    lendings = select(Deputy.id).where(
        Deputy.deputy_id == person_id,
        or_(Deputy.ended_at >= since, and_(Deputy.until >= since_day, Deputy.until < today)),
    )
    return bool(session.execute(select(or_(roles.exists(), lendings.exists()))).scalar_one())
