"""How people are found and ordered by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import ColumnElement, exists, false, or_, select
from sqlalchemy.orm import Session, aliased

from course.people.models import Membership, Person, Team
from course.people.rules import Namesake, distinguishing_names, name_key, sign_in_key

# As people expect names to be ordered, and always the same.
BY_NAME = (Person.name_key, Person.name, Person.id)


def matches_words(words: str) -> ColumnElement[bool]:
    """Whether words stand in somebody's name, address or sign-in name, as part of another query."""
    login = sign_in_key(words)
    in_login = or_(
        Person.email.icontains(words, autoescape=True),
        Person.sign_in_key.contains(login, autoescape=True) if login else false(),
    )
    key = name_key(words)
    return or_(Person.name_key.contains(key, autoescape=True), in_login) if key else in_login


def names_told_apart(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """What to call each of these people so that nobody takes them for somebody else who is here: see
    `distinguishing_names`. None, as of what a command did, is left out. One query for names that nobody shares, three
    otherwise, and none without people."""
    people = {one for one in ids if one is not None}
    if not people:
        return {}
    other = aliased(Person)
    shared = exists().where(other.name_key == Person.name_key, other.id != Person.id, other.left_at.is_(None))
    rows = session.execute(
        select(Person.id, Person.name, Person.name_key, shared.label("shared")).where(Person.id.in_(people))
    ).all()
    names = {row.id: row.name for row in rows}
    keys = {row.name_key for row in rows if row.shared}
    if keys:
        here = or_(Person.left_at.is_(None), Person.id.in_(names))
        alike = session.execute(
            select(Person.id, Person.name, Person.staff_number, Person.email).where(Person.name_key.in_(keys), here)
        ).all()
        teams = defaultdict[int, list[str]](list)
        places = (
            select(Membership.person_id, Team.name)
            .join(Team, Team.id == Membership.team_id)
            .where(Membership.until.is_(None), Membership.person_id.in_([row.id for row in alike]))
            .order_by(Team.name)
        )
        for person_id, team in session.execute(places):
            teams[person_id].append(team)
        told = distinguishing_names(
            Namesake(row.id, row.name, tuple(teams[row.id]), row.staff_number or "", row.email or "") for row in alike
        )
        names.update({person_id: name for person_id, name in told.items() if person_id in names})
    return names
