"""All that an administrator sees of one person, who has left, and who runs the course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Employment, Membership, Person, RoleGrant, Team
from course.people.queries import BY_NAME, CREDENTIAL, PathwayView, PersonView, overview, pathway_of
from course.staff.models import PersonChange


@dataclass(frozen=True)
class Bond:
    """Somebody belongs to a team, or has a role (`role` is None for a team), from one moment until another."""

    id: int
    role: str | None
    team_id: int | None
    team: str | None
    since: datetime
    until: datetime | None

    @property
    def words(self) -> str:
        if self.role is None:
            return self.team or ""
        return f"Manager of {self.team}" if self.role == "manager" else self.role.capitalize()


@dataclass(frozen=True)
class Was:
    """What somebody was called until `at`, and who changed it why (`by` is None for a command)."""

    name: str
    email: str
    staff_number: str | None
    reason: str
    by: str | None
    at: datetime


@dataclass(frozen=True)
class Stay:
    """A stay as it was recorded: `end` is the last day, None while it goes on."""

    start: date
    end: date | None
    reason: str


@dataclass(frozen=True)
class Sheet:
    """One person. `seen` is how the list shows them, None once they have left."""

    person: Person
    seen: PersonView | None
    pathway: PathwayView | None
    teams: tuple[Bond, ...]
    roles: tuple[Bond, ...]
    earlier: tuple[Bond, ...]
    changes: tuple[Was, ...]
    stays: tuple[Stay, ...]

    @property
    def administrator(self) -> bool:
        return any(bond.role == "administrator" for bond in self.roles)


def sheet(session: Session, person_id: int) -> Sheet | None:
    """Everything about one person; None if there is nobody. Seven small queries, whatever there is."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    teams, roles = _memberships(session, person_id), _roles(session, person_id)
    return Sheet(
        person=person,
        seen=overview(session, person_id),
        pathway=pathway_of(session, person_id),
        teams=tuple(bond for bond in teams if bond.until is None),
        roles=tuple(bond for bond in roles if bond.until is None),
        earlier=tuple(sorted((bond for bond in (*teams, *roles) if bond.until), key=lambda bond: bond.since)),
        changes=tuple(_changes(session, person_id)),
        stays=tuple(_stays(session, person_id)),
    )


def _memberships(session: Session, person_id: int) -> list[Bond]:
    rows = session.execute(
        select(Membership.id, Membership.team_id, Team.name, Membership.since, Membership.until)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.since, Membership.id)
    )
    return [Bond(row.id, None, row.team_id, row.name, row.since, row.until) for row in rows]


def _roles(session: Session, person_id: int) -> list[Bond]:
    rows = session.execute(
        select(RoleGrant.id, RoleGrant.role, RoleGrant.team_id, Team.name, RoleGrant.since, RoleGrant.until)
        .outerjoin(Team, Team.id == RoleGrant.team_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.since, RoleGrant.id)
    )
    return [Bond(row.id, row.role, row.team_id, row.name, row.since, row.until) for row in rows]


def _changes(session: Session, person_id: int) -> list[Was]:
    by = aliased(Person)
    rows = session.execute(
        select(PersonChange, by.name)
        .outerjoin(by, by.id == PersonChange.changed_by)
        .where(PersonChange.person_id == person_id)
        .order_by(PersonChange.id.desc())
    )
    return [Was(row.name, row.email, row.staff_number, row.reason, name, row.changed_at) for row, name in rows]


def _stays(session: Session, person_id: int) -> list[Stay]:
    """The stays, oldest first; of those that begin on the same day, what was recorded last."""
    rows = select(Employment).where(Employment.person_id == person_id).order_by(Employment.id)
    newest = {row.start: Stay(row.start, row.end, row.reason) for row in session.execute(rows).scalars()}
    return [newest[start] for start in sorted(newest)]


def name_on(session: Session, person_id: int, at: datetime) -> str | None:
    """What somebody was called at a moment; None if there is nobody."""
    first = (
        select(PersonChange.name)
        .where(PersonChange.person_id == person_id, PersonChange.changed_at > at)
        .order_by(PersonChange.id)
        .limit(1)
    )
    before = session.execute(first).scalar()
    return before or session.execute(select(Person.name).where(Person.id == person_id)).scalar()


def left(session: Session) -> list[Person]:
    """Who has left, the latest first; without those whose name is not kept any more."""
    rows = (
        select(Person)
        .where(Person.left_at.is_not(None), Person.erased_at.is_(None))
        .order_by(Person.left_at.desc(), *BY_NAME)
    )
    return list(session.execute(rows).scalars())


def administrators(session: Session) -> list[int]:
    """Who can run the course: administrators who are here and have chosen a password, by id.

    In a transaction that writes, whoever else asks for them waits until it has ended: two of them cannot take each
    other's role away at the same moment.
    """
    rows = (
        select(RoleGrant.person_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "administrator", RoleGrant.until.is_(None), Person.left_at.is_(None))
        .where(exists().where(CREDENTIAL.c.person_id == Person.id))
        .order_by(RoleGrant.id)
    )
    return list(session.execute(rows).scalars())
