"""Reminders from the database to the mailbox: once each, true when they leave, and nothing stale."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app import create_app
from course import schema_upgrade
from course.mail.actions import clear_suppression, set_mail_preference
from course.mail.delivery import deliver
from course.mail.models import OutboxMail
from course.mail.queries import suppressed_addresses
from course.mail.rules import DIGEST
from course.organisation.actions import confirm_contact
from course.people.models import Person, RoleGrant
from course.recertification.actions import grant_extension, record_pause
from course.reminders.actions import add_policy_version
from course.reminders.commands import queue_due_reminders
from course.reminders.models import Reminder
from course.reminders.rules import ReminderPolicy
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_config
from tests.makers import make_person, make_team
from tests.support.smtp import Inbox, smtp_server

# Added on Sunday 22 November 2026, due four weeks later: Sunday 20 December. The step 14 days before moves to a Friday.
FOURTEEN = datetime(2026, 12, 4, 9, tzinfo=UTC)
LATE = datetime(2026, 12, 21, 9, tzinfo=UTC)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp_server() as found:
        yield found


@pytest.fixture
def here(app: Flask, session: Session) -> Iterator[Session]:
    with app.app_context():
        yield session


def post(inbox: Inbox, at: datetime) -> int:
    """Send what is due: how many mails left."""
    return deliver(
        unit_of_work, f"smtp://{inbox.host}:{inbox.port}", "course@example.org", "https://training.example.org",
        "Europe/London", at,
    )  # fmt: skip


def mails(session: Session) -> list[OutboxMail]:
    session.expire_all()
    return list(session.execute(select(OutboxMail).order_by(OutboxMail.id)).scalars())


def steps(session: Session, kind: str = "learner") -> list[str]:
    session.expire_all()
    return list(session.execute(select(Reminder.step).where(Reminder.kind == kind).order_by(Reminder.id)).scalars())


def test_a_reminder_is_queued_once_and_reads_well(here: Session, inbox: Inbox) -> None:
    make_person(here)
    assert queue_due_reminders(FOURTEEN) == 1
    assert queue_due_reminders(FOURTEEN) == 0
    assert queue_due_reminders(FOURTEEN + timedelta(hours=30)) == 0
    assert post(inbox, FOURTEEN) == 1
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


def test_nobody_is_reminded_on_the_day_of_the_invitation_or_of_steps_before_it(here: Session) -> None:
    make_person(here, at=datetime(2026, 11, 23, 9, tzinfo=UTC))
    for number in range(10):
        assert queue_due_reminders(datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(days=number)) == 0


@pytest.mark.both_engines
def test_a_whole_year_brings_each_step_once_and_one_a_day_at_most(here: Session) -> None:
    make_person(here)
    for number in range(60):
        queue_due_reminders(datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(days=number))
    assert steps(here) == [
        "before 14",
        "before 7",
        "before 1",
        "after 1",
        "after 8",
        "after 15",
        "after 22",
        "after 29",
    ]
    days = list(here.execute(select(Reminder.leaves_on)).scalars())
    assert len(set(days)) == len(days)


def test_after_an_outage_of_three_weeks_only_todays_step_is_sent(here: Session, inbox: Inbox) -> None:
    make_person(here)
    assert queue_due_reminders(FOURTEEN) == 1  # queued, and then nothing runs until the due day has passed
    back = FOURTEEN + timedelta(weeks=3)
    while back.weekday() > 4 or back.date() in (date(2026, 12, 25), date(2026, 12, 28)):
        back += timedelta(days=1)
    assert queue_due_reminders(back) == 1
    assert post(inbox, back) == 1
    assert steps(here) == ["before 14", "after 8"]
    assert "was due on 20 December 2026" in str(inbox.messages[0]["Subject"])
    assert "later step" in (mails(here)[0].withheld or "")


def test_a_run_on_a_sunday_prepares_what_is_right_on_monday(here: Session, inbox: Inbox) -> None:
    make_person(here)
    sunday = datetime(2026, 12, 20, 20, tzinfo=UTC)
    assert queue_due_reminders(sunday) == 1
    assert steps(here) == ["after 1"]
    assert post(inbox, sunday) == 0
    assert post(inbox, datetime(2026, 12, 21, 8, tzinfo=UTC)) == 1


@pytest.mark.both_engines
def test_a_mail_that_could_not_leave_in_time_waits_for_the_next_working_day(here: Session, inbox: Inbox) -> None:
    make_person(here)
    queue_due_reminders(FOURTEEN)
    assert post(inbox, datetime(2026, 12, 5, 10, tzinfo=UTC)) == 0, "a Saturday"
    assert mails(here)[0].next_try_at == datetime(2026, 12, 7, 8, tzinfo=UTC)
    assert mails(here)[0].tries == 0
    assert post(inbox, datetime(2026, 12, 7, 8, tzinfo=UTC)) == 1


def leave(session: Session, person_id: int) -> None:
    session.execute(update(Person).where(Person.id == person_id).values(left_at=FOURTEEN - timedelta(hours=1)))
    session.flush()


def away(session: Session, person_id: int) -> None:
    record_pause(
        session, person_id, date(2026, 12, 3), date(2027, 3, 1), 14, "leave", date(2026, 12, 3), None, FOURTEEN
    )


def later(session: Session, person_id: int) -> None:
    grant_extension(session, person_id, date(2027, 6, 1), "more time", FOURTEEN.date(), None, FOURTEEN)


@pytest.mark.parametrize("change", [leave, away, later])
def test_a_mail_that_is_queued_and_not_true_any_more_is_not_sent(here: Session, inbox: Inbox, change: object) -> None:
    person = make_person(here)
    queue_due_reminders(FOURTEEN)
    assert callable(change)
    change(here, person.id)
    here.commit()
    assert post(inbox, FOURTEEN) == 0
    (mail,) = mails(here)
    assert mail.withheld
    assert (mail.text, mail.html, mail.next_try_at) == ("", None, None)


def test_whoever_gets_more_time_hears_of_the_new_day_but_not_twice_on_one_day(here: Session) -> None:
    person = make_person(here)
    assert queue_due_reminders(FOURTEEN) == 1
    grant_extension(here, person.id, date(2027, 1, 1), "more time", FOURTEEN.date(), None, FOURTEEN)
    here.commit()
    assert queue_due_reminders(FOURTEEN + timedelta(hours=1)) == 0
    assert queue_due_reminders(datetime(2026, 12, 7, 9, tzinfo=UTC)) == 1
    assert steps(here) == ["before 14", "before 30"]


def test_whoever_has_left_or_is_away_gets_nothing(here: Session) -> None:
    gone, off = make_person(here), make_person(here, "Kim Lee", "kim@example.org")
    leave(here, gone.id)
    away(here, off.id)
    here.commit()
    assert queue_due_reminders(FOURTEEN) == 0


def test_an_address_that_refused_mail_is_left_alone_until_somebody_clears_it(here: Session, inbox: Inbox) -> None:
    person = make_person(here)
    inbox.refuse("sam@example.org")
    queue_due_reminders(FOURTEEN)
    post(inbox, FOURTEEN)
    assert "550" in suppressed_addresses(here)["sam@example.org"]
    assert queue_due_reminders(datetime(2026, 12, 11, 9, tzinfo=UTC)) == 0, "the next step"
    assert clear_suppression(here, "sam@example.org", "it works again", person.id, FOURTEEN)
    assert not clear_suppression(here, "sam@example.org", "it works again", person.id, FOURTEEN)
    here.commit()
    assert queue_due_reminders(datetime(2026, 12, 11, 9, tzinfo=UTC)) == 1


def test_a_changed_address_is_written_to(here: Session, inbox: Inbox) -> None:
    person = make_person(here)
    inbox.refuse("sam@example.org")
    queue_due_reminders(FOURTEEN)
    post(inbox, FOURTEEN)
    person.email = "sam.okafor@example.org"
    here.commit()
    assert queue_due_reminders(datetime(2026, 12, 11, 9, tzinfo=UTC)) == 1


def team_with_manager(session: Session) -> tuple[int, int]:
    """A manager of a team, who has done nothing to be named for, and a learner in a team below."""
    top = make_team(session)
    below = make_team(session, "Hillside", top)
    manager = make_person(session, "Priya Nair", "priya@example.org", "manager", top)
    grant_extension(session, manager.id, date(2027, 12, 1), "manages", NOW.date(), None, NOW)
    learner = make_person(session, team=below)
    return manager.id, learner.id


def test_a_manager_gets_one_summary_a_week_with_names_only_of_those_overdue(here: Session, inbox: Inbox) -> None:
    manager, _ = team_with_manager(here)
    monday = datetime(2026, 12, 7, 9, tzinfo=UTC)
    queue_due_reminders(monday)
    assert steps(here, "manager") == ["weekly"]
    for number in range(1, 5):
        queue_due_reminders(monday + timedelta(days=number))
    assert steps(here, "manager") == ["weekly"]
    post(inbox, monday)
    first = next(m for m in inbox.messages if m["To"] == "priya@example.org")
    # She is counted as "not started", so the subject does not call her "due soon".
    assert first["Subject"] == "Your teams: 1 due in the next 60 days"
    said = first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "2 not started" in said
    assert "due soon" not in said
    assert "For 1 person the due day is in the next 60 days." in said
    assert "Sam" not in said
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    queue_due_reminders(LATE)
    post(inbox, LATE)
    second = [m for m in inbox.messages if m["To"] == "priya@example.org"][-1]
    assert second["Subject"] == "Your teams: 1 overdue"
    assert "Sam Okafor, due on 20 December 2026" in second.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    set_mail_preference(here, manager, DIGEST, False, LATE)
    here.commit()
    queue_due_reminders(LATE + timedelta(days=8))
    assert steps(here, "manager") == ["weekly", "weekly"], "whoever stopped it gets no more"


def test_a_summary_that_names_somebody_who_has_got_more_time_is_not_sent(here: Session, inbox: Inbox) -> None:
    _, learner = team_with_manager(here)
    queue_due_reminders(LATE)
    later(here, learner)
    here.commit()
    assert post(inbox, LATE) == 0
    assert {mail.withheld is not None for mail in mails(here)} == {True}


def test_whoever_manages_no_team_any_more_gets_no_summary_that_was_queued(here: Session, inbox: Inbox) -> None:
    team_with_manager(here)
    monday = datetime(2026, 12, 7, 9, tzinfo=UTC)
    queue_due_reminders(monday)
    here.execute(update(RoleGrant).values(until=monday))
    here.commit()
    post(inbox, monday)
    assert "priya@example.org" not in {m["To"] for m in inbox.messages}
    assert "do not manage a team" in "".join(mail.withheld or "" for mail in mails(here))


def test_the_lead_hears_once_a_week_of_whoever_is_long_overdue(here: Session, inbox: Inbox) -> None:
    make_person(here)
    confirm_contact(here, "lead", "Jo Fictional", "01632 960101", "lead@example.org", None, NOW)
    here.commit()
    queue_due_reminders(datetime(2026, 12, 31, 9, tzinfo=UTC))
    assert steps(here, "lead") == [], "11 days overdue"
    queue_due_reminders(datetime(2027, 1, 4, 9, tzinfo=UTC))
    queue_due_reminders(datetime(2027, 1, 6, 9, tzinfo=UTC))
    assert steps(here, "lead") == ["weekly"]
    post(inbox, datetime(2027, 1, 6, 9, tzinfo=UTC))
    told = next(m for m in inbox.messages if m["To"] == "lead@example.org")
    assert "Sam Okafor, due on 20 December 2026" in told.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert told["List-Unsubscribe"] is None


def test_another_policy_is_followed_from_then_on(here: Session) -> None:
    make_person(here)
    add_policy_version(here, ReminderPolicy(before=(10,), every_days=3), "Less often", None, NOW)
    here.commit()
    for number in range(37):
        queue_due_reminders(datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(days=number))
    assert steps(here) == ["before 10", "after 1", "after 4", "after 7"]


def test_the_command_says_what_it_would_do_and_then_does_it_once(app: Flask, session: Session) -> None:
    make_person(session)
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["reminders", "send", "--on", "2026-12-04", "--dry-run"])
    assert (
        "2026-12-04  learner  sam@example.org: before 14. 14 days before the due day, 20 December 2026." in dry.output
    )
    assert mails(session) == []
    assert runner.invoke(args=["reminders", "send", "--on", "2026-12-04"]).output == "1 reminder queued.\n"
    assert runner.invoke(args=["reminders", "send", "--on", "2026-12-04"]).output == "0 reminders queued.\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def real_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application that really commits, so that several can work at once; on PostgreSQL in a database of its own."""
    if request.param == "sqlite":
        yield request.getfixturevalue("fresh_app")
        return
    url = make_url(request.getfixturevalue("postgres_url"))
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("drop database if exists reminders_at_once"))
        connection.execute(text("create database reminders_at_once"))
    app = create_app(make_config(url.set(database="reminders_at_once").render_as_string(hide_password=False)))
    schema_upgrade.upgrade(app.extensions["course"].engine)
    yield app
    app.extensions["course"].engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("drop database reminders_at_once with (force)"))
    admin.dispose()


def test_case_10_several_workers_at_once_send_each_reminder_once(real_app: Flask, inbox: Inbox) -> None:
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
                post(inbox, FOURTEEN)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == 30
    assert sorted(str(m["To"]) for m in inbox.messages) == sorted(f"p{n}@example.org" for n in range(30))
