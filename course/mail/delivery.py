"""Delivering the outbox: by SMTP, or to the console.

A mail has a number of tries, which are spent on answers about that mail. A server that cannot be reached, or that turns
everything away, spends none: it is left alone for a while as a whole, and what waits goes on waiting.

All mails of a round leave by one connection. Each is claimed after the connection stands and directly before it is handed
over, and what became of it is recorded directly afterwards. A claim that was never answered is from a sender that died in
between: whether that mail left cannot be known, so it is not sent again by itself, and a person decides.
"""

from __future__ import annotations

import smtplib
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from course.db import assert_outside_unit_of_work
from course.events import publish
from course.mail import actions, queries
from course.mail.events import BeforeMailSend
from course.mail.queries import DueMail
from course.mail.rules import (
    OUTAGE_THRESHOLD,
    REFUSAL_RETRY_DELAY,
    ROUND_SECONDS,
    SERVER_CHECK_DELAYS,
    ReplyMeaning,
    ServerFault,
    redact_addresses,
    reply_meaning,
    sender_header,
)
from course.mail.smtp import MailConnection, MailServerError, is_server_fault, reply_text, server_fault, server_name

# Opens a session whose deeds are kept when its block ends, and undone when the block raises.
SessionFactory = Callable[[], AbstractContextManager[Session]]

RECORD_PAUSES = (0.5, 1.0, 2.0, 5.0)  # seconds between tries to record that a mail has left


@dataclass(frozen=True)
class SendOutcome:
    """What became of a try. `words` say why the mail did not leave, `means` what the server said about it; `fault` is
    set if the server itself was the reason, `reached` is False if it never got to the mail, and `written` if there is no
    mail to hand over."""

    words: str = ""
    means: ReplyMeaning | None = None
    fault: ServerFault | None = None
    reached: bool = True

    written: bool = True

    @property
    def accepted(self) -> bool:
        return not self.words

    @property
    def may_be_the_server(self) -> bool:
        """Whether the server may be at fault in what it said of the mail: it is not about the address. One that calls
        every mail too large is wrong, too."""
        return self.reached and self.written and self.means in ("later", "refused", "never")


@dataclass(frozen=True)
class SenderSettings:
    """Where mail goes, from whom, and in whose name; `zone` is that of the organisation, `name` what it calls itself as the
    sender (empty: as in `mail_from`). `taught` is for whoever queued a mail about the content (see BeforeMailSend)."""

    mail_url: str
    mail_from: str
    public_url: str
    zone: str
    name: str = ""
    taught: object = None

    @property
    def server(self) -> str:
        return server_name(self.mail_url)


@dataclass(frozen=True)
class DeliveryRound:
    """What the mails of one round have in common: sessions that claim and record, settings, the connection, the moment."""

    sessions: SessionFactory
    sender: SenderSettings
    connection: MailConnection
    at: datetime


