"""A learning platform for tests: it launches by cmi5, gives a token once, and refuses what breaks the rules of section 9.3."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

from course.cmi5.actions import Cmi5PlatformSettings, add_platform
from course.context import Context

SESSION = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
MASTERY = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore"
CMI5 = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
MOVE_ON = "https://w3id.org/xapi/cmi5/context/categories/moveon"
GROUPING = {"objectType": "Activity", "id": "https://training.example.org/cmi5/units/course"}
TEMPLATE_CATEGORY = {"id": "https://lms.example.org/categories/staff"}


def allow(context: Context, host: str, makes_accounts: bool = True) -> int:
    return add_platform(context, Cmi5PlatformSettings("Moodle", (host,), makes_accounts, None, True))


@dataclass
class Launched:
    """A launch: what the platform keeps for it, and the statements that it has taken."""

    account: dict[str, str]
    registration: str
    session: str
    token: str
    data: dict[str, Any]
    unit: str = "course"
    fetched: bool = False
    ended: bool = False
    statements: list[dict[str, Any]] = field(default_factory=list)

    @property
    def verbs(self) -> list[str]:
        return [one["verb"]["id"].rpartition("/")[2] for one in self.statements]


@dataclass
class FakePlatform:
    """A platform at https://localhost. `broken` maps a part of its paths to a status that it answers instead."""

    id: int = 0
    host: str = ""
    launches: list[Launched] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    activity: str = "https://lms.example.org/activities/51"
    preferences: dict[str, Any] | None = None

    def launch(
        self, name: str = "u-17", registration: str = "", mode: str = "Normal", unit: str = "course", **data: Any
    ) -> str:
        """Prepare a launch; the path with which the browser comes to the course."""
        account = {"homePage": "https://lms.example.org", "name": name}
        session = str(uuid4())
        kept = {
            "contextTemplate": {
                "extensions": {SESSION: session},
                "contextActivities": {"grouping": [GROUPING], "category": [TEMPLATE_CATEGORY]},
            },
            "launchMode": mode,
            "moveOn": "CompletedAndPassed",
            "returnURL": "https://lms.example.org/course/51?back=1",
        } | data  # fmt: skip
        made = Launched(account, registration or str(uuid4()), session, f"token-{uuid4().hex}", kept, unit)
        self.launches.append(made)
        return self.address(made)

    def address(self, made: Launched, **changes: str) -> str:
        query = {
            "endpoint": f"https://{self.host}/lrs/", "fetch": f"https://{self.host}/fetch?n={self.launches.index(made)}",
            "actor": json.dumps(self.agent(made)), "registration": made.registration, "activityId": self.activity,
        } | changes  # fmt: skip
        return f"/cmi5/launch/{made.unit}?{urlencode({name: value for name, value in query.items() if value})}"

    @staticmethod
    def agent(made: Launched) -> dict[str, Any]:
        return {"objectType": "Agent", "account": made.account, "name": "Robin Field"}

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        parts, query = urlsplit(path), {name: one[0] for name, one in parse_qs(urlsplit(path).query).items()}
        self.asked.append(f"{method} {parts.path}")
        for word, status in self.broken.items():
            if word in path:
                return status, {"error": "broken"}
        if parts.path == "/fetch":
            return self._fetch(method, int(query["n"]))
        if headers.get("x-experience-api-version") != "1.0.3":
            return 400, {"error": "no version"}
        made = next((one for one in self.launches if headers.get("authorization") == f"Basic {one.token}"), None)
        if made is None:
            return 401, {"error": "who are you"}
        if parts.path == "/lrs/activities/state":
            return self._state(made, query)
        if parts.path == "/lrs/agents/profile":
            return (200, self.preferences) if self.preferences is not None else (404, {})
        problem = self._problem(made, query, json.loads(body))
        if problem:
            self.refused.append(problem)
            return 403, {"error": problem}
        return 204, None

    def _fetch(self, method: str, number: int) -> tuple[int, Any]:
        made = self.launches[number]
        if method != "POST" or made.fetched:
            return 200, {"error-code": "1", "error-text": "used"}
        made.fetched = True
        return 200, {"auth-token": made.token}

    def _state(self, made: Launched, query: dict[str, str]) -> tuple[int, Any]:
        agent = json.loads(query["agent"])
        is_known = (query["stateId"], query["activityId"], query["registration"], agent["account"]) == (
            "LMS.LaunchData", self.activity, made.registration, made.account,
        )  # fmt: skip
        return (200, made.data) if is_known else (404, {})

    def _problem(self, made: Launched, query: dict[str, str], sent: dict[str, Any]) -> str:
        """What is wrong with a statement by the rules of cmi5; "" if it is taken."""
        verb, context, result = sent["verb"]["id"].rpartition("/")[2], sent["context"], sent.get("result", {})
        of_registration = [
            v for one in self.launches if one.registration == made.registration for v in one.verbs
        ]  # fmt: skip
        categories = [one["id"] for one in context["contextActivities"]["category"]]
        wanted = {"completed": {"completion"}, "passed": {"success"}, "failed": {"success"}}.get(verb, set())
        scaled, mastery = result.get("score", {}).get("scaled"), made.data.get("masteryScore")
        rules = {
            "id": query["statementId"] == sent["id"] == str(UUID(sent["id"])),
            "actor": sent["actor"]["account"] == made.account,
            "object": sent["object"]["id"] == self.activity,
            "registration": context["registration"] == made.registration,
            "session": context["extensions"][SESSION] == made.session,
            "template": context["contextActivities"]["grouping"] == [GROUPING]
            and TEMPLATE_CATEGORY["id"] in categories,
            "cmi5 category": categories.count(CMI5) == 1,
            "moveon category": (MOVE_ON in categories) == bool(wanted),
            "first": (verb == "initialized") == (not made.statements),
            "over": not made.ended,
            "once a session": verb not in made.verbs,
            "passed or failed": not (verb in ("passed", "failed") and {"passed", "failed"} & set(made.verbs)),
            "once a registration": not (verb in ("completed", "passed") and verb in of_registration),
            "failed after passed": not (verb == "failed" and "passed" in of_registration),
            "mode": made.data["launchMode"] == "Normal" or verb in ("initialized", "terminated"),
            "result": {"success", "completion"} & set(result) == wanted,
            "duration": ("duration" in result) == (verb != "initialized"),
            "score": scaled is None or mastery is None or (scaled >= mastery) == (verb == "passed"),
            "mastery": (MASTERY in context["extensions"]) == (mastery is not None and verb in ("passed", "failed")),
            "timestamp": sent["timestamp"].endswith("Z"),
        }
        broken = [name for name, holds in rules.items() if not holds]
        if broken:
            return f"{verb}: {', '.join(broken)}"
        made.statements.append(sent)
        made.ended = verb == "terminated"
        return ""


@contextmanager
def serve_platform(certificate: Path) -> Iterator[FakePlatform]:
    """A platform, until the block ends."""
    platform = FakePlatform()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, found = platform.answer(self.command, self.path, headers, body)
            data = b"" if found is None else json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 (names of the library)

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: object) -> None:
            pass  # a client that goes away

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        platform.host = f"localhost:{server.server_address[1]}"
        yield platform
        server.shutdown()
