"""Teams and roles of a person, and the administrators of the course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from course.passwords.queries import has_password
from course.people.models import Membership, Person, RoleGrant, Team
from course.people.rules import role_in_words


def is_role_open(grant: Any, today: Any) -> ColumnElement[bool]:
    """Whether a row of the role table is a role on that day (a date, or a bound parameter of one): it was not taken away,
    and its last day, if it has one, has not passed. `grant` is the class, an alias of it, or the columns of one."""
    return and_(grant.until.is_(None), or_(grant.last_day.is_(None), grant.last_day >= today))


@dataclass(frozen=True)
class Assignment:
    """Somebody belongs to a team, or has a role (`role` is None for a team), from one moment until another; a role may
    have a `last_day`, after which it ends by itself."""

    id: int
    role: str | None
    team_id: int | None
    team: str | None
    since: datetime
    until: datetime | None
    last_day: date | None = None

    @property
    def words(self) -> str:
        return self.team or "" if self.role is None else role_in_words(self.role, self.team, self.last_day)

    def is_open(self, today: date | None) -> bool:
        """Whether it still holds: on that day, or if none is given, until somebody ends it."""
        return self.until is None and (self.last_day is None or today is None or self.last_day >= today)


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
        select(
            RoleGrant.id,
            RoleGrant.role,
            RoleGrant.team_id,
            Team.name,
            RoleGrant.since,
            RoleGrant.until,
            RoleGrant.last_day,
        )
        .outerjoin(Team, Team.id == RoleGrant.team_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.since, RoleGrant.id)
    )
    return [Assignment(row.id, row.role, row.team_id, row.name, row.since, row.until, row.last_day) for row in rows]


def role_of_grant(session: Session, grant_id: int) -> str | None:
    """The role of a row of the role table; None if there is no such row."""
    return session.execute(select(RoleGrant.role).where(RoleGrant.id == grant_id)).scalar_one_or_none()


def has_expired_roles(session: Session, today: date) -> bool:
    """Whether there is a role whose last day has passed without its end being written down."""
    expired = select(RoleGrant.id).where(RoleGrant.until.is_(None), RoleGrant.last_day < today)
    return session.execute(expired.limit(1)).first() is not None


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
