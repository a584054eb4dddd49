"""What the tests of deploy/ need of a machine: free ports, a certificate, programs that listen, and a browser's cookies."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.conftest import SECRET
from tests.faults.course_process import ForkedProcess, Starter
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
FLASK = Path(sys.executable).with_name("flask")
START_SECONDS = 180.0
Confine = Callable[[], None]


@dataclass(frozen=True)
class Reply:
    """An answer: its status, headers in small letters, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Visitor:
    """Somebody with a browser that keeps cookies, and trusts `certificate`."""

    def __init__(self, address: str, certificate: Path | None = None) -> None:
        self.address = address
        context = ssl.create_default_context(cafile=str(certificate) if certificate else None)
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(self.cookies),
            _NoRedirects,
        )

    def get(self, path: str, **headers: str) -> Reply:
        """A page; `headers` have underscores for hyphens."""
        return self._open(urllib.request.Request(self.address + path), headers)

    def post(self, path: str, form: Mapping[str, str | Sequence[str]], **headers: str) -> Reply:
        """A form is sent, as the page at this address would send it."""
        body = urllib.parse.urlencode(form, doseq=True).encode()
        request = urllib.request.Request(self.address + path, body)
        return self._open(request, {"Origin": self.address, "Referer": self.address + path, **headers})

    def sign_in(self, email: str, password: str) -> Reply:
        """Through the form."""
        token = self.token("/sign-in")
        return self.post("/sign-in", {"csrf_token": token, "email": email, "password": password})

    def token(self, path: str) -> str:
        """The token of the forms of a page."""
        page = self.get(path)
        found = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
        assert found, f"{path}: {page}"
        return str(found[-1])

    def _open(self, request: urllib.request.Request, headers: Mapping[str, str]) -> Reply:
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            answer = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())


def fetch(address: str) -> Reply:
    """What is at an address, for somebody without cookies."""
    parts = urllib.parse.urlsplit(address)
    return Visitor(f"{parts.scheme}://{parts.netloc}").get(parts.path)


def wait_until(is_so: Callable[[], bool], seconds: float = START_SECONDS) -> bool:
    """Whether it is so within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """`flask serve` in a process of its own, as a unit would start it; ready once entered.

    With `starting` its process is forked from one that has imported the course, for tests of what comes after a start.
    """

    def __init__(
        self, database_url: str, folder: Path, settings: Mapping[str, str] | None = None, confine: Confine | None = None,
        starting: Starter | None = None,
    ) -> None:  # fmt: skip
        given = dict(settings or {})
        self.port = int(given.pop("PORT", 0)) or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"server-{self.port}.log"
        self._confine, self._starting, self._folder = confine, starting, folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.settings = kept | {
            "FLASK_SKIP_DOTENV": "1", "SECRET_KEY": SECRET, "DATABASE_URL": database_url, "PORT": str(self.port), **given
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | ForkedProcess | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        assert self._process is not None
        return self._process.returncode

    def flask(self, *arguments: str, confine: Confine | None = None) -> subprocess.CompletedProcess[str]:
        """Another command with the same settings; one that is forked prints everything to stdout."""
        if self._starting is not None:
            log = self._folder / f"{'-'.join(arguments[:2])}-{time.monotonic_ns()}"
            code = ForkedProcess(self._starting, arguments, self.settings, log).wait(120)
            return subprocess.CompletedProcess(arguments, code, log.read_text(), "")
        return subprocess.run(
            [str(FLASK), *arguments], cwd=ROOT, env=self.settings, capture_output=True, text=True, timeout=120,
            check=False, preexec_fn=confine,
        )  # fmt: skip

    def __enter__(self) -> Self:
        if self._starting is not None:
            self._process = ForkedProcess(self._starting, ["serve"], self.settings, self.log)
        else:
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(
                    [str(FLASK), "serve"], cwd=ROOT, env=self.settings, stdout=log, stderr=log, preexec_fn=self._confine
                )
        if not wait_until(self._is_ready):
            self.stop()
            raise AssertionError(self.log.read_text(errors="replace")[-4000:])
        return self

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(self.log.read_text(errors="replace")[-4000:])
        try:
            return listens(self.port) and fetch(f"{self.address}/health/live").status == 200
        except OSError:
            return False  # it is ending; the next look finds why

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()


@contextmanager
def program(command: Sequence[str], folder: Path, *ports: int, user: int | None = None) -> Iterator[Path]:
    """A program that stays in the foreground and listens on these ports; yields the file of what it says."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=file, user=user, env={**os.environ, "HOME": str(folder)}
        )
    try:
        started = wait_until(lambda: process.poll() is not None or all(map(listens, ports)), 30)
        assert started, f"{command[0]} does not listen"
        assert process.poll() is None, log.read_text(errors="replace")[-4000:]
        yield log
    finally:
        process.terminate()
        process.wait(timeout=30)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        capture_output=True, check=True,
    )  # fmt: skip
    return certificate, key
