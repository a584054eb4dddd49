"""How long the course and a refresher take: one length in every mail and on the poster, from the settings of the course."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.join_requests.actions import make_link
from course.join_requests.queries import join_links
from course.mail.message_templates import MailRenderer
from course.people.models import Person
from course.recertification.queries import people, policies
from course.recertification.rules import certification_status
from course.reminders.actions import PlannedReminder
from course.reminders.jobs import queue_due_reminders
from course.reminders.message_text import reminder_message
from course.reminders.queries import LEARNER, ReminderCandidate
from course.reminders.rules import ReminderStatus
from course.reminders.rules.messages import ManagerDigestMessage, ReminderMessage
from course.web.template_filters import format_minutes
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.days import this_day
from tests.support.outbox import rendered_mails

ZONE = "Europe/London"


def with_share(library: Library, per_cent: int) -> Library:
    course = library.origin or library
    return replace(course, course=course.course.model_copy(update={"refresher_share": per_cent}), _variants={})


def reminder_of(session: Session, person: Person, library: Library, on: date) -> ReminderMessage:
    """The mail that would remind a person on a day."""
    (facts,) = people(session, ZONE, [person.id])
    status = certification_status(facts.facts, policies(session, ZONE), on)
    candidate = ReminderCandidate(
        person.id, person.name, person.email, on, True, status, ReminderStatus(None, "", None)
    )
    planned = PlannedReminder(
        "k", LEARNER, person.id, person.name, person.email or "", "", status.due, now(), on, "", candidate
    )
    message = reminder_message(planned, library.usual_length, "Riverside Trust", "secret")
    assert isinstance(message, ReminderMessage)
    return message


def test_the_mails_and_the_poster_say_one_length_of_the_course(app: Flask, session: Session, client: Client) -> None:
    library: Library = app.extensions["course"].library
    said = f"about {format_minutes(library.usual_length.minutes)}"
    make_person(session, at=now() - timedelta(days=27))
    with app.app_context():
        assert queue_due_reminders(now(), now) == 1
    (mail,) = rendered_mails(app, session)
    assert f"It takes {said}." in mail.text
    renderer: MailRenderer = app.extensions["course"].mail_renderer
    values = {"sender": "Alex Morgan", "organisation": "", "name": "Sam", "token": "t", "due": None, "manages": ()}
    assert f"How long: {said} in all" in renderer.render("invitation", values).text
    team = make_team(session, "Hill School")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    make_link(make_context(session, boss.id, now()), team.id, ["example.org"], this_day() + timedelta(days=9))
    session.commit()
    (link,) = join_links(session, this_day())
    sign_in(client, boss)
    assert f"It takes {said} in all." in client.get(f"/registrations/links/{link.id}/poster").text


def test_a_reminder_of_a_refresher_says_how_long_one_is_by_the_settings_of_the_course(
    app: Flask, session: Session
) -> None:
    library: Library = app.extensions["course"].library.for_("school", "england")
    person = make_completed(session, library, timedelta(days=340))
    on = this_day()
    for share in (25, 50):
        course = with_share(library, share)
        assert reminder_of(session, person, course, on).minutes == course.usual_length.minutes * share / 100


def test_the_summary_for_managers_says_how_long_a_refresher_is_by_the_settings_of_the_course(app: Flask) -> None:
    kept = app.extensions["course"].mail_renderer
    half = with_share(app.extensions["course"].library, 50).usual_length
    renderer = MailRenderer("Course", lambda *_args, **_values: "https://example.org", ZONE, lambda: half)
    message = ManagerDigestMessage("choice", "Priya Nair", "Riverside Trust", 3, (), (), 0, 1, 14)
    said = " ".join(renderer.render(message.template, message.values()).text.split())
    assert f"and about {format_minutes(half.minutes / 2)} for a refresher" in said
    usual = " ".join(kept.render(message.template, message.values()).text.split())
    assert f"and about {format_minutes(half.minutes / 4)} for a refresher" in usual
