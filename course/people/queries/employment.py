"""When people worked here, and who has left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Employment, Person
from course.people.queries.names import BY_NAME


@dataclass(frozen=True)
class EmploymentSpell:
    """A stay as it was recorded: `end` is the last day, None while it goes on."""

    start: date
    end: date | None
    reason: str


def employment_spells(session: Session, person_id: int) -> list[EmploymentSpell]:
    """The stays, oldest first; of those that begin on the same day, what was recorded last."""
    rows = select(Employment).where(Employment.person_id == person_id).order_by(Employment.id)
    newest = {row.start: EmploymentSpell(row.start, row.end, row.reason) for row in session.execute(rows).scalars()}
    return [newest[start] for start in sorted(newest)]


def leavers(session: Session) -> list[Person]:
    """Who has left, the latest first; without those whose name is not kept any more."""
    rows = (
        select(Person)
        .where(Person.left_at.is_not(None), Person.erased_at.is_(None))
        .order_by(Person.left_at.desc(), *BY_NAME)
    )
    return list(session.execute(rows).scalars())


def due_departures(session: Session, today: date) -> list[int]:
    """Whose last day, recorded beforehand, is over without their having left yet, by id. One query."""
    rows = select(Person.id).where(Person.left_at.is_(None), Person.last_day < today).order_by(Person.id)
    return list(session.execute(rows).scalars())
