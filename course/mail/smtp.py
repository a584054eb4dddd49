"""Talking to a mail server: one connection for many mails, and what each kind of failure means."""

from __future__ import annotations

import errno
import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from course.mail.rules import FaultReason, ServerFault, redact_addresses

TIMEOUT = 20  # seconds for each answer of a mail server
# The kinds of failure of a connection, the first that fits counts; subclasses come before what they are made of.
_FAULT_REASONS: tuple[tuple[type[BaseException], FaultReason], ...] = (
    (smtplib.SMTPAuthenticationError, "login"),
    (smtplib.SMTPNotSupportedError, "no-login"),
    (smtplib.SMTPHeloError, "greeting"),
    (smtplib.SMTPConnectError, "greeting"),
    (smtplib.SMTPServerDisconnected, "cut"),
    (smtplib.SMTPResponseException, "tls"),  # the answer to STARTTLS
    (socket.gaierror, "name"),
    (socket.herror, "name"),
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "tls"),
    (TimeoutError, "silent"),
    (ConnectionRefusedError, "refused"),
    (ConnectionError, "cut"),
    (OSError, "network"),
)
_OK = 250
_SERVICE_UNAVAILABLE = 421  # RFC 5321: the service is not available, and the connection will be closed


class MailServerError(Exception):
    """The mail server could not be reached, or let nobody in. No mail was handed to it."""

    def __init__(self, fault: ServerFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def server_name(mail_url: str) -> str:
    """The name and port of the mail server that an address such as smtp://user:password@host names."""
    server = urlsplit(mail_url)
    return "the console" if server.scheme == "console" else f"{server.hostname or 'localhost'}:{_port(server)}"


class MailConnection:
    """One connection to a mail server, for as many mails as the server takes on it. It introduces itself as `host`.

    Used as a context manager: it is opened when it is first needed and closed at the end.
    """

    def __init__(self, server: SplitResult, host: str) -> None:
        self.host = host
        self._server = server
        self._client: smtplib.SMTP | None = None
        self._accepted = 0  # mails on the connection that is open

    def __enter__(self) -> MailConnection:
        return self

    def __exit__(self, *_: object) -> None:
        # The mails are accepted or not by now: however the server says goodbye, none is sent a second time for that.
        if self._client is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._client.quit()
        self._drop()

    @property
    def is_console(self) -> bool:
        """Whether mail is printed, for want of a server."""
        return self._server.scheme == "console"

    def open(self) -> None:
        """Make sure that a connection stands on which a mail may be handed over. Raises MailServerError."""
        if self.is_console:
            return
        if self._client is not None and self._accepted:
            # Some servers close a connection after a number of mails. This is noticed before a mail is handed over.
            try:
                alive = self._client.rset()[0] == _OK
            except (smtplib.SMTPException, OSError):
                alive = False
            if not alive:
                self._drop()
        if self._client is None:
            self._client = _connect(self._server, self.host)

    def send(self, message: EmailMessage) -> None:
        """Hand a mail to the server.

        Raises MailServerError if there is no connection; what the server says to the mail itself is raised as smtplib does,
        and so is a connection that ends half-way. A server that has taken mails and closes the connection before the text
        of this one was sent gets it on a new connection.
        """
        if self._client is None:
            self.open()
        try:
            self._send(message)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused) as error:
            if not (self._accepted and is_server_fault(error)):
                self._drop_if_ended(error)
                raise
            self._drop()
            self.open()
            self._send(message)
        except (smtplib.SMTPException, OSError) as error:
            self._drop_if_ended(error)
            raise
        self._accepted += 1

    def _send(self, message: EmailMessage) -> None:
        if self._client is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        self._client.send_message(message)

    def _drop_if_ended(self, error: Exception) -> None:
        """The next mail needs a new connection after an error that ends this one."""
        if is_server_fault(error):
            self._drop()

    def _drop(self) -> None:
        _close(self._client)
        self._client, self._accepted = None, 0


def server_fault(error: Exception) -> ServerFault:
    """What is wrong with the server, if a connection to it ends in this way."""
    if isinstance(error, smtplib.SMTPResponseException):
        # Its text may be a reason, and may quote an address.
        said = redact_addresses(f"{error.smtp_code} {reply_text(error.smtp_error)}")
        # What is not a refusal for good is not about the password: a busy server answers 421 or 454 to that, too.
        if error.smtp_code == _SERVICE_UNAVAILABLE or 400 <= error.smtp_code < 500:
            return ServerFault("busy", said)
    elif isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException) and error.strerror:
        said = redact_addresses(error.strerror)
    else:
        said = redact_addresses(str(error))
    reason: FaultReason = next((reason for kind, reason in _FAULT_REASONS if isinstance(error, kind)), "unknown")
    if getattr(error, "errno", None) == errno.ETIMEDOUT or (reason == "cut" and "timed out" in str(error)):
        reason = "silent"
    # smtplib's own errors are OSErrors as well. The one without a class of its own says that no way to sign in suits.
    if reason == "network" and isinstance(error, smtplib.SMTPException):
        reason = "no-login"
    return ServerFault(reason, said[:900])


def is_server_fault(error: Exception) -> bool:
    """Whether an error while a mail was handed over says nothing about that mail: the connection ended, or will."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code == _SERVICE_UNAVAILABLE for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == _SERVICE_UNAVAILABLE
    return isinstance(error, smtplib.SMTPServerDisconnected | OSError) and not isinstance(
        error, smtplib.SMTPNotSupportedError
    )


def reply_text(words: bytes | str) -> str:
    """A server's answer as text that can be stored, whatever bytes it sent."""
    return (words.decode(errors="replace") if isinstance(words, bytes) else words).replace("\0", "")


def _connect(server: SplitResult, host: str) -> smtplib.SMTP:
    """A connection on which mail may be handed over."""
    name = server.hostname or "localhost"
    client: smtplib.SMTP | None = None
    try:
        if server.scheme == "smtps":
            client = smtplib.SMTP_SSL(name, _port(server), host, timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            client = smtplib.SMTP(name, _port(server), host, TIMEOUT)
        client.ehlo_or_helo_if_needed()
        safe = server.scheme == "smtps" or _is_loopback(name)
        if client.has_extn("starttls") and server.scheme == "smtp":
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
            safe = True
        if server.username and not safe:
            raise MailServerError(ServerFault("no-tls", ""))
        if server.username:
            client.login(unquote(server.username), unquote(server.password or ""))
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        _close(client)
        raise MailServerError(_name_fault() if isinstance(error, UnicodeError) else server_fault(error)) from error
    except MailServerError:
        _close(client)
        raise
    return client


def _name_fault() -> ServerFault:
    # A name that cannot be written in the letters of the DNS cannot be looked up.
    return ServerFault("name", "")


def _close(client: smtplib.SMTP | None) -> None:
    if client is not None:
        client.close()


def _port(server: SplitResult) -> int:
    if server.port:
        return server.port
    if server.scheme == "smtps":
        return 465
    return 587 if server.username else 25


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
