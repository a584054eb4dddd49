"""People who have not chosen a password."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from course.passwords.queries import has_password
from course.people.models import Person
from course.people.queries.names import BY_NAME


@dataclass(frozen=True)
class Invitee:
    """Somebody who has not chosen a password: `invited_at` is None if they were not invited."""

    id: int
    name: str
    invited_at: datetime | None


def people_without_password(session: Session, among: Collection[int] | None = None) -> list[Invitee]:
    """Who is here and has no password, of these people or of all; without those whose address takes no mail. One query."""
    rows = without_password_query().order_by(*BY_NAME)
    found, ids = [Invitee(row.id, row.name, row.invited_at) for row in session.execute(rows)], set(among or ())
    return found if among is None else [one for one in found if one.id in ids]


def without_password_query() -> Select[int, str, datetime | None]:
    rows = select(Person.id, Person.name, Person.invited_at).where(Person.left_at.is_(None), ~has_password(Person.id))
    return rows.where(Person.email.not_like("%.invalid"))
