"""Which facts about people another system owns now."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Membership, OwnedField, RoleGrant
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
    found: dict[int, tuple[dict[str, str], dict[int, str], dict[int, str]]] = {}
    for person_id, name, team_id, source in session.execute(rows):
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
