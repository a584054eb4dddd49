"""A file or an issuer that takes too much time or memory is stopped, and nobody else waits."""

from __future__ import annotations

import io
import json
import resource
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from course.auth.rate_limits import RateLimiter
from course.clock import now
from course.content.actions import archive
from course.credentials.rules.checking import check_credential, extract_credential
from course.credentials.rules.documents import FILE_NAME, document_bytes
from course.external_certificates import revocation_fetch, views
from course.external_certificates.revocation_fetch import fetch
from course.network_addresses import address_refusal, is_public_address
from course.web.sandbox import SandboxError, SandboxLimits, read_in_sandbox
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.credentials.makers import SIGNING_SETTINGS, Issuer
from tests.makers import make_person
from tests.pages import Client
from tests.support import bombs
from tests.support.days import this_day

FLATE = b"/Filter/FlateDecode"
NAME = FILE_NAME.encode()
ISSUER = Issuer()
# Small files that need much memory, time or stack depth.
FILES: dict[str, Callable[[], bytes]] = {
    "memory": lambda: bombs.attached(bombs.squeezed(70), FLATE, 200, NAME),
    "layers": lambda: bombs.attached(bombs.squeezed(100, 2), b"/Filter[/FlateDecode/FlateDecode]", name=NAME),
    "time": lambda: bombs.attached(bombs.squeezed(70), FLATE + b"/DecodeParms<</Predictor 12/Columns 1>>", name=NAME),
    "circle": lambda: bombs.with_attachments(b"3 0 R", b"<</Kids[3 0 R 3 0 R]>>"),
    "tree": lambda: bombs.with_attachments(
        b"3 0 R", *[b"<</Kids[%d 0 R %d 0 R]>>" % (n + 1, n + 1) for n in range(3, 60)], b"<</Names[]>>"
    ),
    "depth": lambda: bombs.with_attachments(b"[" * 60_000),
    "attached in attached": lambda: bombs.attached(bombs.attached(bombs.squeezed(70), FLATE, 50, NAME), b"", name=NAME),
}


@pytest.mark.parametrize("name", FILES)
def test_a_small_file_that_needs_much_is_cancelled_within_its_limits(name: str) -> None:
    data = FILES[name]()
    assert len(data) < 100_000
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        document = read_in_sandbox(extract_credential, data, limits=SandboxLimits(seconds=3, memory=300, result=1))
    except SandboxError:
        document = None
    assert document is None or check_credential(document, [ISSUER.key], now()).claims is None
    assert time.monotonic() - started < 6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


@contextmanager
def slow_server() -> Iterator[str]:
    """A server that sends a byte every 20 ms and never ends."""
    stopped = threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                self.request.recv(4096)
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000:
                    if stopped.wait(0.02):
                        return
                    self.request.sendall(bytes([byte]))
            except OSError:
                pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Drip) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        stopped.set()
        server.shutdown()


def test_a_server_that_sends_single_bytes_is_cut_off_after_the_time_limit() -> None:
    with slow_server() as address:
        started = time.monotonic()
        with pytest.raises(OSError, match="too long"):
            fetch(f"{address}/issuer/status/1", allow_local=True, seconds=0.6)
        assert time.monotonic() - started < 2


