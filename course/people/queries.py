"""Who is there, who belongs where, and whom a viewer may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, and_, column, select, table
from sqlalchemy.orm import Session, aliased

from course.people.models import Membership, Person, RoleGrant, Team
from course.people.rules import Viewer, plain_email

# Sign-in is built on top of people, so its table is named here and not imported: whoever has a row in it
# has chosen a password.
_CREDENTIAL = table("credential", column("person_id"))


@dataclass(frozen=True)
class PersonView:
    """One person as a list shows them. `roles` are in words; `active` once they have chosen a password."""

    id: int
    name: str
    email: str
    teams: tuple[str, ...]
    roles: tuple[str, ...]
    active: bool


@dataclass(frozen=True)
class TeamView:
    """A team that is open; `depth` is 0 at the top of the tree."""

    id: int
    name: str
    parent_id: int | None
    depth: int


def person(session: Session, person_id: int) -> Person | None:
    """The person, whether they are still here or have left."""
    return session.get(Person, person_id)


def person_by_email(session: Session, email: str) -> Person | None:
    """The person with this address, in any spelling of its capitals."""
    return session.execute(select(Person).where(Person.email == plain_email(email))).scalar_one_or_none()


def people_visible_to(session: Session, viewer: Viewer) -> list[PersonView]:
    """The people who are still here and whom the viewer may see, by name.

    An administrator sees everyone; a manager the members of the teams they manage and of all below;
    everyone else only themselves.
    """
    return _views(session, _visible(viewer))


def overview(session: Session, person_id: int) -> PersonView | None:
    """One person as a list shows them; None when they have left."""
    return next(iter(_views(session, Person.id == person_id)), None)


def _visible(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.administrator:
        return Person.left_at.is_(None)
    if not viewer.manages:
        return Person.id == viewer.id
    below = select(Team.id).where(Team.id.in_(viewer.manages)).cte("below", recursive=True)
    child = aliased(Team)
    below = below.union(select(child.id).where(child.parent_id == below.c.id))
    members = select(Membership.person_id).where(Membership.until.is_(None), Membership.team_id.in_(select(below.c.id)))
    return Person.id.in_(members)


def _views(session: Session, which: ColumnElement[bool]) -> list[PersonView]:
    """One query; a person with several teams or roles comes in several rows, which are put together."""
    found: dict[int, PersonView] = {}
    for row in session.execute(_people(which)):
        known = found.get(row.id) or PersonView(row.id, row.name, row.email, (), (), row.active is not None)
        found[row.id] = replace(
            known,
            teams=_with(known.teams, row.team),
            roles=_with(known.roles, _role(row.role, row.manages)),
        )
    return list(found.values())


def _people(
    which: ColumnElement[bool],
) -> Select[int, str, str, str | None, str | None, str | None, int | None]:
    managed = aliased(Team)
    return (
        select(
            Person.id,
            Person.name,
            Person.email,
            Team.name.label("team"),
            RoleGrant.role,
            managed.name.label("manages"),
            _CREDENTIAL.c.person_id.label("active"),
        )
        .outerjoin(Membership, and_(Membership.person_id == Person.id, Membership.until.is_(None)))
        .outerjoin(Team, Team.id == Membership.team_id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.until.is_(None)))
        .outerjoin(managed, managed.id == RoleGrant.team_id)
        .outerjoin(_CREDENTIAL, _CREDENTIAL.c.person_id == Person.id)
        .where(Person.left_at.is_(None), which)
        .order_by(Person.name, Person.id, Team.name, RoleGrant.role, managed.name)
    )


def _role(role: str | None, team: str | None) -> str | None:
    return f"Manager of {team}" if role == "manager" else role.capitalize() if role else None


def _with(known: tuple[str, ...], new: str | None) -> tuple[str, ...]:
    return known if new is None or new in known else (*known, new)


def teams(session: Session) -> list[TeamView]:
    """The open teams in the order of the tree: each is followed by those below it, siblings by name."""
    statement = select(Team.id, Team.name, Team.parent_id).where(Team.closed_at.is_(None))
    rows = [TeamView(row.id, row.name, row.parent_id, 0) for row in session.execute(statement)]
    open_ids = {row.id for row in rows}
    below: dict[int | None, list[TeamView]] = {}
    for row in sorted(rows, key=lambda row: (row.name.casefold(), row.id)):
        # A team under one that is closed stands at the top, so that it is not lost from the list.
        below.setdefault(row.parent_id if row.parent_id in open_ids else None, []).append(row)
    return list(_in_tree_order(below, None, 0))


def _in_tree_order(below: dict[int | None, list[TeamView]], parent: int | None, depth: int) -> Iterable[TeamView]:
    for row in below.get(parent, ()):
        yield replace(row, depth=depth)
        yield from _in_tree_order(below, row.id, depth + 1)
