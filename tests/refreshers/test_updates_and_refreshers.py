"""Updates beside a refresher: the mail and the page ask for the same, whatever was begun."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.dates import civil_date
from course.mail.delivery import SenderSettings, deliver
from course.people.models import Person
from course.recertification.actions import grant_extension, record_pause
from course.recertification.rules.facts import Pause
from course.refreshers import actions
from course.refreshers.jobs import send_updates
from course.web.unit_of_work import unit_of_work
from tests.makers import sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import Teach, answer_all, begin_on_page, finish_scenario
from tests.support.outbox import rendered_mails
from tests.support.smtp import smtp_server

ZONE = "Europe/London"


def mailed(session: Session, library: Library) -> list[str]:
    """To whom a mail about an update is due today, by name."""
    return [one.person.name for one in actions.updates_due(session, library, ZONE, civil_date(now(), ZONE))]


@pytest.mark.both_engines
def test_a_refresher_that_was_begun_early_leaves_a_later_change_to_the_update(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach
) -> None:
    """It was composed before the change, and may stay open for half a year."""
    person = make_completed(session, library, ago=timedelta(days=90))
    sign_in(client, person)
    begin_on_page(client)
    anew: Library = teach(28)
    assert mailed(session, anew) == [person.name]
    assert "The rule is another one." in client.get("/refresher/update").text
    assert client.post("/refresher/update", {}).location == "/refresher/update/change/1"
    finish_scenario(app, client, person, session)
    answer_all(app, client, person)


@pytest.mark.both_engines
def test_a_refresher_that_was_begun_early_with_a_change_needs_no_update(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    anew: Library = teach(28)
    sign_in(client, person)
    assert mailed(session, anew) == [person.name]
    begin_on_page(client)
    assert mailed(session, anew) == []
    assert "The rule is another one." not in client.get("/refresher/update").text


def test_while_more_time_was_given_the_refresher_has_what_changed_and_no_mail_asks_for_an_update(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    """The window is open, although more time makes nothing due soon."""
    person: Person = make_completed(session, library, ago=timedelta(days=340))
    until = civil_date(now(), ZONE) + timedelta(days=150)
    grant_extension(make_context(session, None, now()), person.id, until, "Ill for long.")
    session.commit()
    anew: Library = teach(28)
    sign_in(client, person)
    assert "The rule is another one." not in client.get("/refresher/update").text
    assert mailed(session, anew) == []


@pytest.mark.both_engines
@pytest.mark.parametrize("case", ["left", "another address", "done", "on leave", "begun", "as before"])
def test_a_mail_about_an_update_that_waits_for_working_hours_is_asked_once_more(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach, case: str
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    teach(28)
    with app.app_context():
        assert send_updates(civil_date(now(), ZONE), now()) == 1
    if case == "left":
        person.left_at = now()
    elif case == "another address":
        person.email = "sam.new@example.org"
    elif case == "on leave":
        today = civil_date(now(), ZONE)
        record_pause(make_context(session, None, now()), person.id, Pause(today, None, 14, "leave"))
    elif case in ("done", "begun"):
        sign_in(client, person)
        client.post(client.post("/refresher/update", {}).location, {})
        if case == "done":
            answer_all(app, client, person)
    session.commit()
    rendered_mails(app, session)
    with smtp_server() as inbox, app.app_context():
        sender = SenderSettings(f"smtp://127.0.0.1:{inbox.port}", "course@example.org", "http://localhost", ZONE)
        assert deliver(unit_of_work, sender, now() + timedelta(days=5)) == (case in ("begun", "as before"))
    (mail,) = rendered_mails(app, session, "update:")
    assert (mail.withheld is None) == (case in ("begun", "as before"))
