"""Changing what is known of a person: names, teams, roles, leaving and coming back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.dates import civil_date
from course.db import insert_once
from course.events import publish
from course.people.actions import directory as people
from course.people.actions.directory import Refusal
from course.people.events import AddressChanged, PeopleMerged, PersonLeft
from course.people.models import Membership, Person, PersonChange, PersonMerge, RoleGrant, Team
from course.people.queries.person_detail import administrators
from course.people.rules import name_key, normalise_email
from course.text import normalise_line

LATEST_RETURN = timedelta(days=366)  # what is agreed for later is written down later
LAST_ADMINISTRATOR = "This is the only administrator who can sign in. Make somebody else an administrator first."


def correct_identity(
    session: Session, person_id: int, name: str, email: str, staff_number: str | None, reason: str,
    by: int | None, at: datetime,
) -> Refusal | None:  # fmt: skip
    """Give somebody another name, address or staff number. What was before stays, and so do certificates.

    Raises LookupError if there is no such person.
    """
    person = _get_current_person(session, person_id)
    after = {"name": normalise_line(name), "email": normalise_email(email), "staff_number": staff_number or None}
    before = {field: getattr(person, field) for field in after}
    changed = [field for field, value in after.items() if before[field] != value]
    if not changed:
        return None
    # Only if it is still what was read: of two who correct somebody at the same moment one is told.
    unchanged = (Person.__table__.c[field].is_not_distinct_from(value) for field, value in before.items())
    values: dict[str, object] = {**after, "name_key": name_key(after["name"] or "")}
    if "email" in changed:
        values["invited_at"] = None  # the link that was mailed to the earlier one ends
    try:
        with session.begin_nested():
            changing = update(Person).where(Person.id == person_id, *unchanged).values(values).returning(Person.id)
            found = session.execute(changing, execution_options={"synchronize_session": False}).first()
    except IntegrityError:
        return _identity_taken(session, person_id, after["email"])
    session.refresh(person)
    if found is None:
        if all(getattr(person, field) == value for field, value in after.items()):
            return None  # the same correction, sent twice
        return Refusal("name", f"Somebody else has just changed this to {person.name}, {person.email}. Look again.")
    session.add(PersonChange(person_id=person_id, reason=reason, changed_by=by, changed_at=at, **before))
    session.flush()
    record_event(session, "person.changed", ("person", person_id), {"changed": ", ".join(changed)}, by, at)
    if "email" in changed:
        publish(session, AddressChanged(person_id, at))
    return None


def _identity_taken(session: Session, person_id: int, email: str | None) -> Refusal:
    other = select(Person.id).where(Person.email == email, Person.id != person_id)
    if session.execute(other).first() is not None:
        return Refusal("email", "Somebody else has this address already.")
    return Refusal("staff_number", "Somebody else has this staff number already.")


def join_team(
    session: Session, person_id: int, team_id: int, move: bool, by: int | None, at: datetime
) -> Refusal | None:
    """Put somebody into a team; `move` ends their being in any other. Raises LookupError if there is nobody."""
    if move:
        return set_teams(session, person_id, [team_id], by, at)
    _get_current_person(session, person_id)
    team = session.get(Team, team_id)
    if team is None or team.closed_at is not None:
        return Refusal("team", "This team is closed. Choose another one.")
    if insert_once(session, Membership, person_id=person_id, team_id=team_id, since=at) is not None:
        record_event(session, "team.joined", ("person", person_id), {"team": team.name}, by, at)
    session.flush()
    return None


def set_teams(session: Session, person_id: int, teams: Collection[int], by: int | None, at: datetime) -> Refusal | None:
    """Put somebody into these teams, and into no other; where they are already they stay. Raises LookupError if there is
    nobody."""
    _get_current_person(session, person_id)
    closed = [one for one in teams if (team := session.get(Team, one)) is None or team.closed_at is not None]
    if closed or not teams:
        return Refusal("team", "This team is closed. Choose another one.")
    rows = select(Membership).where(Membership.person_id == person_id, Membership.until.is_(None))
    for bond in session.execute(rows.with_for_update()).scalars().all():
        if bond.team_id not in teams:
            _end_membership(session, bond, by, at)
    session.flush()
    for team_id in teams:
        join_team(session, person_id, team_id, False, by, at)
    return None


def leave_team(session: Session, person_id: int, membership_id: int, by: int | None, at: datetime) -> bool:
    """Somebody is not in a team any more; False if they were not."""
    bond = session.get(Membership, membership_id, with_for_update=True)
    if bond is None or bond.person_id != person_id or bond.until is not None:
        return False
    _end_membership(session, bond, by, at)
    session.flush()
    return True


def _end_membership(session: Session, bond: Membership, by: int | None, at: datetime) -> None:
    bond.until = at
    team = session.get_one(Team, bond.team_id)
    record_event(session, "team.left", ("person", bond.person_id), {"team": team.name}, by, at)


def grant_role(
    session: Session, person_id: int, role: str, team_id: int | None, by: int | None, at: datetime
) -> Refusal | None:
    """Make somebody the manager of a team, or an administrator; the same again changes nothing.

    Raises LookupError if there is no such person, ValueError for a role that does not exist.
    """
    if role not in ("manager", "administrator"):
        raise ValueError(f"there is no role {role!r}")
    _get_current_person(session, person_id)
    managed = team_id if role == "manager" else None
    team = session.get(Team, managed) if managed is not None else None
    if role == "manager" and (team is None or team.closed_at is not None):
        return Refusal("team", "Choose the team that this person manages.")
    if insert_once(session, RoleGrant, person_id=person_id, role=role, team_id=managed, since=at) is not None:
        words = f"manager of {team.name}" if team else role
        record_event(session, "role.granted", ("person", person_id), {"role": words}, by, at)
    return None


def revoke_role(session: Session, person_id: int, grant_id: int, by: int | None, at: datetime) -> Refusal | None:
    """Somebody does not have a role any more. The last administrator keeps theirs."""
    granted = session.get(RoleGrant, grant_id, with_for_update=True)
    if granted is None or granted.person_id != person_id or granted.until is not None:
        return Refusal("role", "This role has been taken away already.")
    if granted.role == "administrator" and _is_last_administrator(session, person_id):
        return Refusal("role", LAST_ADMINISTRATOR)
    _end_role(session, granted, by, at)
    session.flush()
    return None


def _end_role(session: Session, granted: RoleGrant, by: int | None, at: datetime) -> None:
    granted.until = at
    team = session.get(Team, granted.team_id) if granted.team_id is not None else None
    words = f"manager of {team.name}" if team else granted.role
    record_event(session, "role.ended", ("person", granted.person_id), {"role": words}, by, at)


def _is_last_administrator(session: Session, person_id: int) -> bool:
    """Whether no other administrator could sign in. Their grants are locked first: of two who take each other's
    role away at the same moment, the second sees what the first has done."""
    rows = select(RoleGrant.id).where(RoleGrant.role == "administrator", RoleGrant.until.is_(None))
    session.execute(rows.order_by(RoleGrant.id).with_for_update()).all()
    return not [other for other in administrators(session) if other != person_id]


def record_departure(
    session: Session, person_id: int, last_day: date, reason: str, zone: str, by: int | None, at: datetime
) -> Refusal | None:
    """Somebody has left: they cannot sign in, are in no team and have no role. All that they did stays.

    Raises LookupError if there is no such person.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise LookupError(f"there is no person {person_id}")
    rows = select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None))
    grants = session.execute(rows).scalars().all()
    if any(one.role == "administrator" for one in grants) and _is_last_administrator(session, person_id):
        return Refusal("last_day", LAST_ADMINISTRATOR)
    try:
        people.end_employment(session, person_id, last_day, reason, zone, by, at)
    except ValueError as error:
        return Refusal("last_day", str(error))
    for one in grants:
        _end_role(session, one, by, at)
    bonds = select(Membership).where(Membership.person_id == person_id, Membership.until.is_(None))
    for bond in session.execute(bonds).scalars():
        _end_membership(session, bond, by, at)
    session.flush()
    publish(session, PersonLeft(person_id, at))
    return None


