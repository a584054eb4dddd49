"""Opening enrolments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from course.learning import queries
from course.learning.models import Enrolment
from course.people.events import PersonAdded


def enrol(session: Session, event: PersonAdded) -> None:
    """Require everyone who is added to take the course."""
    # Not flushed: a list of ten thousand people is then one statement. Every query for an enrolment follows a flush.
    session.add(Enrolment(person_id=event.person_id, kind="initial", opened_at=event.at))


def open_enrolment(session: Session, person_id: int, kind: str, at: datetime) -> int:
    """Open another enrolment: the whole course again (initial), a refresher or an update. Returns its id."""
    enrolment = Enrolment(person_id=person_id, kind=kind, opened_at=at)
    session.add(enrolment)
    session.flush()
    return enrolment.id


def require_enrolment(session: Session, person_id: int) -> int:
    """Return the id of the person's newest enrolment for the whole course. Raises LookupError if there is none."""
    enrolment = queries.enrolment_id(session, person_id)
    if enrolment is None:
        raise LookupError(f"person {person_id} has no enrolment")
    return enrolment
