"""A course to look around in: an invented organisation, and the three people who can sign in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.auth.actions import store_password_hash
from course.auth.queries import password_hash
from course.content.library import Library
from course.demo.actions import office
from course.demo.actions.history import HistoryWriter
from course.demo.rules import CONTACTS, TEAMS, generate_people
from course.organisation.actions import confirm_contact, create_organisation
from course.organisation.queries import organisation
from course.people.actions import Refusal, add_person, add_team
from course.people.queries import person_by_email

ORGANISATION_NAME = "Riverside Children’s Trust"
# Name, address and role of those who can sign in.
DEMO_ACCOUNTS = (
    ("Sam Okafor", "learner@demo.example", "learner"),
    ("Priya Nair", "manager@demo.example", "manager"),
    ("Alex Morgan", "admin@demo.example", "administrator"),
)


def create_demo(session: Session, at: datetime, begun: datetime | None = None) -> str | None:
    """Fill an empty database. `begun` is when the organisation set the course up (without it, now).

    Safe to repeat. Returns the name of the organisation, and does nothing, if it is another one.
    """
    ours = organisation(session)
    if ours is not None and ours.name != ORGANISATION_NAME:
        return ours.name
    if ours is None:
        _fill_database(session, begun or at, at)
    return None


def password_hashes(session: Session) -> dict[int, str | None]:
    """The three people who can sign in, and the hash of the password of each."""
    found = [person_by_email(session, email) for _, email, _ in DEMO_ACCOUNTS]
    return {one.id: password_hash(session, one.id) for one in found if one is not None}


def set_passwords(session: Session, people: Iterable[int], kept: str, at: datetime) -> None:
    """Give them the password of which `kept` is the hash."""
    for person_id in people:
        store_password_hash(session, person_id, kept, at)


def _fill_database(session: Session, begun: datetime, at: datetime) -> None:
    """The organisation, its teams, people and contacts. Raises ValueError if an address is taken."""
    create_organisation(session, ORGANISATION_NAME, "england", begun)
    made: dict[str, int] = {}
    for name, parent, _, _ in TEAMS:
        made[name] = add_team(session, name, made[parent] if parent else None, begun).id
    top, residential = made["Riverside"], made["Residential"]
    teams = {"learner": residential, "manager": residential, "administrator": top}
    ids: dict[str, int] = {}
    for name, email, role in DEMO_ACCOUNTS:
        added = add_person(session, name, email, teams[role], role, at)
        if isinstance(added, Refusal):
            raise ValueError(f"{email}: {added.message}")
        ids[role] = added.id
    for kind, name, phone, email in CONTACTS:
        confirm_contact(session, kind, name, phone, email, ids["administrator"], at)


def write_history(session: Session, library: Library, zone: str, today: date) -> None:
    """Write two years of history: people, what they read and answered, what they completed, and what the office did,
    in order of time."""
    story = HistoryWriter(session, library, zone, today)
    for person in generate_people(today):
        story.join(person)
    office.plan_office_events(story)
    story.go()
