"""What a person was called before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Person, PersonChange


@dataclass(frozen=True)
class PreviousIdentity:
    """What somebody was called until `at`, and who changed it why (`by` is None for a command)."""

    name: str
    email: str
    staff_number: str | None
    reason: str
    by: str | None
    at: datetime


def previous_identities(session: Session, person_id: int) -> list[PreviousIdentity]:
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


def taken_identities(session: Session, emails: Collection[str], staff_numbers: Collection[str]) -> frozenset[str]:
    """Of these addresses and staff numbers those that somebody has now, also somebody who has left. One query."""
    rows = select(Person.email, Person.staff_number).where(
        or_(Person.email.in_(emails), Person.staff_number.in_(staff_numbers))
    )
    found = {value for row in session.execute(rows) for value in (row.email, row.staff_number)}
    return frozenset(found & {*emails, *staff_numbers})
