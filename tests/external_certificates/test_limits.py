"""A file or an issuer that takes more than its due is stopped, and nobody else waits for it."""

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

from course.clock import now
from course.content.actions import archive
from course.credentials.rules.checking import check_credential, extract_credential
from course.credentials.rules.documents import FILE_NAME, document_bytes
from course.external_certificates import revocation_fetch, views
from course.external_certificates.revocation_fetch import fetch
from course.external_certificates.rules import address_refusal, is_public_address
from course.web.rate_limit import RateLimiter
from course.web.sandbox import SandboxError, SandboxLimits, read_in_sandbox
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.credentials.makers import SEAL, Issuer
from tests.makers import make_person
from tests.pages import Client
from tests.support import bombs

FLATE = b"/Filter/FlateDecode"
NAME = FILE_NAME.encode()
ISSUER = Issuer()
# Small files that ask for much: of memory, of time, of the depth of the stack.
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
def test_a_small_file_that_asks_for_much_is_given_up_within_its_limits(name: str) -> None:
    data = FILES[name]()
    assert len(data) < 100_000
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        found = read_in_sandbox(extract_credential, data, limits=SandboxLimits(seconds=3, memory=300, result=1))
    except SandboxError:
        found = None
    assert found is None or check_credential(found, [ISSUER.key], now()).stated is None
    assert time.monotonic() - begun < 6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


@contextmanager
def _dripping() -> Iterator[str]:
    """A server that answers with a byte every fiftieth of a second and never ends."""
    ended = threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                self.request.recv(4096)
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000:
                    if ended.wait(0.02):
                        return
                    self.request.sendall(bytes([byte]))
            except OSError:
                pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Drip) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        ended.set()
        server.shutdown()


def test_a_server_that_answers_a_byte_at_a_time_is_asked_for_so_long_in_all() -> None:
    with _dripping() as address:
        begun = time.monotonic()
        with pytest.raises(OSError, match="too long"):
            fetch(f"{address}/issuer/status/1", here=True, seconds=0.6)
        assert time.monotonic() - begun < 2


@pytest.fixture
def course(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The course with two learners, on a database where a write waits for another one."""
    monkeypatch.setattr(views, "_throttle", RateLimiter(100, 600))
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
    """What the uploader is told, how long that took, and how long each answer of somebody else took meanwhile."""
    sam, kim = _client(app, "sam@example.org"), _client(app, "kim@example.org")
    said: list[str] = []

    def upload() -> None:
        form = {"csrf_token": sam.token(), "file": (io.BytesIO(data), "certificate.pdf")}
        said.append(sam.flask.post("/passport", data=form, content_type="multipart/form-data").text)

    thread, begun = threading.Thread(target=upload), time.monotonic()
    thread.start()
    took: list[float] = []
    while thread.is_alive():
        start = time.monotonic()
        kim.post("/module/responding/check", {})
        took.append(time.monotonic() - start)
        thread.join(0.2)
    return said[0], time.monotonic() - begun, took


def test_others_answer_meanwhile_and_the_uploader_is_told_in_words(course: Flask) -> None:
    said, seconds, took = _while_uploading(course, FILES["time"]())
    assert "takes far more time or memory to read than a certificate does" in said
    assert seconds < 8
    assert len(took) > 2
    assert max(took) < 2.5

    with _dripping() as address:
        slow = Issuer(replace(SEAL, address=address))
        boss = _client(course, "alex@example.org")
        profile = json.dumps(slow.served()[f"{address}/issuer"])
        boss.post("/passport/issuers", {"profile": profile, "reason": "sister trust"})
        document = document_bytes(slow.credential(issued_at=now(), completed_on=now().date()))
        said, seconds, took = _while_uploading(course, document)
    assert "could not be asked whether it was revoked" in said
    assert seconds < 8
    assert max(took) < 2.5


@pytest.mark.parametrize(
    ("address", "here", "asked"),
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
def test_only_public_addresses_are_asked(address: str, here: bool, asked: bool) -> None:
    assert (address_refusal(address, here) is None) is asked


@pytest.mark.parametrize(
    ("host", "is_public"),
    [
        ("93.184.215.14", True),
        ("2001:4860:4860::8888", True),
        ("64:ff9b::808:808", True),
        *((host, False) for host in (
            "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
            "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
            "2002:7f00:1::", "training.example.org",
        )),
    ],
)  # fmt: skip
def test_an_address_is_public_or_it_is_not(host: str, is_public: bool) -> None:
    assert is_public_address(host) is is_public


def test_a_name_that_leads_inside_is_not_asked_and_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        found = "93.184.215.14" if len(asked) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(OSError, match="not on the public internet"):
        fetch("https://rebind.example.org/", seconds=2)
    assert asked == ["rebind.example.org"]


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
def test_a_credential_with_far_too_much_in_it_is_refused_at_once(change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(document_bytes(ISSUER.credential()))
    change(document)
    begun = time.monotonic()
    verdict = check_credential(json.dumps(document).encode(), [ISSUER.key], now())
    assert verdict.stated is None
    assert verdict.words.encode()
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("data", [b"[" * 60_000, b'{"a":' * 12_000, b"[" * 100_000, b"9" * 60_000, b'{"type":5}'])
def test_json_without_end_is_no_credential(data: bytes) -> None:
    assert check_credential(data, [ISSUER.key], now()).state == "no credential"