def record_return(
    session: Session, person_id: int, first_day: date, team_id: int | None, reason: str, zone: str,
    by: int | None, at: datetime,
) -> Refusal | None:  # fmt: skip
    """Somebody who had left works here again, in a team if one is named; their certificates are as they were.

    Raises LookupError if there is no such person.
    """
    merged = session.execute(
        select(Person.name, Person.email)
        .join(PersonMerge, PersonMerge.into_id == Person.id)
        .where(PersonMerge.person_id == person_id)
    ).first()
    if merged is not None:
        return Refusal("first_day", f"This entry became part of that of {merged.name} ({merged.email}). Go on there.")
    team = session.get(Team, team_id) if team_id is not None else None
    if team_id is not None and (team is None or team.closed_at is not None):
        return Refusal("team", "This team is closed. Choose another one.")
    if first_day > civil_date(at, zone) + LATEST_RETURN:
        return Refusal("first_day", "Enter a day within the next twelve months.")
    try:
        people.restart_employment(session, person_id, first_day, reason, zone, by, at)
    except ValueError as error:
        return Refusal("first_day", str(error))
    return None if team_id is None else join_team(session, person_id, team_id, False, by, at)


def merge_people(
    session: Session,
    person_id: int,
    into_id: int,
    take_address: bool,
    reason: str,
    zone: str,
    by: int | None,
    at: datetime,
) -> Refusal | None:
    """Two entries were one person: the teams, roles and certificates of `person_id` count for `into_id` from now on.

    No certificate and no answer is moved: the second entry stays, as somebody who has left. `take_address` says that
    its address is the right one. Raises LookupError if one of the two is not here.
    """
    second, first = _get_current_person(session, person_id), _get_current_person(session, into_id)
    if second is first:
        return Refusal("other", "This is the same entry. Enter the address of the other one.")
    today, address, number = civil_date(at, zone), second.email, second.staff_number
    for team_id in _open_teams(session, person_id):
        join_team(session, into_id, team_id, False, by, at)
    roles = select(RoleGrant.role, RoleGrant.team_id).where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None))
    for role, managed in session.execute(roles).all():
        grant_role(session, into_id, role, managed, by, at)
    if take_address or (number and not first.staff_number):
        # Nobody else may have them: the second entry gives them up first. Mail to .invalid never leaves.
        gone = f"merged-{person_id}@merged.invalid" if take_address else address
        correct_identity(session, person_id, second.name, gone, None, reason, by, at)
        kept = address if take_address else first.email
        correct_identity(session, into_id, first.name, kept, first.staff_number or number, reason, by, at)
    refused = record_departure(session, person_id, today, reason, zone, by, at)
    if refused is not None:
        return Refusal("other", refused.message)
    session.add(PersonMerge(person_id=person_id, into_id=into_id, reason=reason, made_by=by, made_at=at))
    session.flush()
    record_event(session, "person.merged", ("person", into_id), {"entry": person_id, "reason": reason}, by, at)
    publish(session, PeopleMerged(person_id, into_id, today, by, at))
    return None


def _open_teams(session: Session, person_id: int) -> list[int]:
    rows = select(Membership.team_id).where(Membership.person_id == person_id, Membership.until.is_(None))
    return list(session.execute(rows).scalars())


def _get_current_person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None or person.left_at is not None:
        raise LookupError(f"there is no person {person_id}, or they have left")
    return person
