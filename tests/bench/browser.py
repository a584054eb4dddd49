"""What asks in the benchmarks: a connection that stays open, with cookies and nothing else."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]


class Browser:
    """A kept-open connection with cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookie = ""
        self._cookies: dict[str, str] = {}

    def send(
        self,
        method: str,
        path: str,
        form: dict[str, object] | None = None,
        compressed: bool = False,
        in_place: bool = False,
    ) -> tuple[int, str, bytes]:
        """Status, Location (or the address of a page that came in place of a redirect) and body; `compressed` as a browser
        asks for it, `in_place` as the script of the page does."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if in_place:
            headers["X-In-Place"] = "1"
        if compressed:
            headers["Accept-Encoding"] = "gzip"
        body = None
        if form is not None:
            body = urlencode(form, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # The server has let go of a connection that was idle, as a browser sees it too.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        data = response.read()
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.split(";")[0].partition("=")
            self._cookies[name] = value
            self.cookie = "; ".join(f"{key}={one}" for key, one in self._cookies.items())
        place = response.getheader("Location") or response.getheader("Content-Location") or ""
        return response.status, place, data

    def token(self, path: str) -> str:
        found = re.search(rb'name="csrf_token" value="([^"]+)"', self.send("GET", path)[2])
        if not found:
            raise LookupError(f"no form on {path}")
        return found[1].decode()


def attempt_of(address: str) -> tuple[str, int]:
    """The address of an attempt, and its number, from that of one of its questions: /attempt/7/1."""
    found = re.search(r"(/attempt/([0-9]+))/[0-9]+$", address)
    if found is None:
        raise LookupError(f"no question of an attempt: {address}")
    return found[1], int(found[2])
