"""People in teams of whom there is something to read at every address."""

from __future__ import annotations

from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.learning.events import CourseCompleted
from course.learning.models import Completion, Enrolment
from course.people.models import Person, Team
from course.recertification.actions import certify
from tests.makers import make_person, make_team


def complete(session: Session, person: Person) -> None:
    """A completion of the course with its certificate, as the course records it."""
    at = now()
    enrolment = session.query(Enrolment).filter_by(person_id=person.id, kind="initial").one()
    completion = Completion(enrolment_id=enrolment.id, completed_at=at, content_version="1", edition="1")
    session.add(completion)
    session.flush()
    certify(
        session,
        CourseCompleted(
            completion.id, person.id, "initial", at, make_context(session, None, at).today, "A course", "1", "1", 12, None,
            60, ("Responding",),
        ),
    )  # fmt: skip
    session.commit()


def fill_teams(session: Session) -> tuple[dict[str, Team], set[int], set[int]]:
    """Teams by name; the people of Nursery and of Baby room below it, each of whom has a certificate; those of Office."""
    nursery, office = make_team(session, "Nursery"), make_team(session, "Office")
    teams = {"Nursery": nursery, "Baby room": make_team(session, "Baby room", nursery), "Office": office}
    people = {
        name: make_person(session, name, f"{name.split()[0].lower()}@example.org", team=teams[team], at=now())
        for name, team in (("Cleo Ash", "Nursery"), ("Dan Fir", "Baby room"), ("Eve Oak", "Office"))
    }
    for person in people.values():
        complete(session, person)
    return teams, {people["Cleo Ash"].id, people["Dan Fir"].id}, {people["Eve Oak"].id}
