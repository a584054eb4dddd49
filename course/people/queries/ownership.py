"""Which facts about people another system owns now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Membership, OwnedField, Person, RoleGrant
from course.people.rules.ownership import OwnedFields


def owned_fields(session: Session, person_id: int) -> OwnedFields:
    """What of this person another system owns. One query."""
    return owned_fields_among(session, [person_id]).get(person_id, OwnedFields())


def owned_fields_among(session: Session, people: Collection[int] | None) -> dict[int, OwnedFields]:
    """What of these people, or of everybody, other systems own, by person; who is not named is owned by none. One query."""
    rows = select(OwnedField.person_id, OwnedField.field, OwnedField.team_id, OwnedField.source_name)
    rows = rows.where(OwnedField.until.is_(None)).order_by(OwnedField.id)
    if people is not None:
        rows = rows.where(OwnedField.person_id.in_(people))
    return _by_person(session.execute(rows).all())


def person_with_owned_fields(session: Session, person_id: int) -> tuple[Person, OwnedFields] | None:
    """A person, and what of them another system owns; None if there is nobody. One query."""
    owned = (OwnedField.person_id == Person.id) & OwnedField.until.is_(None)
    rows = select(Person, OwnedField.field, OwnedField.team_id, OwnedField.source_name).outerjoin(OwnedField, owned)
    found = session.execute(rows.where(Person.id == person_id).order_by(OwnedField.id)).all()
    if not found:
        return None
    values = [(person_id, *row[1:]) for row in found if row.field is not None]
    return found[0][0], _by_person(values).get(person_id, OwnedFields())


def _by_person(rows: Iterable[Sequence[Any]]) -> dict[int, OwnedFields]:
    """What is owned of each person, from rows of person, field, team and the name of the system."""
    found: dict[int, tuple[dict[str, str], dict[int, str], dict[int, str]]] = {}
    for person_id, name, team_id, source in rows:
        fields, teams, managed = found.setdefault(person_id, ({}, {}, {}))
        if team_id is None:
            fields[name] = source
        else:
            (teams if name == "team" else managed)[team_id] = source
    return {person_id: OwnedFields(*values) for person_id, values in found.items()}


def membership_owner(session: Session, membership_id: int) -> str | None:
    """The system that put somebody into a team by this membership; None if somebody did so by hand."""
    rows = select(OwnedField.source_name).join(
        Membership, (Membership.person_id == OwnedField.person_id) & (Membership.team_id == OwnedField.team_id)
    )
    rows = rows.where(Membership.id == membership_id, OwnedField.field == "team", OwnedField.until.is_(None))
    return session.execute(rows).scalar()


def role_owner(session: Session, grant_id: int) -> str | None:
    """The system that made somebody a manager by this grant; None if somebody did so by hand."""
    rows = select(OwnedField.source_name).join(
        RoleGrant, (RoleGrant.person_id == OwnedField.person_id) & (RoleGrant.team_id == OwnedField.team_id)
    )
    rows = rows.where(
        RoleGrant.id == grant_id, RoleGrant.role == "manager", OwnedField.field == "manager", OwnedField.until.is_(None)
    )
    return session.execute(rows).scalar()
