"""A mail server's bad day: nothing is lost, no healthy address is silenced, and administrators are told why."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.context import make_context
from course.mail import actions, queries
from course.mail.delivery import SenderSettings, deliver
from course.mail.models import AddressFault, MailOutage, OutboxMail
from course.mail.rules import (
    FAULT_TEXTS,
    MAX_SERVER_WAIT,
    SERVER_CHECK_DELAYS,
    FaultReason,
    RenderedMail,
    next_server_check,
)
from course.mail.smtp import server_fault, server_name
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.support.outbox import queue_text
from tests.support.smtp import Inbox, smtp_server

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MANY = 12


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp_server() as found:
        yield found


@pytest.fixture
def many(app: Flask, session: Session) -> Iterator[Session]:
    """Mails to many people; commands find the application."""
    with app.app_context():
        queue(session, MANY)
        yield session


def queue(session: Session, count: int, at: datetime = NOW, name: str = "person") -> None:
    for number in range(count):
        queue_text(session, f"{name}{number}", f"{name}{number}@example.org", RenderedMail("Hello", "Hello"), at)
    session.commit()


def send(port: int, at: datetime) -> int:
    address = f"smtp://127.0.0.1:{port}"
    return deliver(unit_of_work, SenderSettings(address, "course@example.org", "http://localhost", "Europe/London"), at)


def work(port: int, since: datetime, until: datetime, every: timedelta) -> int:
    """Let the sender look for mail again and again, as a worker does; returns how many mails left."""
    count, at = 0, since
    while at <= until:
        count += send(port, at)
        at += every
    return count


def mails(session: Session) -> list[OutboxMail]:
    session.expire_all()
    return list(session.execute(select(OutboxMail).order_by(OutboxMail.id)).scalars())


def doubts(session: Session, at: datetime) -> int:
    return queries.mail_alert(session, "", at).doubted


def outages(session: Session) -> list[MailOutage]:
    session.expire_all()
    return list(session.execute(select(MailOutage).order_by(MailOutage.id)).scalars())


@contextmanager
def no_server() -> Iterator[int]:
    """A port at which nothing answers, and which nobody else can take meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.both_engines
def test_a_server_that_cannot_be_reached_for_a_day_loses_no_mail(many: Session, inbox: Inbox) -> None:
    with no_server() as port:
        assert work(port, NOW, NOW + DAY, 2 * HOUR) == 0
    assert {(mail.tries, mail.next_try_at is None) for mail in mails(many)} == {(0, False)}
    # The same server, as far as the sender knows, is back: the mails that wait leave at the next look.
    (outage,) = outages(many)
    outage.server = f"127.0.0.1:{inbox.port}"
    many.commit()
    assert work(inbox.port, NOW + DAY, NOW + DAY + SERVER_CHECK_DELAYS[-1], MINUTE) == MANY
    assert outages(many)[0].ended_at is not None


def test_a_server_that_cannot_be_reached_is_looked_at_now_and_then_by_one_mail(many: Session) -> None:
    with no_server() as port:
        send(port, NOW)
        (outage,) = outages(many)
        assert (outage.looks, outage.next_look_at, outage.reason) == (1, NOW + SERVER_CHECK_DELAYS[0], "refused")
        send(port, NOW + SERVER_CHECK_DELAYS[0] / 2)
        assert outages(many)[0].looks == 1
        work(port, NOW + SERVER_CHECK_DELAYS[0], NOW + HOUR, MINUTE)
    (outage,) = outages(many)
    assert (outage.began_at, outage.looks) == (NOW, 1 + sum(1 for _ in looks_until(HOUR)))
    assert sum(mail.failure is not None for mail in mails(many)) == 1


def looks_until(end: timedelta) -> Iterator[datetime]:
    at, looks = NOW, 1
    while (at := next_server_check(looks, at)) <= NOW + end:
        looks += 1
        yield at


