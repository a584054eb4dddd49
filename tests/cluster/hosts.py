"""Programs of the course in processes and folders of their own, as on several machines, and a browser that meets them all.

Each folder is that of another machine: the program is the same, but nothing that one of them keeps there is seen by another.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from werkzeug.datastructures import Headers

from config import ROOT
from tests.conftest import SECRET
from tests.pages import Client, Page, Values, check
from tests.support.ports import free_port

PUBLIC_URL = "http://127.0.0.1:8000"  # what people type: a balancer stands there, which is the browser of these tests
READY = "Press Ctrl+C"


@dataclass
class Host:
    """A machine that runs `command`; `port` is where it serves."""

    folder: Path
    port: int
    command: str
    process: subprocess.Popen[str]
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def wait(self) -> None:
        """Return when it is ready; raises AssertionError with its log if it has ended."""
        assert self.process.stdout is not None
        while READY not in (line := self.process.stdout.readline()):
            assert line, f"{self.command} in {self.folder} has ended:\n{self.log[-3000:]}"


def make_folder(folder: Path) -> Path:
    """The program in a folder of its own, without what another one has made there."""
    folder.mkdir()
    for name in ("app.py", "config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("modules", "migrations"):
        (folder / name).symlink_to(ROOT / name)
    # Its templates are its own: the program keeps what it has compiled beside them, and removes what another one has.
    (folder / "course").mkdir()
    for path in (ROOT / "course").iterdir():
        if path.name == "templates":
            shutil.copytree(path, folder / "course" / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / "course" / path.name).symlink_to(path)
    return folder


@contextmanager
def machines(folder: Path, database_url: str, commands: Sequence[str], **settings: str) -> Iterator[list[Host]]:
    """A machine for each command (serve, worker), all ready; stopped at the end, all at once."""
    hosts = []
    try:
        for number, command in enumerate(commands):
            own, port = make_folder(folder / f"machine-{number}"), free_port()
            environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
            environ |= {"DATABASE_URL": database_url, "SECRET_KEY": SECRET, "PORT": str(port), "PUBLIC_URL": PUBLIC_URL,
                        "FLASK_SKIP_DOTENV": "1", "PROCESSES": "1", **settings}  # fmt: skip
            process = subprocess.Popen(
                [str(Path(sys.executable).with_name("flask")), command], cwd=own, env=environ, text=True,
                stdout=subprocess.PIPE, stderr=(own / "log").open("w"),
            )  # fmt: skip
            hosts.append(Host(own, port, command, process, environ))
            if number == 0:
                hosts[0].wait()  # the first makes the schema, if there is none
        for host in hosts[1:]:
            host.wait()
        yield hosts
    finally:
        for host in hosts:
            host.process.terminate()
        for host in hosts:
            host.process.communicate(timeout=30)


class Balancer:
    """What a browser sees of several hosts behind one address: each request goes to the next of them."""

    def __init__(self, ports: Sequence[int], timeout: float = 30.0) -> None:
        self.ports, self.timeout = list(ports), timeout
        self.cookies: dict[str, str] = {}
        self.asked: list[int] = []  # the port of each request

    def send(self, method: str, path: str, form: Values | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """A response as Flask's test client gives it. Raises OSError and HTTPException if none comes."""
        port = self.ports[len(self.asked) % len(self.ports)]
        self.asked.append(port)
        sent = {"Host": urlsplit(PUBLIC_URL).netloc, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        sent |= headers or {}
        body = None
        if form is not None:
            body = urlencode(form, doseq=True)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=self.timeout)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        return SimpleNamespace(
            status_code=response.status,
            headers=Headers(response.headers.items()),
            mimetype=response.headers.get_content_type(),
            get_data=lambda as_text=False: data.decode() if as_text else data,
        )

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        return self.send("GET", path, None, headers)

    def post(self, path: str, data: Values) -> Any:
        return self.send("POST", path, data)

    def get_cookie(self, name: str) -> Any:
        return SimpleNamespace(value=self.cookies[name]) if self.cookies.get(name) else None


class RemoteClient(Client):
    """A browser without JavaScript that goes to another host at each click. `app` is the same course in this process, which
    reads what tests want to know of the database."""

    def __init__(self, app: Flask, ports: Sequence[int]) -> None:
        super().__init__(app)
        self.flask: Any = Balancer(ports)

    def token(self) -> str:
        """A token against forgery, from a page that has a form: another host signs it."""
        for path in ("/me", "/sign-in"):
            match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.flask.get(path).get_data(as_text=True))
            if match:
                return match[1]
        raise AssertionError("no page with a form was found")

    def post(self, path: str, data: Values, status: int = 303, token: bool = True) -> Page:
        """As `Client.post`; workers do the jobs."""
        page = Page(self.flask.post(path, {"csrf_token": self.token(), **data} if token else dict(data)))
        assert page.status == status, f"POST {path}: {page.status}, expected {status}\n{page.html[-3000:]}"
        check(page, path)
        return page

    def sign_in(self, email: str, password: str) -> None:
        form = self.get("/sign-in").fields()
        assert self.post("/sign-in", {**form, "email": email, "password": password}, token=False).location == "/"
