"""A report that waits for the mail server goes to the address that its reader has when it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.context import make_context
from course.mail.delivery import deliver
from course.people.actions import correct_identity
from course.people.models import Person, Team
from course.scheduled_reports.jobs import send_scheduled_reports
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person
from tests.scheduled_reports.test_sending import ADDED, MONDAY, boss, sender_to, team, want
from tests.support.outbox import rendered_mails
from tests.support.smtp import smtp_server

__all__ = ["boss", "team"]
pytestmark = pytest.mark.both_engines


def test_a_report_that_waits_for_the_server_goes_to_the_address_that_its_reader_has_by_then(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    make_person(session, team=team, at=ADDED)
    want(session, boss, team)
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 1
    later = MONDAY + timedelta(hours=1)
    assert (
        correct_identity(make_context(session, None, later), boss.id, boss.name, "new@example.org", None, "x") is None
    )
    session.commit()
    rendered_mails(app, session)
    with smtp_server() as inbox, app.app_context():
        sent = sum(deliver(unit_of_work, sender_to(inbox), later + timedelta(minutes=minute)) for minute in (1, 2))
        assert (sent, [mail["To"] for mail in inbox.messages]) == (1, ["new@example.org"])


def test_a_report_goes_to_nobody_if_its_reader_has_no_address_any_more(
    app: Flask, session: Session, team: Team, boss: Person
) -> None:
    make_person(session, team=team, at=ADDED)
    want(session, boss, team)
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 1
    session.execute(update(Person).where(Person.id == boss.id).values(email=None, sign_in_name="boss"))
    session.commit()
    rendered_mails(app, session)
    with smtp_server() as inbox, app.app_context():
        assert deliver(unit_of_work, sender_to(inbox), MONDAY + timedelta(hours=2)) == 0
        assert inbox.messages == []
