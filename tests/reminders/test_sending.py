"""Reminders from the database to the mailbox: each is sent once, is correct when it leaves, and none is outdated."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from flask import Flask, current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.mail.actions import clear_suppression, set_mail_preference
from course.mail.delivery import SenderSettings, deliver
from course.mail.jobs import render_waiting_mail
from course.mail.models import OutboxMail
from course.mail.queries import suppressed_addresses
from course.mail.rules import DIGEST
from course.organisation.actions import confirm_contact
from course.people.models import Person, RoleGrant
from course.recertification.actions import grant_extension, record_pause
from course.recertification.rules.facts import Pause
from course.reminders import jobs
from course.reminders.actions import add_policy_version
from course.reminders.models import Reminder
from course.reminders.rules import ReminderPolicy
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_app, new_database
from tests.makers import make_person, make_team
from tests.support.smtp import Inbox, smtp_server

queue_due_reminders = partial(jobs.queue_due_reminders, clock=now)

# People are added on Sunday 22 November 2026, and due four weeks later: Sunday 20 December. The step 14 days before
# moves to a Friday.
FOURTEEN = datetime(2026, 12, 4, 9, tzinfo=UTC)
LATE = datetime(2026, 12, 21, 9, tzinfo=UTC)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp_server() as found:
        yield found


@pytest.fixture
def session_in_app(app: Flask, session: Session) -> Iterator[Session]:
    with app.app_context():
        yield session


def deliver_mail(inbox: Inbox, at: datetime) -> int:
    """Deliver what is due. Returns the number of mails that left."""
    render_waiting_mail()
    address = f"smtp://{inbox.host}:{inbox.port}"
    sender = SenderSettings(address, "course@example.org", "https://training.example.org", "Europe/London")
    return deliver(unit_of_work, sender, at)


def outbox_mails(session: Session) -> list[OutboxMail]:
    session.expire_all()
    return list(session.execute(select(OutboxMail).order_by(OutboxMail.id)).scalars())


def queued_steps(session: Session, kind: str = "learner") -> list[str]:
    session.expire_all()
    return list(session.execute(select(Reminder.step).where(Reminder.kind == kind).order_by(Reminder.id)).scalars())


def test_a_reminder_is_queued_once_and_is_readable(session_in_app: Session, inbox: Inbox) -> None:
    make_person(session_in_app)
    assert queue_due_reminders(FOURTEEN) == 1
    assert queue_due_reminders(FOURTEEN) == 0
    assert queue_due_reminders(FOURTEEN + timedelta(hours=30)) == 0
    assert deliver_mail(inbox, FOURTEEN) == 1
    (message,) = inbox.messages
    assert message["To"] == "sam@example.org"
    assert message["Subject"] == "Your safeguarding training: please finish it by 20 December 2026"
    assert message["List-Unsubscribe"] is None
    assert message.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in message.iter_parts())
    for content in (text, html):
        for words in (
            "20 December 2026",
            "Riverside Trust",
            "It takes about",
            "http://127.0.0.1:8000/",
            "Tell your manager",
        ):
            assert words in content
    assert max(len(line) for line in text.splitlines()) <= 76
    assert "<script" not in html
    assert "<img" not in html


def test_a_reminder_names_the_length_that_the_invitation_names(session_in_app: Session) -> None:
    make_person(session_in_app)
    queue_due_reminders(FOURTEEN)
    (mail,) = outbox_mails(session_in_app)
    library = current_app.extensions["course"].library
    # What is for all pathways together is longer than what anybody reads.
    assert library.minutes > library.usual_length.minutes
    assert mail.template_values
    assert mail.template_values["minutes"] == library.usual_length.minutes


def test_nobody_is_reminded_on_the_day_of_the_invitation_or_of_earlier_steps(session_in_app: Session) -> None:
    make_person(session_in_app, at=datetime(2026, 11, 23, 9, tzinfo=UTC))
    for number in range(10):
        assert queue_due_reminders(datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(days=number)) == 0


@pytest.mark.both_engines
def test_each_step_comes_once_and_one_a_day_at_most(session_in_app: Session) -> None:
    make_person(session_in_app)
    for number in range(60):
        queue_due_reminders(datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(days=number))
    assert queued_steps(session_in_app) == [
        "before 14",
        "before 7",
        "before 1",
        "after 1",
        "after 8",
        "after 15",
        "after 22",
        "after 29",
    ]
    days = list(session_in_app.execute(select(Reminder.leaves_on)).scalars())
    assert len(set(days)) == len(days)


def test_after_an_outage_of_three_weeks_only_the_current_step_is_sent(session_in_app: Session, inbox: Inbox) -> None:
    make_person(session_in_app)
    assert queue_due_reminders(FOURTEEN) == 1  # queued; then nothing runs until the due date has passed
    restart = FOURTEEN + timedelta(weeks=3)
    while restart.weekday() > 4 or restart.date() in (date(2026, 12, 25), date(2026, 12, 28)):
        restart += timedelta(days=1)
    assert queue_due_reminders(restart) == 1
    assert deliver_mail(inbox, restart) == 1
    assert queued_steps(session_in_app) == ["before 14", "after 8"]
    assert "was due on 20 December 2026" in str(inbox.messages[0]["Subject"])
    assert "later step" in (outbox_mails(session_in_app)[0].withheld or "")


def test_a_run_on_a_sunday_queues_the_reminders_of_monday(session_in_app: Session, inbox: Inbox) -> None:
    make_person(session_in_app)
    sunday = datetime(2026, 12, 20, 20, tzinfo=UTC)
    assert queue_due_reminders(sunday) == 1
    assert queued_steps(session_in_app) == ["after 1"]
    assert deliver_mail(inbox, sunday) == 0
    assert deliver_mail(inbox, datetime(2026, 12, 21, 8, tzinfo=UTC)) == 1


@pytest.mark.both_engines
def test_a_delayed_mail_waits_for_the_next_business_day(session_in_app: Session, inbox: Inbox) -> None:
    make_person(session_in_app)
    queue_due_reminders(FOURTEEN)
    assert deliver_mail(inbox, datetime(2026, 12, 5, 10, tzinfo=UTC)) == 0, "a Saturday"
    assert outbox_mails(session_in_app)[0].next_try_at == datetime(2026, 12, 7, 8, tzinfo=UTC)
    assert outbox_mails(session_in_app)[0].tries == 0
    assert deliver_mail(inbox, datetime(2026, 12, 7, 8, tzinfo=UTC)) == 1


def record_leaving(session: Session, person_id: int) -> None:
    session.execute(update(Person).where(Person.id == person_id).values(left_at=FOURTEEN - timedelta(hours=1)))
    session.flush()


def record_long_leave(session: Session, person_id: int) -> None:
    record_pause(
        make_context(session, None, FOURTEEN - timedelta(days=1)),
        person_id,
        Pause(date(2026, 12, 3), date(2027, 3, 1), 14, "leave"),
    )


def grant_more_time(session: Session, person_id: int) -> None:
    grant_extension(make_context(session, None, FOURTEEN), person_id, date(2027, 6, 1), "more time")


@pytest.mark.parametrize("change", [record_leaving, record_long_leave, grant_more_time])
def test_an_obsolete_mail_in_the_queue_is_not_sent(session_in_app: Session, inbox: Inbox, change: object) -> None:
    person = make_person(session_in_app)
    queue_due_reminders(FOURTEEN)
    assert callable(change)
    change(session_in_app, person.id)
    session_in_app.commit()
    assert deliver_mail(inbox, FOURTEEN) == 0
    (mail,) = outbox_mails(session_in_app)
    assert mail.withheld
    assert (mail.text, mail.html, mail.next_try_at) == ("", None, None)


def test_after_an_extension_the_new_date_is_reminded_of_but_not_twice_on_one_day(session_in_app: Session) -> None:
    person = make_person(session_in_app)
    assert queue_due_reminders(FOURTEEN) == 1
    grant_extension(make_context(session_in_app, None, FOURTEEN), person.id, date(2027, 1, 1), "more time")
    session_in_app.commit()
    assert queue_due_reminders(FOURTEEN + timedelta(hours=1)) == 0
    assert queue_due_reminders(datetime(2026, 12, 7, 9, tzinfo=UTC)) == 1
    assert queued_steps(session_in_app) == ["before 14", "before 30"]


def test_people_who_have_left_or_are_on_leave_get_nothing(session_in_app: Session) -> None:
    gone, off = make_person(session_in_app), make_person(session_in_app, "Kim Lee", "kim@example.org")
    record_leaving(session_in_app, gone.id)
    record_long_leave(session_in_app, off.id)
    session_in_app.commit()
    assert queue_due_reminders(FOURTEEN) == 0


def test_a_suppressed_address_gets_no_mail_until_it_is_cleared(session_in_app: Session, inbox: Inbox) -> None:
    person = make_person(session_in_app)
    inbox.refuse("sam@example.org")
    queue_due_reminders(FOURTEEN)
    deliver_mail(inbox, FOURTEEN)
    assert "550" in suppressed_addresses(session_in_app)["sam@example.org"]
    assert queue_due_reminders(datetime(2026, 12, 11, 9, tzinfo=UTC)) == 0, "the next step"
    context = make_context(session_in_app, person.id, FOURTEEN)
    assert clear_suppression(context, "sam@example.org", "it works again")
    assert not clear_suppression(context, "sam@example.org", "it works again")
    session_in_app.commit()
    assert queue_due_reminders(datetime(2026, 12, 11, 9, tzinfo=UTC)) == 1


def test_a_new_address_gets_mail(session_in_app: Session, inbox: Inbox) -> None:
    person = make_person(session_in_app)
    inbox.refuse("sam@example.org")
    queue_due_reminders(FOURTEEN)
    deliver_mail(inbox, FOURTEEN)
    person.email = "sam.okafor@example.org"
    session_in_app.commit()
    assert queue_due_reminders(datetime(2026, 12, 11, 9, tzinfo=UTC)) == 1


def make_team_with_manager(session: Session) -> tuple[int, int]:
    """A manager, who is not overdue, of a team, and a learner in a team below."""
    top = make_team(session)
    below = make_team(session, "Hillside", top)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", top)
    grant_extension(make_context(session, None, NOW), manager.id, date(2027, 12, 1), "manages")
    learner = make_person(session, team=below)
    return manager.id, learner.id


def test_a_manager_gets_one_digest_a_week_that_names_only_overdue_people(session_in_app: Session, inbox: Inbox) -> None:
    manager, _ = make_team_with_manager(session_in_app)
    monday = datetime(2026, 12, 7, 9, tzinfo=UTC)
    queue_due_reminders(monday)
    assert queued_steps(session_in_app, "manager") == ["weekly"]
    for number in range(1, 5):
        queue_due_reminders(monday + timedelta(days=number))
    assert queued_steps(session_in_app, "manager") == ["weekly"]
    deliver_mail(inbox, monday)
    first = next(m for m in inbox.messages if m["To"] == "priya@example.org")
    # The manager is counted as "not started", so the subject does not say "due soon".
    assert first["Subject"] == "Your teams: 1 due in the next 60 days"
    plain_text = first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "2 not started" in plain_text
    assert "due soon" not in plain_text
    assert "For 1 person the due day is in the next 60 days." in plain_text
    assert "Sam" not in plain_text
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    queue_due_reminders(LATE)
    deliver_mail(inbox, LATE)
    second = [m for m in inbox.messages if m["To"] == "priya@example.org"][-1]
    assert second["Subject"] == "Your teams: 1 overdue"
    assert "Sam Okafor, due on 20 December 2026" in second.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    set_mail_preference(session_in_app, manager, DIGEST, False, LATE)
    session_in_app.commit()
    queue_due_reminders(LATE + timedelta(days=8))
    assert queued_steps(session_in_app, "manager") == ["weekly", "weekly"], "whoever stopped it gets no more"


def test_a_digest_that_names_a_person_with_an_extension_is_not_sent(session_in_app: Session, inbox: Inbox) -> None:
    _, learner = make_team_with_manager(session_in_app)
    queue_due_reminders(LATE)
    grant_more_time(session_in_app, learner)
    session_in_app.commit()
    assert deliver_mail(inbox, LATE) == 0
    assert {mail.withheld is not None for mail in outbox_mails(session_in_app)} == {True}


def test_a_former_manager_does_not_get_a_queued_digest(session_in_app: Session, inbox: Inbox) -> None:
    make_team_with_manager(session_in_app)
    monday = datetime(2026, 12, 7, 9, tzinfo=UTC)
    queue_due_reminders(monday)
    session_in_app.execute(update(RoleGrant).values(until=monday))
    session_in_app.commit()
    deliver_mail(inbox, monday)
    assert "priya@example.org" not in {m["To"] for m in inbox.messages}
    assert "no longer manage a team" in "".join(mail.withheld or "" for mail in outbox_mails(session_in_app))


def test_the_lead_is_told_once_a_week_about_people_long_overdue(session_in_app: Session, inbox: Inbox) -> None:
    make_person(session_in_app)
    confirm_contact(make_context(session_in_app, None, NOW), "lead", "Jo Fictional", "01632 960101", "lead@example.org")
    session_in_app.commit()
    queue_due_reminders(datetime(2026, 12, 31, 9, tzinfo=UTC))
    assert queued_steps(session_in_app, "lead") == [], "11 days overdue"
    queue_due_reminders(datetime(2027, 1, 4, 9, tzinfo=UTC))
    queue_due_reminders(datetime(2027, 1, 6, 9, tzinfo=UTC))
    assert queued_steps(session_in_app, "lead") == ["weekly"]
    deliver_mail(inbox, datetime(2027, 1, 6, 9, tzinfo=UTC))
    message = next(m for m in inbox.messages if m["To"] == "lead@example.org")
    assert "Sam Okafor, due on 20 December 2026" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert message["List-Unsubscribe"] is None


def test_a_new_policy_applies_from_its_start(session_in_app: Session) -> None:
    make_person(session_in_app)
    add_policy_version(
        make_context(session_in_app, None, NOW), ReminderPolicy(before=(10,), every_days=3), "Less often"
    )
    session_in_app.commit()
    for number in range(37):
        queue_due_reminders(datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(days=number))
    assert queued_steps(session_in_app) == ["before 10", "after 1", "after 4", "after 7"]


def test_the_command_previews_the_reminders_and_queues_them_once(app: Flask, session: Session) -> None:
    make_person(session)
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["reminders", "send", "--on", "2026-12-04", "--dry-run"])
    assert (
        "2026-12-04  learner  sam@example.org: before 14. 14 days before the due day, 20 December 2026." in dry.output
    )
    assert outbox_mails(session) == []
    assert runner.invoke(args=["reminders", "send", "--on", "2026-12-04"]).output == "1 reminder queued.\n"
    assert runner.invoke(args=["reminders", "send", "--on", "2026-12-04"]).output == "0 reminders queued.\n"
    assert (
        runner.invoke(args=["reminders", "send", "--on", "2026-12-04", "--dry-run"]).output == "No reminder is due.\n"
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def real_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application with real commits, so that several threads can work at once; on PostgreSQL in a separate
    database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("fresh_app")
        return
    cluster, template = (request.getfixturevalue(name) for name in ("postgres_url", "archived_database"))
    app = make_app(new_database(cluster, "reminders_at_once", template))
    yield app
    app.extensions["course"].engine.dispose()


def test_case_10_concurrent_workers_send_each_reminder_once(real_app: Flask, inbox: Inbox) -> None:
    with real_app.app_context(), unit_of_work() as session:
        for number in range(30):
            make_person(session, f"Person {number}", f"p{number}@example.org", password=None)
    counts: list[int] = []
    together = threading.Barrier(4)

    def work() -> None:
        with real_app.app_context():
            together.wait()
            counts.append(queue_due_reminders(FOURTEEN))
            for _ in range(4):
                deliver_mail(inbox, FOURTEEN)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == 30
    assert sorted(str(m["To"]) for m in inbox.messages) == sorted(f"p{n}@example.org" for n in range(30))
