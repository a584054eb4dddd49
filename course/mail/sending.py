"""Delivering the outbox: by SMTP, or to the console."""

from __future__ import annotations

import smtplib
import ssl
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from sqlalchemy.orm import Session

from course.events import publish
from course.mail import actions, queries
from course.mail.events import MailLeaving
from course.mail.queries import Waiting
from course.mail.rules import address_is_dead

TIMEOUT = 20  # seconds for each answer of a mail server
# Opens a session whose deeds are kept when its block ends, and undone when the block raises.
Sessions = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Outcome:
    """What became of a try: why the mail did not leave (None: it left), whether that is final, whether the address
    itself is the reason, and whether the server cannot be reached at all, so that the others need not be tried now."""

    reason: str | None = None
    final: bool = False
    dead: bool = False
    stop: bool = False


def deliver(sessions: Sessions, mail_url: str, mail_from: str, public_url: str, zone: str, at: datetime) -> int:
    """Send what is due at `at`; returns how many mails left. Whatever fails is kept with its reason.

    Each mail is claimed in a short transaction of its own before it is sent, so two senders never send
    the same one, and nothing is locked while a mail server takes its time. Whoever queued it is asked in that
    transaction whether it still holds. Nothing is sent to an address that has refused mail for good.
    """
    with sessions() as session:
        # Usually nothing is due; looking for it must not hold up those who write.
        session.connection(execution_options={"writes": False})
        waiting = queries.due(session, at)
    count = 0
    for mail in waiting:
        with sessions() as session:
            if not _may_leave(session, mail, zone, at):
                continue
        outcome = _try(mail, mail_url, mail_from, public_url)
        with sessions() as session:
            if outcome.reason is None:
                actions.sent(session, mail, at)
                count += 1
            else:
                actions.failed(session, mail, outcome.reason, outcome.final, at)
                if outcome.dead:
                    actions.refuse_address(session, mail.recipient, "refused", outcome.reason, at)
        if outcome.stop:
            break
    return count


def _may_leave(session: Session, mail: Waiting, zone: str, at: datetime) -> bool:
    """Claim the mail, unless it does not hold any more or its address is dead."""
    publish(session, MailLeaving(mail.key, mail.recipient, at, zone))
    if not actions.claim(session, mail, at):
        return False
    why = queries.dead_addresses(session, [mail.recipient]).get(mail.recipient)
    if why is not None:
        actions.failed(session, mail, f"Not sent, because this address refused an earlier mail: {why}", True, at)
    return why is None


def _try(mail: Waiting, mail_url: str, mail_from: str, public_url: str) -> Outcome:
    """Send one mail."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        _send(_message(mail, mail_from, host), urlsplit(mail_url), host)
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        words = _plain(answer)
        return Outcome(f"{code} {words}", 500 <= code < 600, address_is_dead(code, words))
    except smtplib.SMTPDataError as error:
        return Outcome(f"{error.smtp_code} {_plain(error.smtp_error)}", 500 <= error.smtp_code < 600)
    except smtplib.SMTPResponseException as error:
        return Outcome(f"{error.smtp_code} {_plain(error.smtp_error)}", stop=True)
    except smtplib.SMTPNotSupportedError as error:
        return Outcome(str(error))
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(f"{type(error).__name__}: {error}", stop=True)
    except (ValueError, LookupError, MessageError) as error:
        # After OSError: a certificate that cannot be trusted is both, and may be put right.
        return Outcome(f"The mail cannot be written: {error}", final=True)
    return Outcome()


def _plain(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words


def _message(mail: Waiting, mail_from: str, host: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = mail_from
    message["To"] = _ascii(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.queued_at)
    # The same for every try, so that a mailbox can tell a second copy for what it is.
    message["Message-ID"] = f"<{mail.mark}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message


def _ascii(address: str) -> str:
    """An address whose domain every mail server can read: schön.example becomes xn--schn-7qa.example."""
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain.encode('idna').decode()}"


def _send(message: EmailMessage, server: SplitResult, host: str) -> None:
    if server.scheme == "console":
        text = message.get_body(("plain",)) or message
        sys.stderr.write(f"\n{'-' * 72}\nTo: {message['To']}\nSubject: {message['Subject']}\n\n")
        sys.stderr.write(f"{text.get_content()}{'-' * 72}\n")
        sys.stderr.flush()
        return
    name = server.hostname or "localhost"
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if server.scheme == "smtps":
        client = smtplib.SMTP_SSL(name, server.port or 465, host, timeout=TIMEOUT, context=context)
    else:
        client = smtplib.SMTP(name, server.port or (587 if server.username else 25), host, TIMEOUT)
    with client:
        client.ehlo()
        safe = server.scheme == "smtps" or _this_machine(name)
        if client.has_extn("starttls") and server.scheme == "smtp":
            client.starttls(context=context)
            client.ehlo()
            safe = True
        if server.username:
            if not safe:
                raise smtplib.SMTPException("The server offers no TLS, so the password was not sent to it.")
            client.login(unquote(server.username), unquote(server.password or ""))
        client.send_message(message)


def _this_machine(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
