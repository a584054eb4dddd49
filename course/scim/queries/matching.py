"""Which person a new user of an identity provider is: matched as a row of a list of people is."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from course.people.models import Person, PersonChange
from course.people.rules import sign_in_key
from course.people_import.queries import known_people
from course.people_import.rules.matching import (
    AmbiguousPersonError,
    KnownPerson,
    PeopleDirectory,
    RowData,
    match_row,
)
from course.scim.models import ScimUser
from course.scim.rules.attributes import UserData
from course.scim.rules.problems import ProvisioningRefusedError


def matching_person(session: Session, zone: str, connection_id: int, data: UserData) -> KnownPerson | None:
    """The person whom a new user is about, whether they are here or have left; None if nobody is known.

    First whoever this connection provisioned before under the same external id or user name; then by staff number and
    address, by the rules of the import. Raises ProvisioningRefusedError where those would ask an administrator.
    """
    earlier = _earlier_person(session, zone, connection_id, data)
    if earlier is not None:
        return earlier
    identity = data.identity
    row = RowData(identity.email or "", identity.name, identity.staff_number, sign_in_name=identity.sign_in_name)
    known = known_people(session, zone, _candidates(session, data))
    directory = PeopleDirectory(known)
    nearest = directory.by_email(row.email) or directory.by_number(row.staff_number) or next(iter(known), None)
    try:
        found = match_row(row, directory)
    except AmbiguousPersonError:
        raise ProvisioningRefusedError("two_people", nearest.id if nearest else None) from None
    if found.question is not None:
        raise ProvisioningRefusedError("two_people", found.question.person)
    return found.person


def _earlier_person(session: Session, zone: str, connection_id: int, data: UserData) -> KnownPerson | None:
    """Whom an ended user of this connection was about: by external id, else by user name. A user name that had another
    external id then may have been given to somebody else, and decides nothing."""
    rows = select(ScimUser.person_id, ScimUser.external_id).where(
        ScimUser.connection_id == connection_id, ScimUser.ended_at.is_not(None), ScimUser.person_id.is_not(None)
    )
    newest = rows.order_by(ScimUser.id.desc())
    found = None
    if data.external_id is not None:
        found = session.execute(newest.where(ScimUser.external_id == data.external_id).limit(1)).first()
    if found is None:
        found = session.execute(newest.where(ScimUser.user_name_key == data.user_name_key).limit(1)).first()
        if found is not None and found.external_id and data.external_id and found.external_id != data.external_id:
            return None
    if found is None:
        return None
    known = known_people(session, zone, _with_merged(session, zone, found.person_id))
    person = PeopleDirectory(known).current_entry(next(one for one in known if one.id == found.person_id))
    erased = session.execute(select(Person.erased_at).where(Person.id == person.id)).scalar()
    return None if erased is not None else person


def _with_merged(session: Session, zone: str, person_id: int) -> set[int]:
    """The ids of a person and of those into whom their entry was merged, one after the other."""
    found = {person_id}
    following = [person_id]
    while following:
        merged = [one.merged for one in known_people(session, zone, following) if one.merged is not None]
        following = [one for one in merged if one not in found]
        found.update(following)
    return found


def _candidates(session: Session, data: UserData) -> set[int]:
    """The ids of people who have, or had, anything of this identity that belongs to one person."""
    identity = data.identity
    key = sign_in_key(identity.sign_in_name or ("" if identity.email else identity.staff_number) or "")
    now = [Person.email == identity.email] if identity.email else []
    before = [PersonChange.email == identity.email] if identity.email else []
    if identity.staff_number:
        now.append(Person.staff_number == identity.staff_number)
        before.append(PersonChange.staff_number == identity.staff_number)
    if key:
        now.append(Person.sign_in_key == key)
    found = set(session.execute(select(Person.id).where(or_(*now))).scalars()) if now else set()
    if before:
        found.update(session.execute(select(PersonChange.person_id).where(or_(*before))).scalars())
    return found
