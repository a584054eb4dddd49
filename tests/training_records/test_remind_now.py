"""A manager reminds a person now: once a day, in working hours, and with a withdrawal as long as the mail has not been
sent."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.mail.actions import suppress_address
from course.mail.delivery import SenderSettings, deliver
from course.mail.jobs import render_waiting_mail
from course.mail.models import OutboxMail
from course.people.models import Person
from course.recertification.actions import grant_extension, record_pause
from course.recertification.rules.facts import Pause
from course.reminders.jobs import find_due_reminders
from course.reminders.models import Reminder
from course.training_records.actions import withdraw_reminder
from course.training_records.remind_now import ReminderOutcome, remind_all, remind_now
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.pages import words as words_of
from tests.support.days import this_day
from tests.support.smtp import smtp_server

ADDED = datetime(2026, 3, 2, 9, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
WHY = "You start with the under-fives this week."


@pytest.fixture
def two(session: Session) -> tuple[Person, Person]:
    """A manager, and a person in their team who has not begun yet."""
    team = make_team(session)
    boss = make_person(session, "Priya Nair", "priya@example.org", "manager", team, at=ADDED)
    return boss, make_person(session, team=team, at=ADDED)


def requested_reminders(session: Session) -> list[Reminder]:
    session.expire_all()
    return list(session.execute(select(Reminder).where(Reminder.kind == "asked").order_by(Reminder.id)).scalars())


def suppression_reasons(session: Session) -> list[str | None]:
    session.expire_all()
    return list(session.execute(select(OutboxMail.withheld).order_by(OutboxMail.id)).scalars())


def send(address: str, at: datetime) -> int:
    render_waiting_mail()
    return deliver(
        unit_of_work, SenderSettings(address, "course@example.org", "https://x.example.org", "Europe/London"), at
    )


def test_a_requested_reminder_is_sent_after_five_minutes_and_says_who_asks_and_why(
    app: Flask, session: Session, two: tuple[Person, Person]
) -> None:
    boss, sam = two
    with app.app_context(), smtp_server() as inbox:
        address = f"smtp://{inbox.host}:{inbox.port}"
        assert remind_now(make_context(session, boss.id, MONDAY), sam.id, WHY) == ReminderOutcome(
            sam.id, MONDAY + 5 * MINUTES
        )
        session.commit()
        again = remind_now(make_context(session, boss.id, MONDAY + MINUTES), sam.id, WHY)
        assert again.refusal_reason == "They already have a reminder on 23 November 2026."
        # The scheduled reminder of that day waits, because one reminder a day is enough.
        assert "sam@example.org" not in [one.recipient for one in find_due_reminders(MONDAY, now)]
        assert "sam@example.org" in [one.recipient for one in find_due_reminders(MONDAY + timedelta(days=1), now)]
        assert send(address, MONDAY + 4 * MINUTES) == 0
        assert send(address, MONDAY + 5 * MINUTES) == 1
        (message,) = inbox.messages
        assert message["Subject"] == "Your safeguarding training: please finish it by 29 November 2026"
        for part in message.iter_parts():
            content = " ".join(part.get_content().split())
            assert f"Priya Nair has asked for this reminder: “{WHY}”" in content
        (one,) = requested_reminders(session)
        assert not withdraw_reminder(make_context(session, boss.id, MONDAY + 6 * MINUTES), sam.id, one.id, boss.name)
    assert suppression_reasons(session) == [None]


def test_a_reminder_requested_on_a_sunday_waits_for_monday_morning(
    app: Flask, session: Session, two: tuple[Person, Person]
) -> None:
    boss, sam = two
    with app.app_context():
        sunday = datetime(2026, 11, 22, 21, tzinfo=UTC)
        assert remind_now(make_context(session, boss.id, sunday), sam.id, WHY).send_at == datetime(
            2026, 11, 23, 8, tzinfo=UTC
        )


@pytest.mark.both_engines
def test_a_withdrawn_reminder_is_not_sent_and_another_can_be_requested(
    app: Flask, session: Session, two: tuple[Person, Person]
) -> None:
    boss, sam = two
    with app.app_context(), smtp_server() as inbox:
        remind_now(make_context(session, boss.id, MONDAY), sam.id, "A typign error")
        (one,) = requested_reminders(session)
        assert not withdraw_reminder(make_context(session, boss.id, MONDAY), boss.id, one.id, boss.name)
        assert withdraw_reminder(make_context(session, boss.id, MONDAY), sam.id, one.id, boss.name)
        assert not withdraw_reminder(make_context(session, boss.id, MONDAY), sam.id, one.id, boss.name)
        # After the withdrawal the scheduled reminder is due again.
        session.commit()
        assert "sam@example.org" in [late.recipient for late in find_due_reminders(MONDAY, now)]
        assert remind_now(make_context(session, boss.id, MONDAY + MINUTES), sam.id, WHY).refusal_reason == ""
        session.commit()
        assert suppression_reasons(session) == ["Cancelled by Priya Nair.", None]
        assert send(f"smtp://{inbox.host}:{inbox.port}", MONDAY + 10 * MINUTES) == 1
    assert WHY.split()[0] in inbox.messages[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_reminder_that_is_no_longer_true_is_not_sent(
    app: Flask, session: Session, two: tuple[Person, Person]
) -> None:
    boss, sam = two
    with app.app_context():
        remind_now(make_context(session, boss.id, MONDAY), sam.id, WHY)
        day = MONDAY.date()
        grant_extension(make_context(session, boss.id, MONDAY), sam.id, day + timedelta(days=30), "was ill")
        session.commit()
        assert send("console:", MONDAY + 5 * MINUTES) == 0
    assert suppression_reasons(session) == ["The due day has moved."]


def test_each_of_many_people_has_an_outcome(app: Flask, session: Session, two: tuple[Person, Person]) -> None:
    boss, sam = two
    away = make_person(session, "Ann Hill", "ann@example.org", at=ADDED)
    bad = make_person(session, "Bo Lee", "bo@example.org", at=ADDED)
    suppress_address(session, "bo@example.org", "refused", "550 5.1.1", MONDAY)
    record_pause(make_context(session, boss.id, MONDAY), away.id, Pause(MONDAY.date(), None, 14, "leave"))
    with app.app_context():
        found = remind_all(make_context(session, boss.id, MONDAY), [sam.id, bad.id, away.id], WHY)
        assert remind_all(make_context(session, boss.id, MONDAY), [], WHY) == []
    assert [(one.person_id, one.send_at is not None, one.refusal_reason[:13]) for one in found] == [
        (away.id, False, "They are on l"),
        (bad.id, False, "E-mails to th"),
        (sam.id, True, ""),
    ]
    assert len(requested_reminders(session)) == 1


def test_two_managers_at_the_same_time_send_one_reminder(committed: Flask) -> None:
    with committed.extensions["course.sessions"].writing() as session:
        boss, sam = (make_person(session, n, f"{n}@example.org", at=ADDED).id for n in ("boss", "sam"))
    ready, made = threading.Barrier(2), list[bool]()

    def ask() -> None:
        with committed.app_context():
            ready.wait()
            with read_only_session() as session:
                made.append(remind_now(make_context(session, boss, MONDAY), sam, WHY).send_at is not None)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, True]


def test_a_manager_sends_and_withdraws_a_reminder_on_the_page(
    app: Flask, session: Session, two: tuple[Person, Person]
) -> None:
    boss, sam = two
    client, page = sign_in(Client(app), boss), f"/report/people/{sam.id}"
    assert f"Remind {sam.name}" in client.get(f"{page}/remind").h1
    assert "Enter a short reason" in client.post(f"{page}/remind", {"reason": " "}, 422).text
    told = client.follow(client.post(f"{page}/remind", {"reason": WHY}))
    for words in ("The reminder to Sam Okafor is sent", "Reminder requested by Priya Nair", WHY, "Waiting", "Cancel"):
        assert words in told.text, words
    assert "You cannot remind Sam Okafor now" in client.get(f"{page}/remind").text
    # The person sees the reminder on their own page, but cannot withdraw it.
    mine = sign_in(Client(app), sam).get("/reminders")
    assert WHY in mine.text
    assert "Cancel" not in mine.text
    told = client.follow(client.post(f"{page}/remind/{requested_reminders(session)[0].id}/end", {}))
    assert "Sam Okafor will not get an e-mail." in told.text
    assert "Cancelled by Priya Nair." in told.text
    client.get(f"/report/people/{boss.id}/remind", 404)


def test_the_button_is_shown_for_people_with_something_to_do(
    app: Flask, session: Session, two: tuple[Person, Person]
) -> None:
    boss, sam = two
    client, page, today = sign_in(Client(app), boss), f"/report/people/{sam.id}", this_day()
    assert "Remind now" in client.get(page).text
    record_pause(make_context(session, boss.id, now()), sam.id, Pause(today, None, 14, "on leave"))
    session.commit()
    assert "Remind now" not in client.get(page).text
    assert "can see that you opened this page" in client.get(page).text
    assert "They are on leave." in client.get(f"{page}/remind").text


def test_who_has_no_address_is_told_in_person_instead(app: Flask, session: Session, two: tuple[Person, Person]) -> None:
    boss, sam = two
    client, page = sign_in(Client(app), boss), f"/report/people/{sam.id}"
    session.execute(update(Person).where(Person.id == sam.id).values(email=None, sign_in_name="sam", sign_in_key="sam"))
    session.commit()
    shown = client.get(page)
    assert "Remind now" not in shown.text
    (link,) = [one.get("href", "") for one in shown.all("a") if words_of(one) == "Tell in person"]
    assert "Sam Okafor" in client.get(link).text
