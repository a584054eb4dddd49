"""The platform of serve.py as a test sees it, and a browser that goes between it and the course."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from lxml import html

from tests.support.environments import python_of

FOLDER = Path(__file__).parent
SECONDS = 60


@dataclass
class OpenEdx:
    """The addresses and ids of the platform, and the ids of its two people: Sam, who learns, and Kim, who teaches."""

    issuer: str
    client_id: str
    deployment: str
    login: str
    token: str
    keys: str
    subjects: list[str]

    def known(self) -> dict[str, Any]:
        """The content, scores and grades that the platform has taken."""
        found: dict[str, Any] = requests.get(f"{self.issuer}/do/known", timeout=SECONDS).json()
        return found

    def begin(self, member: int, kind: str = "LtiResourceLinkRequest") -> str:
        """The address to which the browser of a person is sent who opens the activity."""
        asked = {"member": str(member), "kind": kind}
        return str(requests.get(f"{self.issuer}/do/begin", params=asked, timeout=SECONDS).json()["address"])


@contextmanager
def open_edx(tool: str) -> Iterator[OpenEdx]:
    """The platform, which knows the course at the address `tool`. Raises RuntimeError if it does not start."""
    command = [str(python_of(FOLDER)), "-I", str(FOLDER / "serve.py"), tool, f"{tool}/lti/jwks"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        line = child.stdout.readline()
        if not line:
            raise RuntimeError(f"the platform does not start:\n{child.stderr.read()[-3000:]}")
        try:
            yield OpenEdx(**json.loads(line))
        finally:
            child.kill()


@dataclass
class Shown:
    """A page: its status, its words, and where its forms go with what is in them."""

    response: requests.Response

    @property
    def forms(self) -> list[tuple[str, dict[str, str]]]:
        found = []
        for form in html.fromstring(self.response.text).forms:
            fields = {str(name): str(value) for name, value in form.form_values() if name}
            found.append((urljoin(self.response.url, form.action or ""), fields))
        return found

    @property
    def words(self) -> str:
        return " ".join(html.fromstring(self.response.text).text_content().split())


@dataclass
class SmallBrowser:
    """Follows redirects, keeps cookies of each server (also those that ask for TLS, as browsers do on this machine), and sends
    forms with the origin of the page on which they are."""

    jar: dict[str, dict[str, str]] = field(default_factory=dict)

    def open(self, address: str) -> Shown:
        return self._ask("GET", address, None, {})

    def send(self, page: Shown, number: int = 0, **changed: str) -> Shown:
        """Send a form of a page, with other values."""
        action, fields = page.forms[number]
        origin = "/".join(page.response.url.split("/")[:3])
        return self._ask("POST", action, {**fields, **changed}, {"Origin": origin})

    def _ask(self, method: str, address: str, data: dict[str, str] | None, headers: dict[str, str]) -> Shown:
        for _step in range(9):
            server = address.split("/")[2]
            cookies = "; ".join(f"{name}={value}" for name, value in self.jar.get(server, {}).items())
            sent = {**headers, "Cookie": cookies} if cookies else headers
            answer = requests.request(method, address, data=data, headers=sent, allow_redirects=False, timeout=SECONDS)
            kept = self.jar.setdefault(server, {})
            kept.update({one.name: one.value or "" for one in answer.cookies})
            if not answer.is_redirect:
                return Shown(answer)
            method, address, data, headers = "GET", urljoin(address, answer.headers["Location"]), None, {}
        raise AssertionError("the browser is sent round in circles")
