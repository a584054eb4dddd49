"""A real SMTP server on loopback that keeps the mail it is sent, for tests.

Use: `with smtp_server() as inbox:`, send to `inbox.host` and `inbox.port`, read `inbox.messages`.
It offers neither TLS nor a login.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Addresses:
    """Whom one message was really from and for, which its headers need not say (Bcc).

    `recipients` holds only those accepted, in the order they were named.
    """

    sender: str
    recipients: tuple[str, ...]


class Inbox:
    """What a test server has accepted, and what it is to refuse.

    `messages` are the accepted messages, oldest first; `addresses[i]` belongs to `messages[i]`;
    `turned_away` counts those that `fail_next` had answered with 451; `connections` counts the connections, on each of
    which the server takes `mails_per_connection` mails and answers 421 to the next. The server's thread adds to them:
    after sending in the test's own thread they are complete, otherwise call `wait_for` first.
    """

    def __init__(self, port: int) -> None:
        """Make an empty inbox of a server that listens on `port` of HOST."""
        self.host = HOST
        self.port = port
        self.messages: list[EmailMessage] = []
        self.addresses: list[Addresses] = []
        self.turned_away = 0
        self.connections = 0
        self.mails_per_connection: int | None = None
        self._answers: dict[str, str] = {}
        self._answer_to_all: str | None = None
        self._failures_left = 0
        self._changed = threading.Condition()

    def refuse(self, address: str) -> None:
        """From now on refuse `address` as a recipient, with 550; capitals make no difference."""
        self.answer(address, "550 5.1.1 No such mailbox")

    def answer(self, address: str, reply: str) -> None:
        """From now on give this reply to `address` as a recipient; capitals make no difference."""
        with self._changed:
            self._answers[address.casefold()] = reply

    def answer_to_all(self, reply: str | None) -> None:
        """Give this reply to every recipient, whatever else was said about them; None ends that."""
        with self._changed:
            self._answer_to_all = reply

    def fail_next(self, count: int) -> None:
        """Answer the next `count` messages with 451, "try again later", and accept those after them.

        0 ends an earlier call's failures. Raises ValueError if `count` is negative.
        """
        if count < 0:
            raise ValueError(f"count is {count}, and must not be negative")
        with self._changed:
            self._failures_left = count

    def wait_for(self, count: int, seconds: float = 5) -> list[EmailMessage]:
        """Wait until at least `count` messages are there, and return all there are, oldest first.

        Raises TimeoutError, which says how many came, after `seconds`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.messages) >= count, timeout=seconds):
                raise TimeoutError(f"{len(self.messages)} of {count} messages came within {seconds} seconds")
            return list(self.messages)

    def answer_recipient(self, address: str) -> str:
        """Return the server's reply to the recipient `address`."""
        with self._changed:
            if self._answer_to_all is not None:
                return self._answer_to_all
            return self._answers.get(address.casefold(), "250 2.1.5 Recipient accepted")

    def answer_message(self, content: bytes, addresses: Addresses) -> str:
        """Take in one message as it came over the wire, and return the server's reply to it."""
        # CRLF belongs to the wire; without it a test can compare the text with the one it sent.
        message = message_from_bytes(content.replace(b"\r\n", b"\n"), policy=policy.default)
        with self._changed:
            if self._failures_left > 0:
                self._failures_left -= 1
                self.turned_away += 1
                return "451 4.3.0 Try again later"
            self.messages.append(message)
            self.addresses.append(addresses)
            self._changed.notify_all()
            return "250 2.0.0 Message accepted"


class _Handler:
    """What aiosmtpd calls, by these names, with what clients send."""

    def __init__(self, inbox: Inbox) -> None:
        """Pass everything on to `inbox`."""
        self._inbox = inbox
        self._mails = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Return the reply to the sender of one message."""
        most = self._inbox.mails_per_connection
        if most is not None and self._mails >= most:
            return "421 4.7.0 Too many mails on this connection"
        self._mails += 1
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender accepted"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Return the reply to one recipient; who has this hook must also add the accepted ones."""
        reply = self._inbox.answer_recipient(address)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Return the reply to one whole message."""
        addresses = Addresses(envelope.mail_from or "", tuple(str(name) for name in envelope.rcpt_tos))
        return self._inbox.answer_message(envelope.original_content or b"", addresses)


class _Server(threading.Thread):
    """An SMTP server in a thread of its own.

    aiosmtpd has a controller for this, but that one needs a port number chosen beforehand, which another
    program may take meanwhile; here the listening socket is there first, with a port from the system.
    """

    def __init__(self, listener: socket.socket, inbox: Inbox) -> None:
        """Prepare to serve `inbox` on `listener`, a bound and listening socket."""
        super().__init__(name="smtp-server", daemon=True)
        self._listener = listener
        self._inbox = inbox
        self._loop = asyncio.new_event_loop()
        self._stop_asked = asyncio.Event()

    def run(self) -> None:
        """Serve until `stop` is called; then drop connections that are still open."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._connection, sock=self._listener)
        await self._stop_asked.wait()
        server.close()

    def _connection(self) -> SMTP:
        """Make the server's end of one connection."""
        self._inbox.connections += 1
        # The host name is given since aiosmtpd would look it up in the DNS, which may take seconds.
        return SMTP(_Handler(self._inbox), hostname="localhost", enable_SMTPUTF8=True, loop=self._loop)

    def stop(self) -> None:
        """Stop serving, and wait until the thread has ended."""
        self._loop.call_soon_threadsafe(self._stop_asked.set)
        self.join()


@contextmanager
def smtp_server() -> Iterator[Inbox]:
    """Run an SMTP server on a free port of HOST and yield its inbox; stop it at the end.

    The inbox can still be read afterwards. Raises OSError if the machine gives no port.
    """
    with socket.create_server((HOST, 0)) as listener:
        inbox = Inbox(listener.getsockname()[1])
        server = _Server(listener, inbox)
        server.start()
        try:
            yield inbox
        finally:
            server.stop()
