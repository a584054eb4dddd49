"""Delivering the outbox: by SMTP, or to the console."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from sqlalchemy.orm import Session

from course.mail import actions, queries
from course.mail.queries import Waiting

TIMEOUT = 20  # seconds for each answer of a mail server
# Opens a session whose deeds are kept when its block ends, and undone when the block raises.
Sessions = Callable[[], AbstractContextManager[Session]]


def deliver(sessions: Sessions, mail_url: str, mail_from: str, public_url: str, at: datetime) -> int:
    """Send what is due at `at`; returns how many mails left. Whatever fails is kept with its reason.

    Each mail is claimed in a short transaction of its own before it is sent, so two senders never send
    the same one, and nothing is locked while a mail server takes its time.
    """
    with sessions() as session:
        # Usually nothing is due; looking for it must not hold up those who write.
        session.connection(execution_options={"writes": False})
        waiting = queries.due(session, at)
    count = 0
    for mail in waiting:
        with sessions() as session:
            if not actions.claim(session, mail, at):
                continue
        reason, final, stop = _try(mail, mail_url, mail_from, public_url)
        with sessions() as session:
            if reason is None:
                actions.sent(session, mail, at)
                count += 1
            else:
                actions.failed(session, mail, reason, final, at)
        if stop:
            break
    return count


def _try(mail: Waiting, mail_url: str, mail_from: str, public_url: str) -> tuple[str | None, bool, bool]:
    """Send one mail: why it did not leave (None: it left), whether that is final, and whether the
    server cannot be reached at all, so that the others need not be tried now."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        _send(_message(mail, mail_from, host), urlsplit(mail_url), host)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        return f"{code} {_plain(words)}", 500 <= code < 600, False
    except smtplib.SMTPDataError as error:
        return f"{error.smtp_code} {_plain(error.smtp_error)}", 500 <= error.smtp_code < 600, False
    except smtplib.SMTPResponseException as error:
        return f"{error.smtp_code} {_plain(error.smtp_error)}", False, True
    except smtplib.SMTPNotSupportedError as error:
        return str(error), False, False
    except (OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}", False, True
    except (ValueError, LookupError, MessageError) as error:
        # After OSError: a certificate that cannot be trusted is both, and may be put right.
        return f"The mail cannot be written: {error}", True, False
    return None, False, False


def _plain(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words


def _message(mail: Waiting, mail_from: str, host: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = mail_from
    message["To"] = _ascii(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.queued_at)
    # The same for every try, so that a mailbox can tell a second copy for what it is.
    message["Message-ID"] = f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:32]}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _ascii(address: str) -> str:
    """An address whose domain every mail server can read: schön.example becomes xn--schn-7qa.example."""
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain.encode('idna').decode()}"


def _send(message: EmailMessage, server: SplitResult, host: str) -> None:
    if server.scheme == "console":
        sys.stderr.write(f"\n{'-' * 72}\nTo: {message['To']}\nSubject: {message['Subject']}\n\n")
        sys.stderr.write(f"{message.get_content()}{'-' * 72}\n")
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
