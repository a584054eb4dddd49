"""Issuing certificates."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.certificates.rules import number, valid_until
from course.learning.events import CourseCompleted
from course.organisation.queries import organisation
from course.people.queries import person


def issue(session: Session, event: CourseCompleted) -> None:
    """One certificate for a completion: a copy of the names as they are today."""
    holder = person(session, event.person_id)
    ours = organisation(session)
    if holder is None or ours is None:
        raise LookupError("a completion needs a person and an organisation")
    session.add(
        Certificate(
            completion_id=event.completion_id,
            person_id=event.person_id,
            number=number(secrets.choice),
            name=holder.name,
            course=event.course,
            organisation=ours.name,
            edition=event.edition,
            content_version=event.content_version,
            completed_on=event.on,
            valid_until=valid_until(event.on, event.valid_months),
            issued_at=event.at,
        )
    )
    session.flush()
