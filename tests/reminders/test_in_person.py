"""Who gets no mail is told in person: the digest of the manager, the notes to print, and what is not queued."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.mail.events import BeforeMailSend
from course.mail.models import OutboxMail
from course.people.actions import add_identity, invite
from course.people.models import Person, Team
from course.people.rules import PersonIdentity
from course.privacy.actions import _erase_identity
from course.privacy.queries.retention_due import count_affected_rows
from course.recertification.actions import grant_extension
from course.reminders import jobs
from course.reminders.actions import recheck_reminder
from course.reminders.models import Reminder
from course.training_records.actions import plan_reminders
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client
from tests.support.outbox import rendered_mails

# Everybody is added on Sunday 22 November 2026 and due on 20 December; on this Monday all are on the step of 14 days.
MONDAY = datetime(2026, 12, 7, 9, tzinfo=UTC)


@pytest.fixture
def team(session: Session) -> Team:
    make_organisation(session)
    return make_team(session, "Kitchen")


def make_cook(session: Session, team: Team | None, name: str = "Dana Bell", number: str = "K-17") -> Person:
    identity = PersonIdentity(name, staff_number=number)
    person = add_identity(make_context(session, None, NOW), identity, team.id if team else None, "learner")
    assert isinstance(person, Person)
    session.commit()
    return person


def queue(app: Flask, at: datetime = MONDAY) -> int:
    with app.app_context():
        return jobs.queue_due_reminders(at, lambda: at)


@pytest.mark.both_engines
def test_the_digest_of_the_manager_names_who_gets_no_mail(app: Flask, session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    make_person(session, "Sam Okafor", "sam@example.org", team=team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    queue(app)
    kinds = {(one.kind, one.person_id) for one in session.execute(select(Reminder)).scalars()}
    assert ("learner", cook.id) not in kinds
    assert ("manager", boss.id) in kinds
    (digest,) = rendered_mails(app, session, "summary:")
    assert "have no e-mail address and get no reminders. Please tell them in person." in " ".join(digest.text.split())
    assert "Dana Bell, due on 20 December 2026" in digest.text
    assert "Sam Okafor" not in digest.text
    assert "/reminders/in-person" in digest.text
    assert queue(app) == 0


def test_a_digest_waits_for_nobody_who_is_no_longer_to_be_told(app: Flask, session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    queue(app)
    mail = session.execute(select(OutboxMail).where(OutboxMail.key.startswith("summary:"))).scalar_one()
    leaving = BeforeMailSend(mail.key, mail.recipient, MONDAY, "Europe/London")
    recheck_reminder(session, leaving)
    session.refresh(mail)
    assert mail.withheld is None
    grant_extension(make_context(session, None, MONDAY), cook.id, (MONDAY + timedelta(days=200)).date(), "ill")
    recheck_reminder(session, leaving)
    session.refresh(mail)
    assert mail.withheld is not None


def test_a_manager_without_an_address_gets_no_mail_and_nothing_breaks(app: Flask, session: Session, team: Team) -> None:
    identity = PersonIdentity("Lee Moss", staff_number="L-1")
    assert isinstance(add_identity(make_context(session, None, NOW), identity, team.id, "manager"), Person)
    session.commit()
    make_cook(session, team)
    assert queue(app) == 0
    assert session.execute(select(OutboxMail)).first() is None


def test_an_invitation_and_a_reminder_say_why_there_is_none(session: Session, team: Team) -> None:
    cook, boss = make_cook(session, team), make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    assert not invite(make_context(session, boss.id, NOW), cook.id, "Priya Shah")
    (plan,) = plan_reminders(session, [cook.id], "please", "Europe/London", now())
    assert plan.reminder is None
    assert "They have no e-mail address" in plan.refusal_reason
    assert session.execute(select(OutboxMail)).first() is None


def test_the_notes_are_those_of_the_managers_people_and_an_administrator_sees_who_has_no_manager(
    app: Flask, session: Session, client: Client, team: Team
) -> None:
    make_cook(session, team)
    make_cook(session, make_team(session, "Elsewhere"), "Robin Ray", "R-1")
    make_person(session, "Sam Okafor", "sam@example.org", team=team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    sign_in(client, boss)
    page = client.get("/reminders/in-person")
    assert "Dana Bell" in page.text
    assert "It is due by" in page.text or "It was due on" in page.text
    for other in ("Robin Ray", "Sam Okafor", "No manager"):
        assert other not in page.text
    office = Client(app)
    sign_in(office, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    page = office.get("/reminders/in-person")
    assert page.text.index("Robin Ray") < page.text.index("Dana Bell")
    assert page.text.count("No manager") == 1
    learner = Client(app)
    sign_in(learner, session.execute(select(Person).where(Person.name == "Sam Okafor")).scalar_one())
    learner.get("/reminders/in-person", 403)


def test_erasing_reaches_the_sign_in_name(session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    assert count_affected_rows(session, "mail", [cook.id], NOW) == 1
    assert _erase_identity(session, cook.id, "mail", NOW)
    assert count_affected_rows(session, "mail", [cook.id], NOW) == 0
    assert _erase_identity(session, cook.id, "proof", NOW)
    session.refresh(cook)
    assert (cook.sign_in_name, cook.sign_in_key, cook.staff_number) == (None, None, None)
    assert not _erase_identity(session, cook.id, "proof", NOW)
