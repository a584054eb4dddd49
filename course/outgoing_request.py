"""One request to another server: over HTTPS, to public addresses, within limits of time and size.

The other server may be slow, broken or hostile. The limits apply to the whole exchange and not only to each read; the name
is resolved once, and the connection goes to exactly the address that was checked; redirects are not followed, and proxies of
the environment are not used. No unit of work is open meanwhile.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, quote, urlsplit

from course.db import assert_outside_unit_of_work
from course.network_addresses import address_refusal, is_public_address, is_this_machine
from course.request_turns import waiting
from course.translation import gettext as _

TOO_SLOW = "it took too long"


@dataclass(frozen=True)
class OutgoingRequest:
    """What is asked of another server. `seconds` are for all of it, from resolving the name to the last byte that is read,
    which is byte `max_bytes` of the answer. `allow_local`: this machine may be contacted too. `ca_file` names certificate
    authorities (PEM) to trust in place of those of the system. `private_hosts` are names of hosts that may have private
    addresses, over HTTPS, because whoever runs the server said so."""

    method: str
    address: str
    headers: Mapping[str, str]
    seconds: float
    max_bytes: int
    body: bytes | None = None
    allow_local: bool = False
    ca_file: str | None = None
    private_hosts: frozenset[str] = frozenset()

    @property
    def is_private_host(self) -> bool:
        """Whether the address is that of a host that may be private."""
        parts = urlsplit(self.address)
        return parts.scheme == "https" and (parts.hostname or "").lower() in self.private_hosts


@dataclass(frozen=True)
class ServerAnswer:
    """The status and the headers (names in small letters) of an answer, and the beginning of its body. `is_whole` says that
    nothing of the body was left out."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


@dataclass
class _Exchange:
    """One exchange, run in a thread of its own, so that it can be cancelled at any point."""

    request: OutgoingRequest
    slots: threading.Semaphore
    answer: ServerAnswer | None = None
    error: OSError | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    is_cancelled: bool = False
    connection: socket.socket | None = None

    def run(self) -> None:
        try:
            self.answer = self._exchange(urlsplit(self.request.address))
        except OSError as error:
            self.error = error
        except (HTTPException, ValueError) as error:
            self.error = OSError(str(error) or type(error).__name__)
        finally:
            self.finished.set()
            self.slots.release()

    def cancel(self) -> None:
        """Shut the connection down, which ends the thread as well."""
        self.is_cancelled = True
        if self.connection is not None:
            with contextlib.suppress(OSError):  # it may have been closed already
                # The shutdown of the plain socket: TLS would send a close message first.
                socket.socket.shutdown(self.connection, socket.SHUT_RDWR)

    def _exchange(self, parts: SplitResult) -> ServerAnswer:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        http = HTTPSConnection(host, port) if parts.scheme == "https" else HTTPConnection(host, port)
        http.sock = self._connect(parts.scheme, host, port)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {**self.request.headers, "connection": "close"}
            # What is in percent signs already stays as it is.
            http.request(self.request.method, quote(path, safe="%:@!$&'()*+,;=~-._?/"), self.request.body, headers)
            answer = http.getresponse()
            data = answer.read(self.request.max_bytes + 1)
        finally:
            http.close()
        names = {name.lower(): value for name, value in answer.getheaders()}
        limit = self.request.max_bytes
        return ServerAnswer(answer.status, names, data[:limit], len(data) <= limit)

    def _connect(self, scheme: str, host: str, port: int) -> socket.socket:
        """A connection to a permitted address: the name is not resolved a second time."""
        addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not addresses or not all(
            is_public_address(address)
            or (self.request.allow_local and is_this_machine(address))
            or self.request.is_private_host
            for address in addresses
        ):
            raise OSError(f"{host} is not on the public internet")
        connected = self._connect_first(addresses, port)
        if scheme == "https":
            context = ssl.create_default_context(cafile=self.request.ca_file)
            connected = context.wrap_socket(connected, server_hostname=host, do_handshake_on_connect=False)
        self.connection = connected
        if self.is_cancelled:
            connected.close()
            raise OSError(TOO_SLOW)
        if isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
        return connected

    def _connect_first(self, addresses: list[str], port: int) -> socket.socket:
        """A connection to the first of the addresses that accepts one."""
        error = OSError("nobody answers")
        for address in addresses:
            if self.is_cancelled:
                break
            try:
                return socket.create_connection((address, port), timeout=self.request.seconds)
            except OSError as refused:
                error = refused
        raise error


def exchange(request: OutgoingRequest, slots: threading.Semaphore) -> ServerAnswer:
    """Send a request, and return the answer whatever its status is. As many are at work at once as `slots` lets through.

    Raises OSError if there is no answer, and for an address that is not permitted.
    """
    assert_outside_unit_of_work("asking another server")
    if not request.is_private_host and (refusal := address_refusal(request.address, request.allow_local)):
        raise OSError(refusal)
    with waiting():
        if not slots.acquire(timeout=request.seconds / 2):
            raise OSError("too many others are asked just now")
        running = _Exchange(request, slots)
        threading.Thread(target=running.run, name="outgoing request", daemon=True).start()
        if not running.finished.wait(request.seconds):
            running.cancel()
            raise OSError(TOO_SLOW)
    if running.error is not None:
        raise running.error
    if running.answer is None:  # the thread ends with one of the two
        raise OSError("there is no answer")
    return running.answer


def failure_words(error: OSError) -> str:
    """Why there is no answer, in words that an administrator can do something with."""
    if isinstance(error, socket.gaierror):
        return _("The name of the server was not found.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("The certificate of the server is not valid: %(why)s.", why=error.verify_message)
    if isinstance(error, ConnectionRefusedError):
        return _("The server refused the connection.")
    return str(error) or type(error).__name__
