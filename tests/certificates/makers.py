"""A person who has completed the course, and their certificate."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.certificates import actions
from course.certificates.models import Certificate
from course.learning.events import CourseCompleted
from course.learning.models import Completion
from course.learning.queries import enrolment_id
from tests.conftest import NOW
from tests.makers import make_person

TODAY = NOW.date()


def make_certificate(
    session: Session, email: str = "sam@example.org", on: date = TODAY, language: str | None = None
) -> Certificate:
    """A certificate for a new person who has chosen a language and completed the course."""
    person = make_person(session, email=email)
    person.language = language
    completion = Completion(
        enrolment_id=enrolment_id(session, person.id), completed_at=NOW, content_version="v", edition="0.3"
    )
    session.add(completion)
    session.flush()
    event = CourseCompleted(
        completion.id,
        person.id,
        "initial",
        NOW,
        on,
        "Online abuse",
        "0.3",
        "v1",
        12,
        "early-years",
        170,
        ("Background", "Policy"),
    )
    actions.issue_certificate(session, event)
    session.commit()
    return session.execute(select(Certificate).where(Certificate.person_id == person.id)).scalar_one()
