"""The people of a World. Hundreds of tests copy a database in which they are there already."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Person, Team
from tests.makers import make_person, make_team

BOSS, SAM, KIM = "alex@example.org", "sam@example.org", "kim@example.org"


def make_people(session: Session) -> None:
    """An administrator, a learner, and somebody in a team who has not chosen a password yet."""
    make_person(session, "Alex Morgan", BOSS, "administrator")
    make_person(session, "Sam Okafor", SAM)
    make_person(session, "Kim Else", KIM, team=make_team(session), password=None)


def people_there(session: Session) -> tuple[Person, Person, Team, Person]:
    """Administrator, learner, team and who is in it; made if nobody is there."""
    if session.execute(select(Person.id).limit(1)).first() is None:
        make_people(session)
    boss, sam, kim = (
        session.execute(select(Person).where(Person.email == email)).scalar_one() for email in (BOSS, SAM, KIM)
    )
    return boss, sam, session.execute(select(Team)).scalar_one(), kim
