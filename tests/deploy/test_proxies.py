"""The samples of proxies, tried with TLS on loopback: the same files but for names, ports and folders."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from course.web.unit_of_work import unit_of_work
from tests.conftest import PEOPLES_PASSWORD, make_app
from tests.deploy.machine import ROOT, Server, Visitor, make_certificate, program
from tests.faults.course_process import Starter
from tests.makers import make_person
from tests.support.packages import find_or_install
from tests.support.ports import free_port

SAMPLES = ROOT / "deploy"
SPOOFED = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "elsewhere.example"}


@dataclass(frozen=True)
class Place:
    """Where a proxy is tried: its folder, its ports, its certificate, and the ports of one or two web hosts."""

    folder: Path
    https: int
    http: int
    course: int
    certificate: Path
    key: Path
    second: int = 0


def replaced(words: str, *pairs: tuple[str, str]) -> str:
    """A sample with these places of it replaced, each of which must be there."""
    for old, new in pairs:
        assert old in words, f"the sample does not say {old!r}"
        words = words.replace(old, new)
    return words


@contextmanager
def nginx(place: Place) -> Iterator[None]:
    site, cache = place.folder / "course.conf", place.folder / "cache"
    words = replaced(
        (SAMPLES / "nginx.conf").read_text(encoding="utf-8"),
        ("127.0.0.1:8000", f"127.0.0.1:{place.course}"),
        ("listen [::]:80;", ""), ("listen [::]:443 ssl http2;", ""),
        ("listen 80;", f"listen 127.0.0.1:{place.http};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{place.https} ssl http2;"),
        ("/etc/letsencrypt/live/course.example.org/fullchain.pem", str(place.certificate)),
        ("/etc/letsencrypt/live/course.example.org/privkey.pem", str(place.key)),
        ("course.example.org", "localhost"), ("/var/lib/nginx/course", str(cache)),
        ("https://$host$request_uri", f"https://$host:{place.https}$request_uri"),
    )  # fmt: skip
    site.write_text(words, encoding="utf-8")
    main = place.folder / "nginx.conf"
    # As in Debian's own, which compresses.
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = " ".join(f"{kind}_temp_path {place.folder / kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(
        f"{user} pid {place.folder / 'nginx.pid'}; error_log stderr; events {{}} "
        f"http {{ access_log off; gzip on; {folders} include {site}; }}"
    )
    command = [find_or_install("nginx"), "-c", str(main), "-g", "daemon off;"]
    with program(command, place.folder, place.https, place.http):
        yield


@contextmanager
def caddy(place: Place) -> Iterator[None]:
    words = replaced(
        (SAMPLES / "Caddyfile").read_text(encoding="utf-8"),
        ("{$COURSE_ADDRESS:127.0.0.1:8000}", f"127.0.0.1:{place.course}"),
        ("{$COURSE_NAME:course.example.org} {", f"localhost {{\n\ttls {place.certificate} {place.key}"),
    )
    file = place.folder / "Caddyfile"
    ports = f"http_port {place.http}\n https_port {place.https}\n default_bind 127.0.0.1\n"
    file.write_text(f"{{\n admin off\n auto_https disable_certs\n {ports}}}\n{words}", encoding="utf-8")
    command = [find_or_install("caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]
    with program(command, place.folder, place.https, place.http):
        yield


@contextmanager
def haproxy(place: Place) -> Iterator[None]:
    both = place.folder / "both.pem"
    both.write_text(place.certificate.read_text() + place.key.read_text())
    words = replaced(
        (SAMPLES / "haproxy.cfg").read_text(encoding="utf-8"),
        ("    user haproxy\n    group haproxy\n", ""),  # only root may become somebody else
        ("bind :443 ssl crt /etc/haproxy/course.pem", f"bind 127.0.0.1:{place.https} ssl crt {both}"),
        ("bind :80", f"bind 127.0.0.1:{place.http}"),
        ("10.0.0.11:8000", f"127.0.0.1:{place.course}"), ("10.0.0.12:8000", f"127.0.0.1:{place.second or free_port()}"),
    )  # fmt: skip
    file = place.folder / "haproxy.cfg"
    file.write_text(words, encoding="utf-8")
    with program([find_or_install("haproxy"), "-db", "-f", str(file)], place.folder, place.https, place.http):
        yield


PROXIES = [nginx, caddy, haproxy]


class _Recorder(BaseHTTPRequestHandler):
    """Answers each request with the headers that it had."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, archived_file: Path, starting: Starter
) -> Iterator[tuple[Server, Place]]:
    """The course with the settings that the samples name, and where its proxy is to be."""
    folder = tmp_path_factory.mktemp("proxies")
    url = f"sqlite:///{shutil.copy(archived_file, folder / 'course.db')}"
    app = make_app(url)
    with app.app_context(), unit_of_work() as session:
        make_person(session, email="sam@example.org")
    app.extensions["course"].engine.dispose()
    place = Place(folder, free_port(), free_port(), free_port(), *make_certificate(folder))
    settings = {"PUBLIC_URL": f"https://localhost:{place.https}", "TRUSTED_PROXIES": "1", "PROCESSES": "1"}
    with Server(url, folder, {**settings, "PORT": str(place.course)}, starting=starting) as server:
        yield server, place


