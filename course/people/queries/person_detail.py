"""All that an administrator sees of one person, who has left, and who runs the course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Employment, Membership, Person, PersonChange, RoleGrant, Team
from course.people.queries.directory import (
    BY_NAME,
    CREDENTIAL,
    PathwayView,
    PersonView,
    chosen_pathway,
    person_overview,
)


@dataclass(frozen=True)
class Assignment:
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
class PreviousIdentity:
    """What somebody was called until `at`, and who changed it why (`by` is None for a command)."""

    name: str
    email: str
    staff_number: str | None
    reason: str
    by: str | None
    at: datetime


@dataclass(frozen=True)
class EmploymentSpell:
    """A stay as it was recorded: `end` is the last day, None while it goes on."""

    start: date
    end: date | None
    reason: str


@dataclass(frozen=True)
class PersonDetail:
    """One person. `seen` is how the list shows them, None once they have left."""

    person: Person
    seen: PersonView | None
    pathway: PathwayView | None
    teams: tuple[Assignment, ...]
    roles: tuple[Assignment, ...]
    earlier: tuple[Assignment, ...]
    changes: tuple[PreviousIdentity, ...]
    stays: tuple[EmploymentSpell, ...]

    @property
    def administrator(self) -> bool:
        return any(bond.role == "administrator" for bond in self.roles)


def person_detail(session: Session, person_id: int) -> PersonDetail | None:
    """Everything about one person; None if there is nobody. Seven small queries, whatever there is."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    teams, roles = _team_assignments(session, person_id), _role_assignments(session, person_id)
    return PersonDetail(
        person=person,
        seen=person_overview(session, person_id),
        pathway=chosen_pathway(session, person_id),
        teams=tuple(bond for bond in teams if bond.until is None),
        roles=tuple(bond for bond in roles if bond.until is None),
        earlier=tuple(sorted((bond for bond in (*teams, *roles) if bond.until), key=lambda bond: bond.since)),
        changes=tuple(_previous_identities(session, person_id)),
        stays=tuple(_employment_spells(session, person_id)),
    )


def _team_assignments(session: Session, person_id: int) -> list[Assignment]:
    rows = session.execute(
        select(Membership.id, Membership.team_id, Team.name, Membership.since, Membership.until)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.since, Membership.id)
    )
    return [Assignment(row.id, None, row.team_id, row.name, row.since, row.until) for row in rows]


def _role_assignments(session: Session, person_id: int) -> list[Assignment]:
    rows = session.execute(
        select(RoleGrant.id, RoleGrant.role, RoleGrant.team_id, Team.name, RoleGrant.since, RoleGrant.until)
        .outerjoin(Team, Team.id == RoleGrant.team_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.since, RoleGrant.id)
    )
    return [Assignment(row.id, row.role, row.team_id, row.name, row.since, row.until) for row in rows]


def _previous_identities(session: Session, person_id: int) -> list[PreviousIdentity]:
    by = aliased(Person)
    rows = session.execute(
        select(PersonChange, by.name)
        .outerjoin(by, by.id == PersonChange.changed_by)
        .where(PersonChange.person_id == person_id)
        .order_by(PersonChange.id.desc())
    )
    return [
        PreviousIdentity(row.name, row.email, row.staff_number, row.reason, name, row.changed_at) for row, name in rows
    ]


def _employment_spells(session: Session, person_id: int) -> list[EmploymentSpell]:
    """The stays, oldest first; of those that begin on the same day, what was recorded last."""
    rows = select(Employment).where(Employment.person_id == person_id).order_by(Employment.id)
    newest = {row.start: EmploymentSpell(row.start, row.end, row.reason) for row in session.execute(rows).scalars()}
    return [newest[start] for start in sorted(newest)]


def name_at(session: Session, person_id: int, at: datetime) -> str | None:
    """What somebody was called at a moment; None if there is nobody."""
    first = (
        select(PersonChange.name)
        .where(PersonChange.person_id == person_id, PersonChange.changed_at > at)
        .order_by(PersonChange.id)
        .limit(1)
    )
    before = session.execute(first).scalar()
    return before or session.execute(select(Person.name).where(Person.id == person_id)).scalar()


def leavers(session: Session) -> list[Person]:
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