def deliver(
    sessions: SessionFactory,
    sender: SenderSettings,
    at: datetime,
    by_hand: bool = False,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> int:
    """Send what is due at `at`; returns how many mails left. Whatever fails is kept with its reason.

    Each mail is claimed in a short transaction of its own before it is sent, so two senders never send
    the same one, and nothing is locked while a mail server takes its time. Whoever queued it is asked in that
    transaction whether it still holds. Nothing is sent to an address that has refused mail for good. A server that
    took nothing is left alone until its next look, unless somebody asks `by_hand`. `progress` is told before each mail,
    and may end the round by raising.
    """
    with sessions() as session:
        # Usually nothing is due; looking for it must not hold up those who write.
        session.connection(execution_options={"writes": False})
        outage = queries.open_outage(session, sender.server)
        # A clock that was set back must not keep the sender from looking.
        if outage and not by_hand and timedelta() < outage.next_look_at - at <= SERVER_CHECK_DELAYS[-1]:
            return 0
        waiting = queries.due_mail(session, at)
    own_host = urlsplit(sender.public_url).hostname or "localhost"
    with MailConnection(urlsplit(sender.mail_url), own_host) as connection:
        return _run_round(DeliveryRound(sessions, sender, connection, at), waiting, outage is not None, progress)


def _run_round(
    delivery_round: DeliveryRound, waiting: list[DueMail], outage: bool, progress: Callable[[str, int, int], None]
) -> int:
    """Try the mails one after the other; returns how many were accepted."""
    accepted, faults, turned_away, until = 0, 0, list[tuple[DueMail, SendOutcome]](), time.monotonic() + ROUND_SECONDS
    try:
        for number, mail in enumerate(waiting):
            progress("Sending mail", number, len(waiting))
            if mail.claimed_at is not None:
                with delivery_round.sessions() as session:
                    actions.mark_unknown(session, mail, delivery_round.at)
                continue
            outcome = _hand_over(delivery_round, mail)
            if outcome is None:
                continue
            if outcome.accepted:
                accepted += 1
                outage = False
            else:
                turned_away.append((mail, outcome))
                faults += outcome.fault is not None
            # Where every connection fails half-way, a round would take for ever.
            if not outcome.reached or (faults >= OUTAGE_THRESHOLD and not accepted) or time.monotonic() > until:
                break
    finally:
        if turned_away:
            with delivery_round.sessions() as session:
                server, at = delivery_round.sender.server, delivery_round.at
                _record_failures(session, server, turned_away, accepted > 0, outage, at)
    return accepted


def _hand_over(delivery_round: DeliveryRound, mail: DueMail) -> SendOutcome | None:
    """Connect, claim the mail, send it, and record at once what became of it; None if it is not to be sent now."""
    assert_outside_unit_of_work("sending a mail")
    sender, at = delivery_round.sender, delivery_round.at
    try:
        delivery_round.connection.open()
    except MailServerError as error:
        return SendOutcome(error.fault.words(sender.server), fault=error.fault, reached=False)
    with delivery_round.sessions() as session:
        if not _claim_deliverable(session, mail, sender, at):
            return None
    outcome = _try_to_send(mail, sender, delivery_round.connection)
    _record_at_once(delivery_round.sessions, mail, outcome, at)
    return outcome


def _record_at_once(sessions: SessionFactory, mail: DueMail, outcome: SendOutcome, at: datetime) -> None:
    """Record that the mail was accepted, or that it was not; tried again while the database is away, because a mail that
    has left and is not recorded is one of which nothing can be known later."""
    for pause in (*RECORD_PAUSES, None):
        try:
            with sessions() as session:
                if outcome.accepted:
                    actions.mark_sent(session, mail, at)
                    actions.end_outages(session, at)
                else:
                    actions.clear_claim(session, mail)
            return
        except DBAPIError:
            if pause is None:
                raise
            time.sleep(pause)


def _record_failures(
    session: Session,
    server: str,
    turned_away: list[tuple[DueMail, SendOutcome]],
    accepted: bool,
    outage: bool,
    at: datetime,
) -> None:
    """Write down what became of the mails that did not leave in a round."""
    away = next((outcome.fault for _, outcome in turned_away if not outcome.reached), None)
    maybe = [(mail, outcome) for mail, outcome in turned_away if outcome.may_be_the_server]
    in_vain = len(maybe) + queries.count_failing_mail(session, [mail.id for mail, _ in turned_away]) if maybe else 0
    all_of_them = not accepted and bool(maybe) and (outage or away is not None or in_vain >= OUTAGE_THRESHOLD)
    fault = away or (_common_fault([outcome for _, outcome in maybe]) if all_of_them else None)
    until = actions.record_outage(session, server, fault, at) if fault else at
    for mail, outcome in turned_away:
        if not outcome.reached:
            actions.record_unreached(session, mail, outcome.words)
        elif all_of_them and (mail, outcome) in maybe:
            # Behind the others: if it is this mail after all, they come first at the next look.
            actions.release_claim(session, mail, outcome.words, until)
        else:
            _record_reply(session, mail, outcome, at)
    if fault:
        actions.give_up_old_mail(session, server, fault.words(server), at)


def _common_fault(outcomes: list[SendOutcome]) -> ServerFault:
    """What the server is said to be at fault in, if it turned all of these away."""
    reasons = {outcome.fault.reason if outcome.fault else None for outcome in outcomes}
    last = outcomes[-1]
    if len(reasons) == 1 and last.fault is not None:
        return last.fault
    return ServerFault("turned-away", redact_addresses(last.words)[:900])


def _record_reply(session: Session, mail: DueMail, outcome: SendOutcome, at: datetime) -> None:
    """The server said something about this mail, which costs one of its tries."""
    if outcome.means == "no-mailbox":
        dead = actions.handle_missing_mailbox(session, mail.recipient, "refused", outcome.words, at)
        actions.mark_failed(session, mail, outcome.words, dead, at, REFUSAL_RETRY_DELAY)
    elif outcome.means == "refused":
        actions.mark_failed(session, mail, outcome.words, False, at, REFUSAL_RETRY_DELAY)
    else:
        actions.mark_failed(session, mail, outcome.words, outcome.means == "never", at)


def _claim_deliverable(session: Session, mail: DueMail, sender: SenderSettings, at: datetime) -> bool:
    """Claim the mail, unless it does not hold any more or its address is dead."""
    publish(session, BeforeMailSend(mail.key, mail.recipient, at, sender.zone, sender.taught))
    if not actions.claim_mail(session, mail, at):
        return False
    why = queries.suppressed_addresses(session, [mail.recipient]).get(mail.recipient)
    if why is not None:
        actions.mark_failed(session, mail, f"Not sent, because this address refused an earlier mail: {why}", True, at)
    return why is None


def _try_to_send(mail: DueMail, sender: SenderSettings, connection: MailConnection) -> SendOutcome:
    """Send one mail."""
    try:
        message = _build_message(mail, sender_header(sender.mail_from, sender.name), connection.host)
        if connection.is_console:
            _print_message(message)
        else:
            connection.send(message)
    except MailServerError as error:
        # The connection had to be made anew for this mail, and could not be.
        return SendOutcome(error.fault.words(sender.server), "later", error.fault)
    except (smtplib.SMTPException, OSError) as error:
        return _refusal_outcome(error, sender.server)
    except (ValueError, LookupError, MessageError) as error:
        return SendOutcome(f"The mail cannot be written: {error}", "never", written=False)
    return SendOutcome()


def _refusal_outcome(error: Exception, server: str) -> SendOutcome:
    """What it means that the server took the connection, and not the mail."""
    if is_server_fault(error):
        fault = server_fault(error) if not isinstance(error, smtplib.SMTPRecipientsRefused) else ServerFault("busy", "")
        return SendOutcome(fault.words(server), "later", fault)
    answer: bytes | str
    recipient = ""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        recipient, (code, answer) = next(iter(error.recipients.items()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, answer = error.smtp_code, error.smtp_error
    else:
        # An address with letters that this server cannot write, for example.
        return SendOutcome(f"The mail server does not take this mail: {error}", "refused")
    said = reply_text(answer)
    means = reply_meaning(code, said, recipient)
    # Whatever is said to the sender or to the mail is not about the address.
    if means == "no-mailbox" and not isinstance(error, smtplib.SMTPRecipientsRefused):
        means = "refused"
    return SendOutcome(f"{code} {said}", means)


def _build_message(mail: DueMail, mail_from: str | Address, host: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = mail_from
    message["To"] = _ascii_address(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.queued_at)
    # The same for every try, so that a mailbox can tell a second copy for what it is.
    message["Message-ID"] = f"<{mail.mark}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    # Exchange answers that somebody is away unless a mail says this; "All" would suppress delivery reports too.
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message


def _ascii_address(address: str) -> str:
    """An address whose domain every mail server can read: schön.example becomes xn--schn-7qa.example."""
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain.encode('idna').decode()}"


def _print_message(message: EmailMessage) -> None:
    text = message.get_body(("plain",)) or message
    sys.stderr.write(f"\n{'-' * 72}\nTo: {message['To']}\nSubject: {message['Subject']}\n\n")
    sys.stderr.write(f"{text.get_content()}{'-' * 72}\n")
    sys.stderr.flush()