@pytest.fixture(params=PROXIES, ids=lambda proxy: str(proxy.__name__))
def visitor(request: pytest.FixtureRequest, site: tuple[Server, Place]) -> Iterator[tuple[Visitor, Place]]:
    """Somebody who comes through a proxy."""
    _, place = site
    with request.param(place):
        yield Visitor(f"https://localhost:{place.https}", place.certificate), place


def test_somebody_signs_in_through_a_proxy_with_tls(visitor: tuple[Visitor, Place]) -> None:
    sam, place = visitor
    page = sam.get("/sign-in")
    assert (page.status, page.headers["strict-transport-security"]) == (200, "max-age=31536000")
    assert sam.sign_in("sam@example.org", PEOPLES_PASSWORD).status == 303
    assert {cookie.secure for cookie in sam.cookies} == {True}
    home = sam.get("/")
    assert "Sam Okafor" in home.text, "the session is known by its cookie"
    # What the course says to administrators about wrong headers is said to nobody.
    assert "X-Forwarded" not in home.text

    sheet = re.search(r'href="(/static/[^"]+\.css)"', home.text)
    assert sheet is not None
    for _ in range(2):
        assert "immutable" in sam.get(sheet.group(1)).headers["cache-control"]
    kept = place.folder / "cache"
    assert not kept.exists() or any(path.is_file() for path in kept.rglob("*")), "nginx keeps them"
    assert "no-store" in sam.get("/me").headers["cache-control"]

    moved = Visitor(f"http://localhost:{place.http}").get("/sign-in")
    assert moved.status in (301, 308)
    assert moved.headers["location"].startswith("https://localhost")
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert sam.get(path).status == 404, path


def test_what_is_too_large_is_refused_and_pages_with_a_query_are_not_compressed(visitor: tuple[Visitor, Place]) -> None:
    sam, _ = visitor
    assert sam.post("/sign-in", {"password": "a" * 400_000}).status == 413, "the words are those of the course"
    assert sam.get("/sign-in", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"
    assert "content-encoding" not in sam.get("/sign-in?next=/me", Accept_Encoding="gzip").headers


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: str(proxy.__name__))
def test_what_a_client_says_of_its_address_is_not_passed_on(
    proxy: Callable[[Place], Iterator[None]], tmp_path: Path
) -> None:
    recorder = ThreadingHTTPServer(("127.0.0.1", 0), _Recorder)
    threading.Thread(target=recorder.serve_forever, daemon=True).start()
    place = Place(tmp_path, free_port(), free_port(), recorder.server_port, *make_certificate(tmp_path))
    try:
        with proxy(place):  # type: ignore[attr-defined]
            there = f"localhost:{place.https}"
            seen = json.loads(Visitor(f"https://{there}", place.certificate).get("/static/x", **SPOOFED).body)
            assert seen["x-forwarded-for"] == "127.0.0.1"
            assert seen["x-forwarded-proto"] == "https"
            assert (seen["x-forwarded-host"], seen["host"]) == (there, there)
    finally:
        recorder.shutdown()
        recorder.server_close()
