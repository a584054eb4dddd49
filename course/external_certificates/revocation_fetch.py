"""Asking another installation for its list of revocations: over HTTPS, at public addresses, and not for long.

Whoever answers may be slow, broken or hostile. What one fetch may take is bound in all and not only per read; the
name is looked up once and the connection goes to the very address that was checked; nothing is followed elsewhere.
No unit of work is open meanwhile.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from course.db import assert_outside_unit_of_work
from course.external_certificates.rules import address_refusal, is_public_address, is_this_machine

TIMEOUT_SECONDS = 10.0  # in all, from looking up the name to the last byte
MAX_BYTES = 64 * 1024  # bytes
_MAX_CONCURRENT = 4  # more issuers are not asked at the same time
_slots = threading.BoundedSemaphore(_MAX_CONCURRENT)


@dataclass
class _Fetch:
    """One fetch, which a thread of its own carries out, so that it can be given up at any point."""

    address: str
    here: bool
    most: int
    seconds: float
    data: bytes = b""
    error: OSError | None = None
    done: threading.Event = field(default_factory=threading.Event)
    given_up: bool = False
    connected: socket.socket | None = None

    def run(self) -> None:
        try:
            self.data = self._ask(urlsplit(self.address))
        except OSError as error:
            self.error = error
        except (HTTPException, ValueError) as error:
            self.error = OSError(str(error))
        finally:
            self.done.set()
            _slots.release()

    def give_up(self) -> None:
        """Cut the connection, upon which the thread ends as well."""
        self.given_up = True
        if self.connected is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                # That of the plain socket: TLS would say goodbye first.
                socket.socket.shutdown(self.connected, socket.SHUT_RDWR)

    def _ask(self, parts: SplitResult) -> bytes:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        connection = HTTPSConnection(host, port) if parts.scheme == "https" else HTTPConnection(host, port)
        connection.sock = self._connected(parts.scheme, host, port)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"Accept": "application/json", "Connection": "close"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise OSError(f"the answer was {answer.status}")
            data = answer.read(self.most + 1)
        finally:
            connection.close()
        if len(data) > self.most:
            raise OSError("the answer is too large")
        return data

    def _connected(self, scheme: str, host: str, port: int) -> socket.socket:
        """A connection to an address that may be asked: the name is not looked up a second time."""
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not found or not all(is_public_address(one) or (self.here and is_this_machine(one)) for one in found):
            raise OSError(f"{host} is not on the public internet")
        made = self._first(found, port)
        if scheme == "https":
            made = ssl.create_default_context().wrap_socket(made, server_hostname=host, do_handshake_on_connect=False)
        self.connected = made
        if self.given_up:
            made.close()
            raise OSError("it took too long")
        if isinstance(made, ssl.SSLSocket):
            made.do_handshake()
        return made

    def _first(self, found: list[str], port: int) -> socket.socket:
        """A connection to the first of these addresses that takes one."""
        error = OSError("nobody answers")
        for one in found:
            if self.given_up:
                break
            try:
                return socket.create_connection((one, port), timeout=self.seconds)
            except OSError as refused:
                error = refused
        raise error


def fetch(address: str, here: bool = False, most: int = MAX_BYTES, seconds: float | None = None) -> bytes:
    """The bytes at an address, at most `most` of them within so many seconds (SECONDS) in all.

    `here`: this machine may be asked as well, because the course itself is tried out on it. Raises OSError, also for
    an address that may not be asked.
    """
    assert_outside_unit_of_work("asking another server")
    seconds = TIMEOUT_SECONDS if seconds is None else seconds
    if why := address_refusal(address, here):
        raise OSError(why)
    if not _slots.acquire(timeout=seconds / 2):
        raise OSError("too many others are asked just now")
    one = _Fetch(address, here, most, seconds)
    threading.Thread(target=one.run, name="fetch", daemon=True).start()
    if not one.done.wait(seconds):
        one.give_up()
        raise OSError("it took too long")
    if one.error is not None:
        raise one.error
    return one.data
