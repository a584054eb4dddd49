"""Asking for an invitation: a link with which a person chooses a password."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm.util import identity_key

from course.audit.actions import record_event
from course.context import Context
from course.events import publish
from course.people.events import InvitationRequested
from course.people.models import Person


def invite(context: Context, person_id: int, sender: str, seen: datetime | None = None) -> bool:
    """Ask for a link to be mailed to a person, in the name of `sender`; the sign-in makes it (see InvitationRequested).

    `seen` is when they were invited last, as far as whoever asks knows. False, and nothing is mailed, if they have been
    invited since, have left, or have no address: a second press must not end the link of the first one.
    """
    session = context.session
    known = Person.invited_at.is_not_distinct_from(seen)
    asking = (
        update(Person)
        .where(Person.id == person_id, Person.left_at.is_(None), Person.email.is_not(None), known)
        .values(invited_at=context.now)
    )
    found = session.execute(asking.returning(Person.id), execution_options={"synchronize_session": False}).first()
    if found is None:
        return False
    person = session.identity_map.get(identity_key(Person, person_id))
    if person is not None:
        session.expire(person, ["invited_at"])
    publish(session, InvitationRequested(person_id, sender, context.now))
    record_event(context, "person.invited", ("person", person_id), {})
    return True


def withdraw_invitation(context: Context, person_id: int, invited_at: datetime | None) -> None:
    """Somebody counts as invited when they were before, or not at all; whoever asks ends the link that was mailed."""
    context.session.execute(update(Person).where(Person.id == person_id).values(invited_at=invited_at))
    record_event(context, "person.invitation_withdrawn", ("person", person_id), {})
