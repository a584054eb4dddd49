"""Asking for an invitation: a link with which a person chooses a password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from course.audit.actions import record_event
from course.context import make_context
from course.events import publish
from course.mail import rules as mail
from course.people.models import Person

# From the token of a link to the mail that carries it.
InvitationWriter = Callable[[str], mail.MailMessage]


@dataclass(frozen=True)
class InvitationRequested:
    """Somebody is to get a link with which to choose a password."""

    person_id: int
    letter: InvitationWriter
    at: datetime


def invite(
    session: Session,
    person_id: int,
    letter: InvitationWriter,
    at: datetime,
    by: int | None = None,
    seen: datetime | None = None,
) -> bool:
    """Ask for a link to be mailed to somebody; the sign-in makes it and hands its token to `letter`.

    `seen` is when they were invited last, as far as whoever asks knows. False, and nothing is mailed, if they have been
    invited since, or have left: a second press must not end the link of the first one.
    """
    known = Person.invited_at.is_not_distinct_from(seen)
    asking = update(Person).where(Person.id == person_id, Person.left_at.is_(None), known).values(invited_at=at)
    found = session.execute(asking.returning(Person.id), execution_options={"synchronize_session": False}).first()
    if found is None:
        return False
    person = session.identity_map.get(identity_key(Person, person_id))
    if person is not None:
        session.expire(person, ["invited_at"])
    publish(session, InvitationRequested(person_id, letter, at))
    record_event(make_context(session, by, at), "person.invited", ("person", person_id), {})
    return True
