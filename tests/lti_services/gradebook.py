"""A learning platform on loopback with a gradebook and lists of members (AGS and NRPS), strict about both."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.lti.platform import FakePlatform

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
Answer = tuple[int, dict[str, str], Any]


@dataclass
class Gradebook(FakePlatform):
    """`statuses` are answered to the next scores before one is taken; `told` are the scores that were taken, in their order, as
    (column, score). `during` is called while a score is on its way. `pages` are the pages of members."""

    number: int = 1
    statuses: list[int] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)  # resource link by address of a column that was made
    during: Callable[[], None] | None = None
    pages: list[list[dict[str, Any]]] = field(default_factory=list)
    following: str | None = None
    members_status: int = 200
    tokens: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        """Status, headers and content of the answer to a request below the issuer."""
        path, query = target.partition("?")[0], parse_qs(urlsplit(target).query)
        if path == "/token":
            self.tokens += 1
        if path.startswith(("/items", "/members")):
            self.asked.append(f"{method} {target}")
            if not headers.get("Authorization", "").startswith("Bearer token-"):
                return 401, {}, {}
            return (
                self._members(query, headers) if path == "/members" else self._items(method, path, query, headers, body)
            )
        status, answer = self.answer(method, path, body, headers.get("Authorization", ""))
        return status, {}, answer

    def _items(self, method: str, path: str, query: dict[str, list[str]], headers: Any, body: bytes) -> Answer:
        if path.endswith("/scores"):
            return self._score(path.removesuffix("/scores"), headers, body)
        if method == "GET":
            wanted = query.get("resource_link_id", [""])[0]
            found = [{"id": one, "resourceLinkId": link} for one, link in self.columns.items() if wanted in ("", link)]
            return 200, {}, found
        if headers.get("Content-Type") != ITEM_TYPE:
            return 415, {}, {}
        asked = json.loads(body)
        with self.lock:
            address = f"{self.issuer}/items/made-{len(self.columns) + 1}"
            self.columns[address] = asked["resourceLinkId"]
        return 201, {}, {**asked, "id": address}

    def _score(self, column: str, headers: Any, body: bytes) -> Answer:
        score = json.loads(body)
        if self.during is not None:
            self.during()
        with self.lock:
            if self.statuses:
                status = self.statuses.pop(0)
                return status, {"Retry-After": "7200"} if status == 429 else {}, {"error": "not now"}
            before = [one for place, one in self.told if (place, one["userId"]) == (column, score["userId"])]
            moment = datetime.fromisoformat(score["timestamp"])
            if headers.get("Content-Type") != SCORE_TYPE or moment.tzinfo is None:
                return 400, {}, {}
            if before and moment <= datetime.fromisoformat(before[-1]["timestamp"]):
                self.refused.append(score["timestamp"])
                return 409, {}, {}
            self.told.append((column, score))
        return 200, {}, {}

    def _members(self, query: dict[str, list[str]], headers: Any) -> Answer:
        if headers.get("Accept") != MEMBERS_TYPE:
            return 406, {}, {}
        page = int(query.get("page", ["0"])[0])
        following = self.following or f'<{self.issuer}/members?page={page + 1}>; rel="next"'
        more = {"Link": following} if page + 1 < len(self.pages) or self.following else {}
        members = self.pages[page] if page < len(self.pages) else []
        return self.members_status, more, {"id": "x", "context": {"id": "context-1"}, "members": members}


@contextmanager
def gradebook() -> Iterator[Gradebook]:
    """A platform on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        found: Gradebook

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            target = self.path.removeprefix(f"/{self.found.number}")
            status, headers, content = self.found.respond(self.command, target, self.headers, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(data)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815 (the names of the standard library)

        def log_message(self, *_values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.found = Gradebook(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Handler.found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
