"""Mail in the language of its reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.mail.actions import queue_message
from course.mail.jobs import render_waiting_mail
from course.mail.models import OutboxMail
from course.mail.rules import MailMessage
from course.organisation.rules.contacts import CONTACT_KINDS
from course.organisation.rules.messages import ContactReviewMessage
from course.people.actions import invite
from course.people.models import Person
from course.people.queries import mail_recipient
from course.reminders.jobs import queue_due_reminders
from tests.conftest import NOW
from tests.makers import make_person, make_team
from tests.support.pseudo_language import LANGUAGE, offered, pseudo

FOURTEEN = datetime(2026, 12, 4, 9, tzinfo=UTC)  # two weeks before people who were added at NOW are due
MONDAY = datetime(2026, 12, 28, 9, tzinfo=UTC)  # when they are overdue, and digests leave


@pytest.fixture
def session_in_app(app: Flask, session: Session) -> Iterator[Session]:
    with app.app_context(), offered():
        yield session


def rendered_mail(session: Session) -> dict[str, OutboxMail]:
    """The mails of the outbox by recipient, rendered."""
    render_waiting_mail()
    session.expire_all()
    return {mail.recipient: mail for mail in session.execute(select(OutboxMail)).scalars()}


def choose(session: Session, person: Person, language: str = LANGUAGE) -> None:
    session.execute(update(Person).where(Person.id == person.id).values(language=language))
    session.commit()


def begins(text: str, message: str) -> bool:
    """Whether a text begins as the message does in the pseudo-language, as far as its first value."""
    return text.startswith(pseudo(message).partition("%(")[0])


def test_a_reminder_is_in_the_language_of_its_reader(session_in_app: Session) -> None:
    choose(session_in_app, make_person(session_in_app, "Ann Vale", "ann@example.org"))
    make_person(session_in_app, "Ben Moss", "ben@example.org")
    assert queue_due_reminders(FOURTEEN, clock=now) == 2
    mails = rendered_mail(session_in_app)
    subject = "Your safeguarding training: please finish it by %(day)s"
    assert begins(mails["ann@example.org"].subject, subject)
    assert begins(mails["ann@example.org"].text, "Hello %(name)s,")
    assert mails["ann@example.org"].language == LANGUAGE
    assert mails["ben@example.org"].subject == subject % {"day": "20 December 2026"}
    assert mails["ben@example.org"].text.startswith("Hello Ben Moss,")


def test_a_digest_is_in_the_language_of_the_manager(session_in_app: Session) -> None:
    team = make_team(session_in_app)
    manager = make_person(session_in_app, "Ann Vale", "ann@example.org", "manager", team)
    choose(session_in_app, manager)
    make_person(session_in_app, "Ben Moss", "ben@example.org", team=team)
    queue_due_reminders(MONDAY, clock=now)
    digests = select(OutboxMail).where(OutboxMail.template == "digest_manager")
    rendered_mail(session_in_app)
    (digest,) = session_in_app.execute(digests).scalars()
    assert begins(digest.subject, "Your teams: %(overdue)s overdue")
    assert pseudo("Stop this summary:").rstrip(":") in digest.text
    assert pseudo("See your people:").rstrip(":") in digest.text


def test_an_invitation_to_a_person_who_has_chosen_no_language_is_english(session_in_app: Session) -> None:
    boss = make_person(session_in_app, "Ann Vale", "ann@example.org", "administrator")
    choose(session_in_app, boss)
    new = make_person(session_in_app, "Ben Moss", "ben@example.org", password=None)
    invite(make_context(session_in_app, boss.id, NOW), new.id, boss.name)
    session_in_app.commit()
    mail = rendered_mail(session_in_app)["ben@example.org"]
    assert mail.subject.startswith("Invitation: ")
    assert (mail.language, mail.text.splitlines()[0]) == ("en", "Dear Ben Moss,")


def test_words_of_the_program_in_a_mail_are_in_the_language_of_its_reader(session_in_app: Session) -> None:
    choose(session_in_app, make_person(session_in_app, "Ann Vale", "ann@example.org"))
    message: MailMessage = ContactReviewMessage(
        name="Ann", organisation="Riverside Trust", kind="lead", contact=CONTACT_KINDS["lead"], answerer="Jo",
        phone="01632 960101", email="", confirmed_at=NOW,
    )  # fmt: skip
    recipient = mail_recipient(session_in_app, "ann@example.org")
    assert queue_message(session_in_app, "contact", recipient, message, NOW)
    session_in_app.commit()
    assert pseudo(CONTACT_KINDS["lead"]) in rendered_mail(session_in_app)["ann@example.org"].subject
