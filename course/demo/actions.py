"""A course to look around in: an invented organisation with three people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from course.organisation.actions import confirm_contact, create
from course.organisation.queries import organisation
from course.people.actions import Refusal, add_person, add_team
from course.people.queries import person_by_email
from course.signin.actions import set_password, verify
from course.signin.queries import password_hash

NAME = "Riverside Children’s Trust"
# Name, address and role of those who can sign in.
PEOPLE = (
    ("Sam Okafor", "learner@demo.example", "learner"),
    ("Priya Nair", "manager@demo.example", "manager"),
    ("Alex Morgan", "admin@demo.example", "administrator"),
)
# The numbers are from the range that Ofcom keeps for drama: nobody can ever have them.
CONTACTS = (
    ("lead", "Jo Fictional", "01632 960101", "lead@demo.example"),
    ("deputy", "Chris Invented", "01632 960102", "deputy@demo.example"),
    ("out-of-hours", "Example duty team", "01632 960103", ""),
    ("social-care", "Example Council front door", "01632 960104", ""),
)


def prepare(session: Session, password: str, at: datetime) -> str | None:
    """Fill an empty database, and see to it that the three people have this password.

    Safe to repeat. Returns the name of the organisation, and does nothing, if it is another one.
    """
    ours = organisation(session)
    if ours is not None and ours.name != NAME:
        return ours.name
    if ours is None:
        _fill(session, at)
    for _, email, _ in PEOPLE:
        found = person_by_email(session, email)
        if found is None:
            continue
        known = password_hash(session, found.id)
        if known is None or not verify(known, password):
            set_password(session, found.id, password, at)
    return None


def _fill(session: Session, at: datetime) -> None:
    """The organisation, its teams, people and contacts. Raises ValueError if an address is taken."""
    create(session, NAME, "england", at)
    top = add_team(session, "Riverside", None, at)
    schools = add_team(session, "Schools", top.id, at)
    residential = add_team(session, "Residential", top.id, at)
    add_team(session, "Family support", top.id, at)
    for name in ("Hillside Primary School", "Brook Academy"):
        add_team(session, name, schools.id, at)
    for name in ("Willow House", "Harbour House"):
        add_team(session, name, residential.id, at)
    teams = {"learner": residential.id, "manager": residential.id, "administrator": top.id}
    ids: dict[str, int] = {}
    for name, email, role in PEOPLE:
        added = add_person(session, name, email, teams[role], role, at)
        if isinstance(added, Refusal):
            raise ValueError(f"{email}: {added.message}")
        ids[role] = added.id
    for kind, name, phone, email in CONTACTS:
        confirm_contact(session, kind, name, phone, email, ids["administrator"], at)