@pytest.mark.both_engines
def test_after_a_week_mail_is_given_up_in_words_and_leaves_with_one_press(many: Session, inbox: Inbox) -> None:
    with no_server() as port:
        work(port, NOW, NOW + MAX_SERVER_WAIT - HOUR, 12 * HOUR)
        assert all(mail.next_try_at is not None for mail in mails(many))
        work(port, NOW + MAX_SERVER_WAIT, NOW + MAX_SERVER_WAIT + HOUR, HOUR)
    for mail in mails(many):
        assert mail.next_try_at is None
        assert (mail.failure or "").startswith("Given up after 7 days. The mail server 127.0.0.1:")
    actions.erase_old_texts(many, NOW + MAX_SERVER_WAIT + DAY)
    assert actions.retry_all_mail(many, NOW + MAX_SERVER_WAIT + DAY) == MANY
    many.commit()
    assert send(inbox.port, NOW + MAX_SERVER_WAIT + DAY) == MANY


def test_one_press_looks_again_at_once(many: Session) -> None:
    with no_server() as port:
        work(port, NOW, NOW + DAY, 8 * HOUR)
        actions.check_server_now(many, NOW + DAY + MINUTE)
        many.commit()
        before = outages(many)[0].looks
        send(port, NOW + DAY + MINUTE)
    assert outages(many)[0].looks == before + 1


@pytest.mark.parametrize(
    "reply",
    [
        "451 4.7.1 Greylisting in action, please come back later",
        "550 5.1.8 <course@example.org>: Sender address rejected: Domain not found",
        "554 5.7.1 <person@example.org>: Relay access denied",
        "552 5.3.4 Message size exceeds fixed limit",
        "550 5.7.1 Not \0 today",
    ],
)
def test_a_server_that_turns_everything_away_for_a_day_loses_nothing_and_silences_nobody(
    app: Flask, session: Session, inbox: Inbox, reply: str
) -> None:
    queue(session, 5)
    inbox.answer_to_all(reply)
    with app.app_context():
        assert work(inbox.port, NOW, NOW + DAY, 6 * HOUR) == 0
        assert {mail.tries for mail in mails(session)} == {0}
        assert queries.suppression_list(session) == []
        (outage,) = outages(session)
        assert (outage.reason, "@" in outage.detail) == ("turned-away", False)
        inbox.answer_to_all(None)
        assert work(inbox.port, NOW + DAY + MINUTE, NOW + DAY + HOUR, 20 * MINUTE) == 5


def test_one_wrong_answer_does_not_silence_many_healthy_addresses(many: Session, inbox: Inbox) -> None:
    inbox.answer_to_all("550 5.1.1 No such mailbox")
    assert send(inbox.port, NOW) == 0
    assert queries.suppressed_addresses(many) == {}
    assert doubts(many, NOW) == MANY
    inbox.answer_to_all(None)
    assert work(inbox.port, NOW + HOUR, NOW + 5 * HOUR, HOUR) == MANY
    assert doubts(many, NOW + 5 * HOUR) == 0


def test_addresses_that_were_believed_to_be_dead_one_by_one_are_doubted_once_they_are_too_many(
    app: Flask, session: Session, inbox: Inbox
) -> None:
    inbox.answer_to_all("550 5.1.1 No such mailbox")
    with app.app_context():
        for number in range(4):
            queue(session, 1, NOW + number * MINUTE, f"name{number}-")
            send(inbox.port, NOW + number * MINUTE)
            assert len(queries.suppressed_addresses(session)) == (number + 1 if number < 3 else 0)
        inbox.answer_to_all(None)
        assert work(inbox.port, NOW + 5 * MINUTE, NOW + 5 * HOUR, HOUR) == 4


def test_a_few_dead_addresses_among_many_are_left_alone(many: Session, inbox: Inbox) -> None:
    for number in range(3):
        inbox.refuse(f"person{number}@example.org")
    assert send(inbox.port, NOW) == MANY - 3
    assert len(queries.suppressed_addresses(many)) == 3
    assert actions.clear_suppression_list(make_context(many, None, NOW), "The server was wrong.") == 3
    assert queries.suppression_list(many) == []
    assert actions.clear_suppression_list(make_context(many, None, NOW), "Again.") == 0


