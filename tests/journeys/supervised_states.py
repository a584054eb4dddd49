"""Supervised sessions in the demonstration, with sheets, answers and a story on paper in them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.loaded_course import library
from course.context import make_context
from course.dates import civil_date
from course.learning.models import Enrolment, RunOutcome, ScenarioRun
from course.people.models import Person
from course.people.queries import person_by_email
from course.supervised_sessions import actions as supervised
from course.supervised_sessions.models import (
    SupervisedAttendee,
    SupervisedEntry,
    SupervisedSheet,
    SupervisedSitting,
    SupervisedStory,
)


def supervised_sessions(session: Session, person: int) -> dict[str, int]:
    """A supervised session whose question sheets are printed, and one of which the answers were entered."""
    at = now()
    boss = person_by_email(session, "admin@demo.example")
    assert boss is not None
    context, course = make_context(session, boss.id, at), library().for_("school", "england")
    others = session.execute(
        select(Person.id)
        .where(Person.left_at.is_(None), Person.id.not_in((boss.id, person)))
        .order_by(Person.id)
        .limit(3)
    ).scalars()
    expected, found = [person, *others], {}
    for name, module in (("supervised", "responding"), ("entered", "secret-contact")):
        planned = supervised.NewSession("module", module, "Dining hall", civil_date(at, "Europe/London"))
        found[name] = supervised.plan_session(context, planned, expected)
        attendee = session.execute(
            select(SupervisedAttendee.id).where(
                SupervisedAttendee.session_id == found[name], SupervisedAttendee.person_id == person
            )
        ).scalar_one()
        supervised.prepare_sheet(context, course, found[name], attendee, course.modules[module])
        supervised.record_attendance(context, found[name], [attendee], "Lee Ward")
    sitting = SupervisedSitting(attendee_id=attendee, way="paper", began_at=at)
    session.add(sitting)
    session.flush()
    sheet = session.execute(select(SupervisedSheet.id).where(SupervisedSheet.attendee_id == attendee)).scalar_one()
    session.add(SupervisedEntry(sheet_id=sheet, sitting_id=sitting.id, made_by=boss.id, made_at=at))
    found["story"] = _paper_story(session, person, attendee, boss.id)
    planned = supervised.NewSession("refresher", "course", "Dining hall", civil_date(at, "Europe/London"))
    found["renewing"] = supervised.plan_session(context, planned, expected)
    return found


def _paper_story(session: Session, person: int, attendee: int, entered_by: int) -> int:
    """A story that was entered from paper; its run."""
    at, ref = now(), "secret-contact/second-phone"
    enrolment = session.execute(select(func.max(Enrolment.id)).where(Enrolment.person_id == person)).scalar_one()
    run = ScenarioRun(enrolment_id=enrolment, ref=ref, version="v", number=99, opened_at=at)
    sitting = SupervisedSitting(attendee_id=attendee, way="paper", began_at=at)
    session.add_all([run, sitting])
    session.flush()
    session.add(RunOutcome(run_id=run.id, ending="end", outcome="good", finished_at=at))
    session.add(SupervisedStory(run_id=run.id, sitting_id=sitting.id, made_by=entered_by, made_at=at))
    session.flush()
    return run.id
