"""Mail: queued once, sent once, tried again, given up; against a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.mail import actions, queries
from course.mail.delivery import SenderSettings, deliver
from course.mail.models import OutboxMail
from course.mail.rules import CLAIM_DURATION, RETRY_DELAYS, UNKNOWN_OUTCOME, MailRecipient, RenderedMail, next_try
from course.operations.rules import MailCheckMessage
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.support.outbox import queue_text
from tests.support.smtp import Inbox, smtp_server

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
YEAR = timedelta(days=366)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp_server() as found:
        yield found


@pytest.fixture
def outbox(app: Flask, session: Session) -> Iterator[Session]:
    """One mail that waits; commands find the application."""
    queue_text(session, "k1", "sam@example.org", RenderedMail("Grüße", "Dear Sam,\n\n– a dash.\n"), NOW)
    session.commit()
    with app.app_context():
        yield session


def send(inbox: Inbox, at: datetime) -> int:
    address = f"smtp://{inbox.host}:{inbox.port}"
    return deliver(
        unit_of_work, SenderSettings(address, "course@example.org", "https://training.example.org", "Europe/London"), at
    )


def only(session: Session) -> OutboxMail:
    session.expire_all()
    return session.execute(select(OutboxMail)).scalar_one()


def test_a_key_is_queued_once(outbox: Session) -> None:
    assert not actions.queue_message(outbox, "k1", MailRecipient("other@example.org"), MailCheckMessage("Kim"), NOW)
    assert only(outbox).recipient == "sam@example.org"


def test_a_mail_is_sent_once_and_its_text_is_not_kept(outbox: Session, inbox: Inbox) -> None:
    assert send(inbox, NOW - MINUTE) == 0
    assert send(inbox, NOW) == 1
    assert send(inbox, NOW + timedelta(days=1)) == 0
    (message,) = inbox.messages
    assert (message["To"], message["From"], message["Subject"]) == (
        "sam@example.org", "course@example.org", "Grüße",
    )  # fmt: skip
    assert message.get_content() == "Dear Sam,\n\n– a dash.\n"
    assert str(message["Message-ID"]).endswith("@training.example.org>")
    # Programs that answer by themselves leave it alone; a report that it was not delivered still comes.
    assert (message["Auto-Submitted"], message["X-Auto-Response-Suppress"]) == ("auto-generated", "OOF, AutoReply")
    mail = only(outbox)
    assert (mail.sent_at, mail.next_try_at, mail.failure, mail.text) == (NOW, None, None, "")


def test_a_server_that_is_busy_is_tried_again_later(outbox: Session, inbox: Inbox) -> None:
    inbox.fail_next(1)
    assert send(inbox, NOW) == 0
    assert "451" in (only(outbox).failure or "")
    assert send(inbox, NOW + MINUTE / 2) == 0
    assert send(inbox, NOW + MINUTE) == 1
    assert only(outbox).failure is None


def test_it_is_given_up_after_the_last_wait(outbox: Session, inbox: Inbox) -> None:
    inbox.fail_next(100)
    at = NOW
    for wait in RETRY_DELAYS:
        send(inbox, at)
        assert only(outbox).next_try_at == at + wait
        at += wait
    send(inbox, at)
    mail = only(outbox)
    assert mail.next_try_at is None
    assert mail.tries == len(RETRY_DELAYS) + 1
    assert "451" in (mail.failure or "")


def test_the_waits_grow_and_last_three_days() -> None:
    tries = range(1, len(RETRY_DELAYS) + 2)
    assert [next_try(n, NOW) for n in tries] == [*(NOW + wait for wait in RETRY_DELAYS), None]
    assert list(RETRY_DELAYS) == sorted(RETRY_DELAYS)
    assert sum(RETRY_DELAYS, timedelta()) >= timedelta(days=3)


def test_an_address_that_does_not_exist_is_given_up_at_once(outbox: Session, inbox: Inbox) -> None:
    inbox.refuse("sam@example.org")
    queue_text(outbox, "k2", "kim@example.org", RenderedMail("Hello", "Hello"), NOW)
    outbox.commit()
    assert send(inbox, NOW) == 1
    mail = outbox.execute(select(OutboxMail).where(OutboxMail.key == "k1").execution_options(populate_existing=True))
    refused = mail.scalar_one()
    assert refused.next_try_at is None
    assert "550" in (refused.failure or "")


def test_a_mail_that_another_sender_has_claimed_is_left_alone(outbox: Session, inbox: Inbox) -> None:
    (waiting,) = queries.due_mail(outbox, NOW)
    assert actions.claim_mail(outbox, waiting, NOW)
    assert not actions.claim_mail(outbox, waiting, NOW)
    outbox.commit()
    assert send(inbox, NOW) == 0


def test_a_mail_whose_sender_died_is_not_sent_twice_and_a_person_decides(outbox: Session, inbox: Inbox) -> None:
    (waiting,) = queries.due_mail(outbox, NOW)
    assert actions.claim_mail(outbox, waiting, NOW)
    queue_text(outbox, "k2", "kim@example.org", RenderedMail("Hello", "Hello"), NOW)
    outbox.commit()
    later = NOW + timedelta(hours=1)
    assert send(inbox, later) == 1
    assert [mail["To"] for mail in inbox.messages] == ["kim@example.org"]
    (unknown,) = queries.latest_mail(outbox, state="unknown")
    assert (unknown.state, unknown.failure, unknown.sent_at) == ("unknown", UNKNOWN_OUTCOME, None)
    assert queries.outbox_summary(outbox, later).unknown == 1
    assert actions.retry_all_mail(outbox, later) == 0, "what may have left is not sent again with all the others"
    assert actions.retry_mail(outbox, unknown.id, later)
    outbox.commit()
    assert send(inbox, later) == 1
    assert not actions.confirm_sent(outbox, unknown.id), "it is known now"


def test_somebody_can_say_that_a_mail_whose_sender_died_has_arrived(outbox: Session, inbox: Inbox) -> None:
    (waiting,) = queries.due_mail(outbox, NOW)
    assert actions.claim_mail(outbox, waiting, NOW)
    outbox.commit()
    assert send(inbox, NOW + timedelta(hours=1)) == 0
    assert actions.confirm_sent(outbox, waiting.id)
    mail = only(outbox)
    assert (mail.sent_at, mail.failure, mail.text, mail.claimed_at) == (NOW, None, "", None)
    assert not actions.confirm_sent(outbox, waiting.id)


# When a mail was queued and what it waits for, from now; whether a sender that died had claimed it; whether it is due.
WAITS = [
    ("queued a year ahead", YEAR, YEAR, None, True),
    ("queued a day ahead, for the day after", DAY, 2 * DAY, None, True),
    ("tried a year ahead", -DAY, YEAR, None, True),
    ("claimed a day ahead", -DAY, DAY + CLAIM_DURATION, DAY, True),
    ("put off to the end of a long closure", -DAY, timedelta(days=92), None, False),
    ("put off to the end of two", -DAY, timedelta(days=185), None, False),
    ("queued by a server whose clock differs a little", timedelta(minutes=9), timedelta(minutes=9), None, False),
    ("being sent", -DAY, CLAIM_DURATION, timedelta(), False),
]


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("queued", "waits", "claimed", "due"), [row[1:] for row in WAITS], ids=[row[0] for row in WAITS]
)
def test_a_mail_does_not_wait_for_a_moment_that_a_wrong_clock_has_named(
    session: Session, queued: timedelta, waits: timedelta, claimed: timedelta | None, due: bool
) -> None:
    queue_text(session, "k", "sam@example.org", RenderedMail("Hello", "A text"), NOW)
    mail = session.execute(select(OutboxMail)).scalar_one()
    mail.queued_at, mail.next_try_at = NOW + queued, NOW + waits
    mail.claimed_at = None if claimed is None else NOW + claimed
    session.flush()
    assert [one.key for one in queries.due_mail(session, NOW)] == ["k"] * due
    assert queries.has_deliverable_mail(session, "mail.example.org", NOW) == due


def test_a_mail_that_was_queued_a_year_ahead_leaves_once_when_the_clock_is_right(outbox: Session, inbox: Inbox) -> None:
    mail = only(outbox)
    mail.queued_at = mail.next_try_at = NOW + YEAR
    outbox.commit()
    assert send(inbox, NOW) == 1
    assert send(inbox, NOW) == 0
    assert len(inbox.messages) == 1


def test_many_mails_leave_by_one_connection(outbox: Session, inbox: Inbox) -> None:
    for number in range(20):
        queue_text(outbox, f"m{number}", f"m{number}@example.org", RenderedMail("Hello", "Hello"), NOW)
    outbox.commit()
    inbox.refuse("m3@example.org")
    assert send(inbox, NOW) == 20
    assert inbox.connections == 1


def test_a_server_that_takes_few_mails_on_a_connection_gets_all_of_them(outbox: Session, inbox: Inbox) -> None:
    for number in range(6):
        queue_text(outbox, f"m{number}", f"m{number}@example.org", RenderedMail("Hello", "Hello"), NOW)
    outbox.commit()
    inbox.mails_per_connection = 3
    assert send(inbox, NOW) == 7
    assert inbox.connections == 3
    assert {mail.failure for mail in queries.latest_mail(outbox)} == {None}


def test_two_senders_at_once_send_each_mail_once(outbox: Session, inbox: Inbox) -> None:
    """The second runs while the first has looked at what is due, and has sent nothing yet."""
    seen: list[int] = []

    @contextmanager
    def slow() -> Iterator[Session]:
        if len(seen) == 1:
            seen.append(0)
            assert send(inbox, NOW) == 1
        seen.append(0)
        with unit_of_work() as session:
            yield session

    address = f"smtp://{inbox.host}:{inbox.port}"
    assert deliver(slow, SenderSettings(address, "course@example.org", "http://localhost", "Europe/London"), NOW) == 0
    assert len(inbox.messages) == 1
    assert only(outbox).sent_at == NOW


def test_a_mail_that_cannot_be_written_is_given_up(outbox: Session, inbox: Inbox) -> None:
    queue_text(outbox, "k0", "kim@example.org", RenderedMail("Two\nlines", "Hello"), NOW - MINUTE)
    outbox.commit()
    assert send(inbox, NOW) == 1
    assert [m["To"] for m in inbox.messages] == ["sam@example.org"]


def test_a_password_is_not_sent_without_tls_to_another_machine(
    outbox: Session, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("course.mail.smtp._is_loopback", lambda _name: False)
    address = f"smtp://user:secret@{inbox.host}:{inbox.port}"
    assert (
        deliver(unit_of_work, SenderSettings(address, "course@example.org", "http://localhost", "Europe/London"), NOW)
        == 0
    )
    assert "offers no encrypted connection" in (only(outbox).failure or "")


def test_the_commands_send_and_list(app: Flask, session: Session) -> None:
    queue_text(session, "k1", "sam@example.org", RenderedMail("Hello", "Dear Sam"), now())
    session.commit()
    runner = app.test_cli_runner()
    assert "waiting" in runner.invoke(args=["mail", "list"]).output
    result = runner.invoke(args=["mail", "send"])
    assert "Dear Sam" in result.output
    assert "1 sent." in result.output
    listed = runner.invoke(args=["mail", "list"]).output
    assert "sam@example.org" in listed
    assert "sent 20" in listed
    assert "Dear Sam" not in listed
