"""A course whose learners came from a platform with a gradebook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth.actions import SignInGranted
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.events import publish
from course.learning.actions import record_page_read
from course.learning.events import CourseCompleted
from course.learning.models import Completion
from course.learning.queries import enrolment_id
from course.lti.actions import UnknownAccount, enter_newcomer, record_launch
from course.lti.queries import platform
from course.lti.rules.launch import LaunchMessage, PlatformContext, PlatformLink, PlatformUser
from course.lti.rules.sealed import Newcomer
from course.lti.rules.targets import LinkTarget
from course.lti_services.jobs import find_changes, send_grades
from course.lti_services.models import LtiGrade
from course.lti_services.rules.scores import ITEM_SCOPE, SCORE_SCOPE
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.lti.making import register
from tests.lti.platform import DEPLOYMENT
from tests.lti_services.gradebook import Gradebook
from tests.makers import make_organisation

ITEM = "column/7?type_id=3"


@dataclass
class GradedCourse:
    """A course on a database, a platform that is registered there (`number`), and what a test asks of both."""

    app: Flask
    book: Gradebook
    number: int

    def launch(
        self, subject: str = "user-1", item: bool = True, scopes: tuple[str, ...] = (SCORE_SCOPE, ITEM_SCOPE),
        is_learner: bool = True, opens: LinkTarget | None = None, link: str = "link-1",
    ) -> int:  # fmt: skip
        """Somebody opens a link; the number of the person."""
        with self.app.app_context(), unit_of_work() as session:
            settings = platform(session, self.number)
            assert settings is not None
            user = PlatformUser(subject, f"{subject}@example.org", f"Person {subject}", is_learner)
            place = PlatformContext("context-1", "Safeguarding 101", f"{self.book.issuer}/members")
            address = f"{self.book.issuer}/items/{ITEM}" if item else ""
            found = PlatformLink(link, "Online abuse", address, f"{self.book.issuer}/items?type_id=3", scopes)
            context, target = make_context(session, None, now()), opens or LinkTarget()
            launched = record_launch(context, settings, LaunchMessage(DEPLOYMENT, user, place, found, target))
            if isinstance(launched, UnknownAccount):
                newcomer = Newcomer(
                    int(now().timestamp()), self.number, user.subject, user.address, user.name, is_learner,
                    launched.link_id, launched.context_id, "", "", "/", True, "nonce",
                )  # fmt: skip
                entered = enter_newcomer(context, newcomer)
                assert isinstance(entered, SignInGranted), entered
                return entered.person_id
            assert not isinstance(launched, str), launched
            return launched.person_id

    def read(self, person: int, pages: int = 1, at: datetime | None = None) -> None:
        """The person reads so many pages of the first module that has them."""
        with self.app.app_context(), unit_of_work() as session:
            for module in app_state().library.modules.values():
                for page in module.pages.values():
                    if pages and record_page_read(make_context(session, person, at or now()), module, page):
                        pages -= 1

    def complete(self, person: int, finished_at: datetime | None = None) -> None:
        """It is recorded now that the person completed the course, at that moment."""
        with self.app.app_context(), unit_of_work() as session:
            complete(session, person, finished_at)

    def send(self, at: datetime | None = None, find: bool = True) -> int:
        """What the jobs do at a moment: how many scores were tried."""
        with self.app.app_context():
            if find:
                find_changes(at or now())
            return send_grades(lambda: at or now())

    def grade(self, person_subject: int = 0) -> LtiGrade:
        with self.app.app_context(), read_only_session() as session:
            return list(session.execute(select(LtiGrade).order_by(LtiGrade.id)).scalars())[person_subject]

    def scores(self, subject: str = "user-1") -> list[tuple[str, int | None]]:
        """What the platform was told of somebody: how far, and the grade."""
        return [
            (one["activityProgress"], one.get("scoreGiven"))
            for _place, one in self.book.told
            if one["userId"] == subject
        ]


def complete(session: Session, person: int, finished_at: datetime | None = None) -> None:
    """Record that a person completed the course, with what follows from it."""
    at = now()
    row = Completion(
        enrolment_id=enrolment_id(session, person), completed_at=finished_at or at, content_version="v", edition="0.3"
    )
    session.add(row)
    session.flush()
    day = civil_date(at, "Europe/London")
    publish(
        session,
        CourseCompleted(
            row.id, person, "initial", at, day, "Online abuse", "0.3", "v1", 12, "early-years", 170, ("A", "B")
        ),
    )


def graded_course(app: Flask, book: Gradebook) -> GradedCourse:
    with app.app_context(), unit_of_work() as session:
        make_organisation(session)
        number = register(session, book, makes_accounts=True)
    return GradedCourse(app, book, number)


def later(minutes: float) -> datetime:
    return now() + timedelta(minutes=minutes)
