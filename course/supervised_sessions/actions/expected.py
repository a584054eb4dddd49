"""Who is expected in a session that has been planned: adding people to it, and taking them off before they begin."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from sqlalchemy import delete, exists, select, update

from course.audit.actions import record_event
from course.context import Context
from course.db import lock_row
from course.supervised_sessions.models import (
    SupervisedAttendance,
    SupervisedAttendee,
    SupervisedClosing,
    SupervisedCode,
    SupervisedSession,
    SupervisedSheet,
    SupervisedSitting,
)
from course.supervised_sessions.rules import MAX_PEOPLE, SessionDates, session_state, takes_people

# added: as far as they were not expected already; over: the session is closed or its day has passed; full: too many people.
AddingOutcome = Literal["added", "over", "full"]
# removed: taken off; over: as above; begun: they have signed in, signed the sheet, or have a question sheet; gone: they were not
# expected.
RemovalOutcome = Literal["removed", "over", "begun", "gone"]


def add_people(context: Context, session_id: int, people: Collection[int]) -> AddingOutcome:
    """Expect these people in a session too. Who was taken off it can be added again. Anything but "added" changes nothing.

    Raises ValueError without anybody, or for whoever adds: nobody supervises themselves.
    """
    if not people or context.person_id in people:
        raise ValueError("a session is for other people than the one who plans it")
    session = context.session
    if not _takes_people(context, session_id):
        return "over"
    rows = session.execute(
        select(SupervisedAttendee.person_id, SupervisedAttendee.removed_at).where(
            SupervisedAttendee.session_id == session_id
        )
    ).all()
    expected, before = {row.person_id for row in rows if row.removed_at is None}, {row.person_id for row in rows}
    new = sorted(set(people) - expected)
    if len(expected) + len(new) > MAX_PEOPLE:
        return "full"
    session.execute(
        update(SupervisedAttendee)
        .where(SupervisedAttendee.session_id == session_id, SupervisedAttendee.person_id.in_(new))
        .values(removed_at=None)
    )
    session.add_all(
        SupervisedAttendee(session_id=session_id, person_id=person, added_at=context.now)
        for person in new
        if person not in before
    )
    session.flush()
    for person in new:
        record_event(context, "supervised.person_added", ("person", person), {"session": session_id})
    return "added"


def remove_person(context: Context, session_id: int, person_id: int) -> RemovalOutcome:
    """Take a person off a session in which they have not begun, so that their code stops working. Anything but "removed"
    changes nothing."""
    session = context.session
    if not _takes_people(context, session_id):
        return "over"
    attendee = session.execute(
        select(SupervisedAttendee.id).where(
            SupervisedAttendee.session_id == session_id,
            SupervisedAttendee.person_id == person_id,
            SupervisedAttendee.removed_at.is_(None),
        )
    ).scalar()
    if attendee is None:
        return "gone"
    begun = (
        exists().where(SupervisedSitting.attendee_id == attendee)
        | exists().where(SupervisedSheet.attendee_id == attendee)
        | exists().where(SupervisedAttendance.attendee_id == attendee)
    )
    if session.execute(select(begun)).scalar_one():
        return "begun"
    session.execute(delete(SupervisedCode).where(SupervisedCode.attendee_id == attendee))
    session.execute(update(SupervisedAttendee).where(SupervisedAttendee.id == attendee).values(removed_at=context.now))
    record_event(context, "supervised.person_removed", ("person", person_id), {"session": session_id})
    return "removed"


def _takes_people(context: Context, session_id: int) -> bool:
    """Whether a session takes people now. Whoever closes it, prints its codes or sits down in it waits for this transaction."""
    session = context.session
    lock_row(session, SupervisedSession, session_id)
    held_on, closed_at = session.execute(
        select(SupervisedSession.held_on, SupervisedClosing.ended_at)
        .outerjoin(SupervisedClosing, SupervisedClosing.session_id == SupervisedSession.id)
        .where(SupervisedSession.id == session_id)
    ).one()
    return takes_people(session_state(SessionDates(held_on, closed_at), context.today))
