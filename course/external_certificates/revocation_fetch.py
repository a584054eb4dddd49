"""Requests to other servers, such as for the status list of another installation: over HTTPS, to public addresses, within a
time limit.

The other server may be slow, broken or hostile. The limits apply to the whole fetch and not only to each read; the name
is resolved once, and the connection goes to exactly the address that was checked; redirects are not followed. No unit
of work is open meanwhile.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from course.db import assert_outside_unit_of_work
from course.external_certificates.rules import address_refusal, is_public_address, is_this_machine

TIMEOUT_SECONDS = 10.0  # in all, from resolving the name to the last byte
MAX_BYTES = 64 * 1024  # bytes
_MAX_CONCURRENT = 4  # issuers that are contacted at the same time
_slots = threading.BoundedSemaphore(_MAX_CONCURRENT)


@dataclass(frozen=True)
class OutgoingRequest:
    """What is asked of another server, and within which limits: at most `max_bytes` of an answer, within `seconds` in all.

    `allow_local`: this machine may be contacted too. `private_hosts` are names of hosts that may have private addresses,
    because whoever runs the server said so.
    """

    address: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    allow_local: bool = False
    private_hosts: frozenset[str] = frozenset()
    max_bytes: int = MAX_BYTES
    seconds: float = TIMEOUT_SECONDS


@dataclass
class _Fetch:
    """One fetch, run in a thread of its own, so that it can be cancelled at any point."""

    asked: OutgoingRequest
    slots: threading.BoundedSemaphore
    status: int = 0
    data: bytes = b""
    error: OSError | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    is_cancelled: bool = False
    connection: socket.socket | None = None

    def run(self) -> None:
        try:
            self.status, self.data = self._request(urlsplit(self.asked.address))
        except OSError as error:
            self.error = error
        except (HTTPException, ValueError) as error:
            self.error = OSError(str(error))
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

    def _request(self, parts: SplitResult) -> tuple[int, bytes]:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        http = HTTPSConnection(host, port) if parts.scheme == "https" else HTTPConnection(host, port)
        http.sock = self._connect(parts.scheme, host, port)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Accept": "application/json", **self.asked.headers, "Connection": "close"}
            http.request(self.asked.method, path, body=self.asked.body, headers=headers)
            answer = http.getresponse()
            data = answer.read(self.asked.max_bytes + 1)
        finally:
            http.close()
        if len(data) > self.asked.max_bytes:
            raise OSError("the answer is too large")
        return answer.status, data

    def _connect(self, scheme: str, host: str, port: int) -> socket.socket:
        """A connection to a permitted address: the name is not resolved a second time."""
        addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not addresses or not all(
            is_public_address(address)
            or (self.asked.allow_local and is_this_machine(address))
            or host.lower() in self.asked.private_hosts
            for address in addresses
        ):
            raise OSError(f"{host} is not on the public internet")
        connected = self._connect_first(addresses, port)
        if scheme == "https":
            connected = ssl.create_default_context().wrap_socket(
                connected, server_hostname=host, do_handshake_on_connect=False
            )
        self.connection = connected
        if self.is_cancelled:
            connected.close()
            raise OSError("it took too long")
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
                return socket.create_connection((address, port), timeout=self.asked.seconds)
            except OSError as refused:
                error = refused
        raise error


def exchange(asked: OutgoingRequest, slots: threading.BoundedSemaphore | None = None) -> tuple[int, bytes]:
    """The status and the bytes of an answer. `slots` bounds how many others are asked at the same time.

    Raises OSError, also for an address that is not permitted.
    """
    assert_outside_unit_of_work("asking another server")
    slots = slots or _slots
    is_private = urlsplit(asked.address).hostname in asked.private_hosts and asked.address.startswith("https://")
    if not is_private and (refusal := address_refusal(asked.address, asked.allow_local)):
        raise OSError(refusal)
    if not slots.acquire(timeout=asked.seconds / 2):
        raise OSError("too many others are asked just now")
    running = _Fetch(asked, slots)
    threading.Thread(target=running.run, name="fetch", daemon=True).start()
    if not running.finished.wait(asked.seconds):
        running.cancel()
        raise OSError("it took too long")
    if running.error is not None:
        raise running.error
    return running.status, running.data


def fetch(address: str, allow_local: bool = False, max_bytes: int = MAX_BYTES, seconds: float | None = None) -> bytes:
    """The bytes at an address: at most `max_bytes`, within `seconds` (default TIMEOUT_SECONDS) in all.

    `allow_local`: this machine may be contacted too, because the course itself is tried out on it. Raises OSError, also
    for an address that is not permitted.
    """
    limit = TIMEOUT_SECONDS if seconds is None else seconds
    status, data = exchange(OutgoingRequest(address, allow_local=allow_local, max_bytes=max_bytes, seconds=limit))
    if status != 200:
        raise OSError(f"the answer was {status}")
    return data