@pytest.mark.both_engines
def test_a_mail_that_makes_the_server_hang_up_does_not_keep_the_others_back(
    app: Flask, session: Session, inbox: Inbox
) -> None:
    inbox.answer("bad0@example.org", "421 4.3.0 Closing connection")
    queue(session, 1, name="bad")
    queue(session, 2, NOW + MINUTE)
    with app.app_context():
        assert send(inbox.port, NOW + MINUTE) == 2
    assert outages(session) == []
    assert [mail.tries for mail in mails(session)] == [1, 1, 1]


def test_a_server_that_hangs_up_on_everybody_is_not_tried_with_everybody(many: Session, inbox: Inbox) -> None:
    inbox.answer_to_all("421 4.3.2 Too busy")
    send(inbox.port, NOW)
    assert sum(mail.failure is not None for mail in mails(many)) == 3
    (outage,) = outages(many)
    assert outage.reason == "busy"


def test_another_server_in_the_settings_is_tried_at_once(many: Session, inbox: Inbox) -> None:
    with no_server() as port:
        work(port, NOW, NOW + DAY, 8 * HOUR)
        assert queries.delivery_problem(many, f"127.0.0.1:{inbox.port}", NOW + DAY) is not None, (
            "the mails have waited for long"
        )
    assert send(inbox.port, NOW + DAY + MINUTE) == MANY
    assert queries.delivery_problem(many, f"127.0.0.1:{inbox.port}", NOW + DAY + MINUTE) is None
    assert all(outage.ended_at for outage in outages(many))


def test_mail_that_nobody_sends_is_trouble_too(many: Session) -> None:
    assert queries.delivery_problem(many, "mail.example.org:25", NOW + MINUTE) is None
    found = queries.delivery_problem(many, "mail.example.org:25", NOW + HOUR)
    assert found is not None
    assert (found.reason, found.since, found.waiting) == ("stopped", NOW, MANY)


def test_a_server_that_says_goodbye_oddly_has_the_mail_all_the_same(app: Flask, session: Session) -> None:
    queue(session, 1)
    replies = {b"EHLO": b"250 mail", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"DATA": b"354 go", b".": b"250 ok",
               b"QUIT": b"451 never"}  # fmt: skip
    with scripted(b"220 mail\r\n", replies) as port, app.app_context():
        assert send(port, NOW) == 1


