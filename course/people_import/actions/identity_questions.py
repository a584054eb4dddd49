"""Asking about a person whom somebody types in what a list would ask about them. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from course.people.events import IdentityEntered
from course.people.models import Person, PersonChange, PersonMerge
from course.people.rules import PersonIdentity, name_key
from course.people_import.queries import known_people
from course.people_import.rules.identity_questions import identity_questions, others_than
from course.people_import.rules.matching import KnownPerson, PeopleDirectory
from course.people_import.rules.values import number_key

_AT_ONCE = 100  # identities in one query


def ask_about_identity(session: Session, event: IdentityEntered) -> None:
    """Handle IdentityEntered: add the questions to it."""
    given = event.identity.normalised()
    before = event.before.normalised() if event.before else None
    known = _possible_people(session, [given], event.zone)
    others = others_than(event.person_id, before, given.name, known)
    event.questions.extend(identity_questions(given, before, others))


def questions_about_new(
    session: Session, identities: Sequence[PersonIdentity], zone: str, knows_everyone: bool
) -> list[list[str]]:
    """The questions about each of these new people. Somebody who does not know everyone here is not asked whether it is one
    of the others."""
    given = [one.normalised() for one in identities]
    known = _possible_people(session, given, zone) if knows_everyone else []
    others = PeopleDirectory(known) if knows_everyone else None
    return [identity_questions(one, None, others) for one in given]


def _possible_people(session: Session, identities: Sequence[PersonIdentity], zone: str) -> list[KnownPerson]:
    """The people who may be one of these, by name, address or number, of now or of before."""
    found: set[int] = set()
    for start in range(0, len(identities), _AT_ONCE):
        some = identities[start : start + _AT_ONCE]
        found |= set(session.execute(select(Person.id).where(or_(*_conditions(some)))).scalars())
    merged: set[int] = set(found)
    while merged:  # the entry that goes on counts for one that was merged into it
        into = select(PersonMerge.into_id).where(PersonMerge.person_id.in_(merged))
        merged = set(session.execute(into).scalars()) - found
        found |= merged
    return known_people(session, zone, found) if found else []


def _conditions(identities: Iterable[PersonIdentity]) -> list[ColumnElement[bool]]:
    emails = {one.email for one in identities if one.email}
    numbers = {one.staff_number for one in identities if one.staff_number}
    keys = {number_key(one) for one in numbers}
    names = {key for one in identities for key in _name_keys(one.name)}
    before = select(PersonChange.person_id).where(
        or_(PersonChange.email.in_(emails), PersonChange.staff_number.in_(numbers))
    )
    found: list[ColumnElement[bool]] = [
        Person.email.in_(emails),
        Person.name_key.in_(names),
        Person.id.in_(before),
    ]
    if keys:
        plain: ColumnElement[str] = func.lower(Person.staff_number)
        for sign in " -_/":
            plain = func.replace(plain, sign, "")
        found.append(func.ltrim(plain, "0").in_(keys))
    return found


def _name_keys(name: str) -> set[str]:
    """The keys of a name with its words in any order that two columns of a list could have."""
    words = name.replace(",", " ").split()
    return {name_key(" ".join((*words[place:], *words[:place]))) for place in range(len(words))}
