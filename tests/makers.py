"""Plain functions that make what a test needs, with sensible defaults."""

from __future__ import annotations

from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth.actions import SignInGranted, store_password_hash
from course.auth.password_hashing import hash_password
from course.context import make_context
from course.organisation.actions import create_organisation
from course.organisation.queries import organisation
from course.passwords.actions import add_credential
from course.people.actions import add_person, add_team
from course.people.models import Person, Team
from tests.conftest import NOW, PEOPLES_PASSWORD
from tests.pages import Client

PASSWORD = PEOPLES_PASSWORD
# Hashed once and beforehand: a person is often made inside a unit of work, where nothing is hashed.
_KEPT = hash_password(PASSWORD)


def make_organisation(session: Session, name: str = "Riverside Trust", nation: str = "england") -> None:
    """An organisation, if there is none yet."""
    if organisation(session) is None:
        create_organisation(session, name, nation, NOW)
        session.commit()


def make_team(session: Session, name: str = "Staff", parent: Team | None = None) -> Team:
    team = add_team(make_context(session, None, NOW), name, parent.id if parent else None)
    session.commit()
    return team


def make_person(
    session: Session,
    name: str = "Sam Okafor",
    email: str = "sam@example.org",
    role: str = "learner",
    team: Team | None = None,
    password: str | None = PASSWORD,
    at: datetime = NOW,
) -> Person:
    """A person with a password. A manager gets a team to manage if none is given."""
    make_organisation(session)
    if team is None and role == "manager":
        team = make_team(session)
    person = add_person(make_context(session, None, at), name, email, team.id if team else None, role)
    assert isinstance(person, Person), person
    if password:
        kept = _KEPT if password == PASSWORD else hash_password(password)
        add_credential(session, person.id, kept, token_urlsafe(24), at)
        record_event(make_context(session, None, at), "password.set", ("person", person.id), {})
    session.commit()
    return person


def set_password(session: Session, person_id: int, password: str, at: datetime = NOW) -> SignInGranted:
    """Give a person a password; not inside a unit of work, where nothing is hashed."""
    return store_password_hash(make_context(session, None, at), person_id, hash_password(password))


def sign_in(client: Client, person: Person, password: str = PASSWORD) -> Client:
    """Sign somebody in through the page, as they would."""
    client.post("/sign-in", {"email": str(person.email), "password": password})
    return client
