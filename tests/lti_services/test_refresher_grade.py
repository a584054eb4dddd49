"""The grade of a link to the refresher, from the first launch to the certificate, as the gradebook of the platform sees it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import update

from course.lti.models import LtiRegistration
from course.lti.rules.targets import REFRESHER, LinkTarget
from course.people.models import Person
from course.refreshers.queries import newest_refresher
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.lti_services.gradebook import Gradebook
from tests.lti_services.making import GradedCourse, graded_course
from tests.makers import sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import answer_all, begin_on_page, finish_scenario

TARGET = LinkTarget(REFRESHER)


def _completed_long_ago(course: GradedCourse) -> Person:
    """Somebody whose certificate ends soon, and whom the platform knows by their address."""
    library = course.app.extensions["course"].library.for_("school", "england")
    with course.app.app_context(), unit_of_work() as session:
        person = make_completed(session, library, email="user-1@example.org")
        session.execute(update(LtiRegistration).values(links_by_address=True))
        session.refresh(person)
        session.expunge(person)
    return person


def _share_after_the_story(course: GradedCourse, client: Client, person: Person) -> int:
    """Finish the story of the refresher; the share of its parts that this is, in per cent."""
    with course.app.app_context(), read_only_session() as session:
        finish_scenario(course.app, client, person, session)
        found = newest_refresher(session, person.id, "refresher")
        assert found is not None
        assert 5 < len(found.parts) < 50
        return 100 // len(found.parts)


def test_the_grade_of_the_refresher_follows_its_parts_and_is_told_once(archived_app: Flask, book: Gradebook) -> None:
    course = graded_course(archived_app, book)
    person = _completed_long_ago(course)
    assert course.launch(opens=TARGET) == person.id
    course.send()
    assert course.scores() == [("Initialized", None)]  # there is none yet, and an old certificate is no grade
    client = sign_in(Client(course.app), person)
    begin_on_page(client)
    course.send()
    assert course.scores() == [("Initialized", None)]
    first = _share_after_the_story(course, client, person)
    course.send()
    assert course.scores()[1:] == [("InProgress", first)]
    answer_all(course.app, client, person)
    course.send()
    assert course.scores()[2:] == [("Completed", 100)]
    # Nothing is told twice, also when they come again.
    course.launch(opens=TARGET)
    course.send()
    assert len(course.scores()) == 3
    assert book.refused == []
