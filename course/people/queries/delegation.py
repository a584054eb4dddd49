"""Who stands in for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.people.models import Deputy, Person
from course.people.queries.names import names_told_apart


@dataclass(frozen=True)
class Delegation:
    """Somebody stands in up to and including a day; `name` is theirs, or for a deputy that of their manager, told apart from
    others of the same name; `may_act` if they do not only look."""

    id: int
    name: str
    until: date
    reason: str
    may_act: bool


def delegations_by_manager(session: Session, manager_id: int, today: date) -> list[Delegation]:
    """Who stands in for this manager now."""
    return _delegations(session, Deputy.deputy_id, Deputy.manager_id, manager_id, today)


def delegations_to_deputy(session: Session, deputy_id: int, today: date) -> list[Delegation]:
    """For whom this person stands in now."""
    return _delegations(session, Deputy.manager_id, Deputy.deputy_id, deputy_id, today)


def _delegations(
    session: Session, other: InstrumentedAttribute[int], own: InstrumentedAttribute[int], person_id: int, today: date
) -> list[Delegation]:
    rows = session.execute(
        select(Deputy.id, Person.id, Deputy.until, Deputy.reason, Deputy.may_act)
        .join(Person, Person.id == other)
        .where(own == person_id, Deputy.until >= today, Deputy.ended_at.is_(None))
        .order_by(Deputy.until, Deputy.id)
    ).all()
    names = names_told_apart(session, {row[1] for row in rows}) if rows else {}
    return [Delegation(row[0], names[row[1]], *row[2:]) for row in rows]