@contextmanager
def scripted(greeting: bytes, replies: dict[bytes, bytes]) -> Iterator[int]:
    """A server that gives these replies to lines that begin so, and hangs up at any other line outside a mail."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:
                stream.write(greeting)
                stream.flush()
                inside = False
                for line in stream:
                    if inside and line.strip() != b".":
                        continue
                    reply = next((said for begin, said in replies.items() if line.upper().startswith(begin)), None)
                    if reply is None:
                        return
                    inside = reply.startswith(b"354")
                    stream.write(reply + b"\r\n")
                    stream.flush()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


# What a server says first, what it answers, how it is called, and the reason that is given for it.
BAD_SERVERS: list[tuple[bytes, dict[bytes, bytes], str, FaultReason]] = [
    (b"554 5.7.1 Client host blocked\r\n", {}, "smtp://", "greeting"),
    (b"421 4.3.2 Too many connections\r\n", {}, "smtp://", "busy"),
    (b"220 mail\r\n", {}, "smtp://", "cut"),
    (b"220 mail\r\n", {b"EHLO": b"502 what", b"HELO": b"550 not you"}, "smtp://", "greeting"),
    (b"220 mail\r\n", {b"EHLO": b"250-mail\r\n250 STARTTLS", b"STARTTLS": b"454 no"}, "smtp://", "busy"),
    (b"220 mail\r\n", {b"EHLO": b"250 mail"}, "smtp://user:secret@", "no-login"),
    (b"220 mail\r\n", {b"EHLO": b"250 AUTH PLAIN", b"AUTH": b"535 5.7.8 wrong"}, "smtp://user:secret@", "no-login"),
    (b"220 mail\r\n", {b"EHLO": b"250-mail\r\n250 AUTH PLAIN", b"AUTH": b"535 5.7.8 no"}, "smtp://user:secret@", "login"),
    (b"220 mail\r\n", {b"EHLO": b"250-mail\r\n250 AUTH PLAIN", b"AUTH": b"454 4.7.0 no"}, "smtp://user:secret@", "busy"),
    (b"220 mail\r\n", {b"EHLO": b"250-mail\r\n250 AUTH GSSAPI"}, "smtp://user:secret@", "no-login"),
    (b"220 mail\r\n", {}, "smtps://", "tls"),
]  # fmt: skip


@pytest.mark.both_engines
@pytest.mark.parametrize(("greeting", "replies", "scheme", "reason"), BAD_SERVERS)
def test_a_server_that_lets_nobody_in_is_named_in_words_and_costs_no_try(
    app: Flask, session: Session, greeting: bytes, replies: dict[bytes, bytes], scheme: str, reason: FaultReason
) -> None:
    queue(session, 2)
    with scripted(greeting, replies) as port, app.app_context():
        address = f"{scheme}127.0.0.1:{port}"
        assert (
            deliver(unit_of_work, SenderSettings(address, "a@example.org", "http://localhost", "Europe/London"), NOW)
            == 0
        )
    (outage,) = outages(session)
    assert outage.reason == reason
    assert [mail.tries for mail in mails(session)] == [0, 0]
    found = queries.delivery_problem(session, outage.server, NOW)
    assert found is not None
    assert f"127.0.0.1:{port}" in found.why
    assert found.to_do


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name"),
        (ConnectionRefusedError(111, "Connection refused"), "refused"),
        (TimeoutError("timed out"), "silent"),
        (OSError(110, "Connection timed out"), "silent"),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed: timed out"), "silent"),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), "cut"),
        (ConnectionResetError(104, "Connection reset by peer"), "cut"),
        (BrokenPipeError(32, "Broken pipe"), "cut"),
        (OSError(101, "Network is unreachable"), "network"),
        (OSError(113, "No route to host"), "network"),
        (ssl.SSLCertVerificationError("certificate has expired"), "certificate"),
        (ssl.SSLError("wrong version number"), "tls"),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong"), "login"),
        (smtplib.SMTPAuthenticationError(454, b"4.7.0 not now"), "busy"),
        (smtplib.SMTPConnectError(554, b"no"), "greeting"),
        (smtplib.SMTPHeloError(421, b"no"), "busy"),
        (smtplib.SMTPException("No suitable authentication method found."), "no-login"),
        (RuntimeError("something else"), "unknown"),
    ],
)
def test_each_kind_of_failure_has_words_without_the_names_of_classes(error: Exception, reason: FaultReason) -> None:
    fault = server_fault(error)
    assert fault.reason == reason
    said = fault.words("mail.example.org:587")
    assert said.startswith(("The mail server mail.example.org:587", "No encrypted", "The certificate", "Mail cannot"))
    assert "Error" not in said


def test_every_reason_says_what_is_wrong_and_what_to_do() -> None:
    for wrong, to_do in FAULT_TEXTS.values():
        assert wrong[0].islower()
        assert not wrong.endswith(".")
        assert to_do.endswith((".", "?"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("console:", "the console"),
        ("smtp://mail.example.org", "mail.example.org:25"),
        ("smtp://user:secret@mail.example.org", "mail.example.org:587"),
        ("smtps://user:secret@mail.example.org", "mail.example.org:465"),
        ("smtp://mail.example.org:2525", "mail.example.org:2525"),
    ],
)
def test_a_server_is_called_by_its_name_and_never_by_its_password(address: str, name: str) -> None:
    assert server_name(address) == name


def test_two_senders_find_one_outage(many: Session) -> None:
    with no_server() as port:
        send(port, NOW)
        send(port, NOW + SERVER_CHECK_DELAYS[0])
    assert many.execute(select(func.count()).select_from(MailOutage)).scalar_one() == 1
    assert many.execute(select(func.count()).select_from(AddressFault)).scalar_one() == 0
