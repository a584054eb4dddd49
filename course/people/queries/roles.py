"""Teams and roles of a person, and the administrators of the course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from course.passwords.queries import has_password
from course.people.models import Membership, Person, RoleGrant, Team
from course.people.rules import role_label
from course.translation import lazy_gettext as _


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
        return _("Manager of %(team)s", team=self.team) if self.role == "manager" else role_label(self.role)


def team_assignments(session: Session, person_id: int) -> list[Assignment]:
    rows = session.execute(
        select(Membership.id, Membership.team_id, Team.name, Membership.since, Membership.until)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.since, Membership.id)
    )
    return [Assignment(row.id, None, row.team_id, row.name, row.since, row.until) for row in rows]


def role_assignments(session: Session, person_id: int) -> list[Assignment]:
    rows = session.execute(
        select(RoleGrant.id, RoleGrant.role, RoleGrant.team_id, Team.name, RoleGrant.since, RoleGrant.until)
        .outerjoin(Team, Team.id == RoleGrant.team_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.since, RoleGrant.id)
    )
    return [Assignment(row.id, row.role, row.team_id, row.name, row.since, row.until) for row in rows]


def administrators(session: Session) -> list[int]:
    """Who can run the course: administrators who are here, have chosen a password, and have no last day recorded, by id.

    In a transaction that writes, whoever else asks for them waits until it has ended: two of them cannot take each
    other's role away at the same moment.
    """
    return list(session.execute(administrators_query().order_by(RoleGrant.id)).scalars())


def administrators_query() -> Select[int]:
    """Those of `administrators`, as part of another query."""
    return (
        select(RoleGrant.person_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "administrator", RoleGrant.until.is_(None), Person.left_at.is_(None))
        .where(Person.last_day.is_(None), has_password(Person.id))
    )
