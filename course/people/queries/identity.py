"""What a person was called before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Person, PersonChange, PersonMerge
from course.people.rules import PersonIdentity, sign_in_key


@dataclass(frozen=True)
class PreviousIdentity:
    """What somebody was called until `at`, and who changed it why (`by` is None for a command)."""

    name: str
    email: str | None
    staff_number: str | None
    sign_in_name: str | None
    job_role: str | None
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
        PreviousIdentity(
            row.name, row.email, row.staff_number, row.sign_in_name, row.job_role, row.reason, name, row.changed_at
        )
        for row, name in rows
    ]


def former_identities(
    session: Session, ids: Collection[int] | None = None
) -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """The addresses and the staff numbers that people had before, by person: of everybody, or of the people with these ids.
    One query."""
    emails: dict[int, set[str]] = defaultdict(set)
    numbers: dict[int, set[str]] = defaultdict(set)
    rows = select(PersonChange.person_id, PersonChange.email, PersonChange.staff_number)
    for person_id, email, number in session.execute(
        rows if ids is None else rows.where(PersonChange.person_id.in_(ids))
    ):
        if email:
            emails[person_id].add(email)
        if number:
            numbers[person_id].add(number)
    return emails, numbers


def merged_entries(session: Session, ids: Collection[int] | None = None) -> dict[int, int]:
    """The entries that were merged, by way of others too, each with the entry that goes on: of everybody, or those merged
    into one of the people with these ids. One query."""
    rows = session.execute(select(PersonMerge.person_id, PersonMerge.into_id))
    into = {row.person_id: row.into_id for row in rows}
    found: dict[int, int] = {}
    for entry, last in into.items():
        passed = {entry}
        while last in into and last not in passed:
            passed.add(last)
            last = into[last]
        if ids is None or last in ids:
            found[entry] = last
    return found


def merged_into(session: Session, person_id: int) -> int | None:
    """The entry into which this one was merged; None if it was not."""
    return session.execute(select(PersonMerge.into_id).where(PersonMerge.person_id == person_id)).scalar_one_or_none()


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


@dataclass(frozen=True)
class TakenIdentities:
    """The addresses, staff numbers and keys of sign-in names (rules.sign_in_key) that somebody has."""

    emails: frozenset[str] = frozenset()
    staff_numbers: frozenset[str] = frozenset()
    sign_in_keys: frozenset[str] = frozenset()

    def has(self, identity: PersonIdentity) -> bool:
        """Whether somebody has anything of this identity that belongs to one person."""
        key = sign_in_key(identity.sign_in_name) if identity.sign_in_name else None
        return identity.email in self.emails or identity.staff_number in self.staff_numbers or key in self.sign_in_keys


def taken_identities(session: Session, wanted: Collection[PersonIdentity]) -> TakenIdentities:
    """What of these identities somebody has now, also somebody who has left. One query."""
    emails = {one.email for one in wanted if one.email}
    numbers = {one.staff_number for one in wanted if one.staff_number}
    keys = {sign_in_key(one.sign_in_name) for one in wanted if one.sign_in_name}
    rows = session.execute(
        select(Person.email, Person.staff_number, Person.sign_in_key).where(
            or_(Person.email.in_(emails), Person.staff_number.in_(numbers), Person.sign_in_key.in_(keys))
        )
    ).all()
    return TakenIdentities(
        frozenset(row.email for row in rows if row.email), frozenset(row.staff_number for row in rows if row.staff_number),
        frozenset(row.sign_in_key for row in rows if row.sign_in_key),
    )  # fmt: skip