@pytest.fixture
def course(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The course with two learners, on a database where one writer waits for another."""
    monkeypatch.setattr(views, "_throttle", RateLimiter("test", 100, 600))
    monkeypatch.setattr(views, "_LIMITS", SandboxLimits(seconds=3, memory=300, result=1))
    monkeypatch.setattr(revocation_fetch, "TIMEOUT_SECONDS", 3.0)
    with fresh_app.app_context(), unit_of_work() as session:
        archive(session, fresh_app.extensions["course"].library, NOW)
        make_person(session)
        make_person(session, "Kim Else", "kim@example.org")
        make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    return fresh_app


def _client(app: Flask, email: str) -> Client:
    client = Client(app)
    client.post("/sign-in", {"email": email, "password": "quiet-river-stones-42"})
    client.token()
    return client


def _while_uploading(app: Flask, data: bytes) -> tuple[str, float, list[float]]:
    """The uploader's page, how long it took, and how long each request of another person took meanwhile."""
    sam, kim = _client(app, "sam@example.org"), _client(app, "kim@example.org")
    pages: list[str] = []

    def upload() -> None:
        form = {"csrf_token": sam.token(), "file": (io.BytesIO(data), "certificate.pdf")}
        pages.append(sam.flask.post("/passport", data=form, content_type="multipart/form-data").text)

    thread, started = threading.Thread(target=upload), time.monotonic()
    thread.start()
    durations: list[float] = []
    while thread.is_alive():
        start = time.monotonic()
        kim.post("/module/responding/check", {})
        durations.append(time.monotonic() - start)
        thread.join(0.2)
    return pages[0], time.monotonic() - started, durations


def test_others_continue_meanwhile_and_the_uploader_gets_a_message(course: Flask) -> None:
    page, seconds, durations = _while_uploading(course, FILES["time"]())
    assert "is too large or complex to read" in page
    assert seconds < 8
    assert len(durations) > 2
    assert max(durations) < 2.5

    with slow_server() as address:
        slow = Issuer(replace(SIGNING_SETTINGS, base_url=address))
        boss = _client(course, "alex@example.org")
        profile = json.dumps(slow.served()[f"{address}/issuer"])
        boss.post("/passport/issuers", {"profile": profile, "reason": "sister trust"})
        document = document_bytes(slow.credential(issued_at=now(), completed_on=this_day(), valid_until=this_day(300)))
        page, seconds, durations = _while_uploading(course, document)
    assert "if it was revoked" in page
    assert seconds < 8
    assert max(durations) < 2.5


@pytest.mark.parametrize(
    ("address", "allow_local", "permitted"),
    [
        ("https://training.example.org/issuer", False, True),
        ("https://93.184.215.14/", False, True),
        ("http://training.example.org/", False, False),
        ("https://127.0.0.1/", False, False),
        ("https://localhost/", False, False),
        ("https://LOCALHOST./", False, False),
        ("https://10.1.2.3/", False, False),
        ("https://169.254.169.254/latest/meta-data", False, False),
        ("https://[::1]/", False, False),
        ("https://[::ffff:10.0.0.1]/", False, False),
        ("https://user:word@training.example.org/", False, False),
        ("https://training.example.org:0/", False, False),
        ("https://training.example.org:99999/", False, False),
        ("https://[::1", False, False),
        ("https:///issuer", False, False),
        ("file:///etc/passwd", True, False),
        ("ftp://127.0.0.1/", True, False),
        ("http://127.0.0.1:8000/", True, True),
        ("http://10.1.2.3/", True, False),
    ],
)
def test_only_public_addresses_are_permitted(address: str, allow_local: bool, permitted: bool) -> None:
    assert (address_refusal(address, allow_local) is None) is permitted


@pytest.mark.parametrize(
    ("host", "is_public"),
    [
        ("93.184.215.14", True),
        ("2001:4860:4860::8888", True),
        ("64:ff9b::808:808", True),
        *((host, False) for host in (
            "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
            "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
            "2002:7f00:1::", "training.example.org", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b:1::1", "fec0::1", "ff02::1",
            "::ffff:a9fe:a9fe", "fd00:ec2::254", "168.63.129.16", "192.88.99.1", "3fff::1", "198.18.0.1", "192.0.2.1",
            "240.0.0.1", "0.1.2.3", "2001:db8::1", "2001::1",
        )),
    ],
)  # fmt: skip
def test_public_addresses_are_recognised(host: str, is_public: bool) -> None:
    assert is_public_address(host) is is_public


def test_a_name_of_a_private_address_is_refused_and_resolved_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        resolved.append(host)
        document = "93.184.215.14" if len(resolved) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (document, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(OSError, match="not on the public internet"):
        fetch("https://rebind.example.org/", seconds=2)
    assert resolved == ["rebind.example.org"]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(name=[f"x{n}" for n in range(6000)]),
        lambda d: d.update(type=d["type"] + [f"https://x.example.org/{n}" for n in range(1500)]),
        lambda d: d["credentialSubject"]["achievement"].update({f"k{n}": [] for n in range(4000)}),
        lambda d: d.update(validFrom="9" * 50_000),
        lambda d: d.update(name="\ud800"),
    ],
)
def test_an_oversized_credential_is_refused_at_once(change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(document_bytes(ISSUER.credential()))
    change(document)
    started = time.monotonic()
    verdict = check_credential(json.dumps(document).encode(), [ISSUER.key], now())
    assert verdict.claims is None
    assert verdict.sentence.encode()
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("data", [b"[" * 60_000, b'{"a":' * 12_000, b"[" * 100_000, b"9" * 60_000, b'{"type":5}'])
def test_deeply_nested_json_is_no_credential(data: bytes) -> None:
    assert check_credential(data, [ISSUER.key], now()).state == "no credential"
