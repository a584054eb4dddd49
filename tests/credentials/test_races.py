"""Certificates that are issued and revoked concurrently, with real commits on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates import actions
from course.certificates.models import Certificate
from course.context import make_context
from course.credentials.models import SignedCredential, SigningKey
from course.learning.events import CourseCompleted
from course.learning.models import Completion
from course.learning.queries import enrolment_id
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.credentials.test_signed import revoked_indexes
from tests.makers import make_person
from tests.support.racing import at_once

MANY = 6


def in_transaction(app: Flask, action: Callable[[Session], object]) -> Callable[[], int]:
    """A function that runs the action in a transaction of its own, and returns 1 after the commit."""

    def run() -> int:
        with app.app_context(), unit_of_work() as session:
            action(session)
        return 1

    return run


def make_completion_event(session: Session, number: int, at: datetime = NOW) -> CourseCompleted:
    person = make_person(session, email=f"p{number}@example.org", password=None)
    completion = Completion(
        enrolment_id=enrolment_id(session, person.id), completed_at=at, content_version="v", edition="0.3"
    )
    session.add(completion)
    session.flush()
    return CourseCompleted(
        completion.id, person.id, "initial", at, at.date(), "Course", "0.3", "v1", 12, "clubs", 170, ()
    )


def test_first_certificates_share_a_key_and_no_revocation_is_lost(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        events = [make_completion_event(session, number) for number in range(MANY)]

    def issue(event: CourseCompleted) -> Callable[[Session], object]:
        return lambda session: actions.issue_certificate(session, event)

    assert sum(at_once([in_transaction(committed, issue(event)) for event in events])) == MANY
    with committed.app_context(), unit_of_work() as session:
        numbers = session.execute(select(Certificate.number)).scalars().all()
        assert session.execute(select(func.count()).select_from(SigningKey)).scalar_one() == 1

    def revoke(number: str) -> Callable[[Session], object]:
        return lambda session: actions.revoke(make_context(session, None, NOW), number, "why")

    assert sum(at_once([in_transaction(committed, revoke(number)) for number in numbers])) == MANY
    with committed.app_context(), unit_of_work() as session:
        assert revoked_indexes(session) == set(session.execute(select(SignedCredential.place)).scalars())
