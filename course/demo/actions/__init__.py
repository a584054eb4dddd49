"""The demonstration: an invented organisation, and the people who can sign in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from course.auth.actions import store_password_hash
from course.auth.queries import password_hash
from course.content.library import Library
from course.context import make_context
from course.demo.actions import administration
from course.demo.actions.history import HistoryWriter
from course.demo.rules import CONTACTS, TEAMS, generate_people
from course.organisation.actions import confirm_contact, create_organisation
from course.organisation.queries import organisation
from course.people.actions import Refusal, add_person, add_team, grant_role
from course.people.queries import person_by_email
from course.people.rules import role_label

ORGANISATION_NAME = "Riverside Children’s Trust"
# Name, e-mail address and role of the people who can sign in.
DEMO_ACCOUNTS = (
    ("Sam Okafor", "learner@demo.example", "learner"),
    ("Priya Nair", "manager@demo.example", "manager"),
    ("Alex Morgan", "admin@demo.example", "administrator"),
)
# Those who come today, when there is a history that they can look at; the auditor's role ends by itself.
LATER_ACCOUNTS = (
    ("Jamie Roster", "hr@demo.example", "hr"),
    ("Avery Ledger", "auditor@demo.example", "auditor"),
)
AUDIT_DAYS = timedelta(days=60)


def create_demo(session: Session, at: datetime, set_up_at: datetime | None = None) -> str | None:
    """Fill an empty database. `set_up_at` is when the organisation set the course up (default: `at`).

    Safe to repeat. Does nothing, and returns the name of the organisation, if the database has another one.
    """
    existing = organisation(session)
    if existing is not None and existing.name != ORGANISATION_NAME:
        return existing.name
    if existing is None:
        _fill_database(session, set_up_at or at, at)
    return None


def password_hashes(session: Session) -> dict[int, str | None]:
    """The password hashes of the people who can sign in, by person id."""
    people = [person_by_email(session, email) for _, email, _ in (*DEMO_ACCOUNTS, *LATER_ACCOUNTS)]
    return {person.id: password_hash(session, person.id) for person in people if person is not None}


def accounts(session: Session) -> list[tuple[str, str]]:
    """Role and address of the people who can sign in; a demonstration of an earlier version has fewer."""
    every = (*DEMO_ACCOUNTS, *LATER_ACCOUNTS)
    return [(role_label(role), email) for _, email, role in every if person_by_email(session, email) is not None]


def add_later_accounts(session: Session, at: datetime, today: date) -> None:
    """Add HR and an auditor of everyone."""
    for name, email, role in LATER_ACCOUNTS:
        added = add_person(make_context(session, None, at), name, email, None, "hr" if role == "hr" else "learner")
        if isinstance(added, Refusal):
            raise ValueError(f"{email}: {added.message}")
        if role == "auditor":
            grant_role(make_context(session, None, at), added.id, role, None, today + AUDIT_DAYS)


def set_passwords(session: Session, people: Iterable[int], hashed: str, at: datetime) -> None:
    """Set the password with the hash `hashed` for these people."""
    for person_id in people:
        store_password_hash(make_context(session, None, at), person_id, hashed)


def _fill_database(session: Session, set_up_at: datetime, at: datetime) -> None:
    """Create the organisation, its teams, people and contacts. Raises ValueError if an address is taken."""
    create_organisation(session, ORGANISATION_NAME, "england", set_up_at)
    team_ids: dict[str, int] = {}
    for name, parent, _, _ in TEAMS:
        team_ids[name] = add_team(make_context(session, None, set_up_at), name, team_ids[parent] if parent else None).id
    top, residential = team_ids["Riverside"], team_ids["Residential"]
    teams = {"learner": residential, "manager": residential, "administrator": top}
    ids: dict[str, int] = {}
    for name, email, role in DEMO_ACCOUNTS:
        added = add_person(make_context(session, None, at), name, email, teams[role], role)
        if isinstance(added, Refusal):
            raise ValueError(f"{email}: {added.message}")
        ids[role] = added.id
    for kind, name, phone, email in CONTACTS:
        confirm_contact(make_context(session, ids["administrator"], at), kind, name, phone, email)


def write_history(session: Session, library: Library, zone: str, today: date) -> None:
    """Write two years of history in order of time: people, pages read, answers, completions, and administration."""
    history = HistoryWriter(session, library, zone, today)
    for person in generate_people(today):
        history.add_person(person)
    administration.plan_administration(history)
    history.run()
