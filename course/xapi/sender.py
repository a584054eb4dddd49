"""Sending statements: one request, and halves of it where the store refuses the whole."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from course.outgoing_request import OutgoingRequest, ServerAnswer, exchange, failure_words
from course.translation import lazy_gettext as _
from course.xapi.actions import RoundResult, StatementResult
from course.xapi.queries import DueStatement
from course.xapi.rules import ATTEMPT_SECONDS, MAX_ANSWER_BYTES, BatchAnswer, batch_verdict

VERSION_HEADER = {"X-Experience-API-Version": "1.0.3"}
USER_AGENT = "online-abuse-course xapi"
_slots = threading.BoundedSemaphore(4)


@dataclass(frozen=True)
class StatementServer:
    """Where statements are posted, and with which Authorization. With `test_ca`, a file of certificate authorities, it may be
    this machine."""

    address: str
    authorization: str
    test_ca: str | None = None

    def post(self, statements: Sequence[Mapping[str, Any]]) -> BatchAnswer:
        """Post statements together. Never raises: what is wrong is in the result."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",  # not translated: a word of HTTP
            "User-Agent": USER_AGENT,
            "Authorization": self.authorization,
            **VERSION_HEADER,
        }
        body = json.dumps(list(statements), ensure_ascii=False, separators=(",", ":")).encode()
        request = OutgoingRequest(
            "POST", self.address, headers, ATTEMPT_SECONDS, MAX_ANSWER_BYTES, body,
            allow_local=self.test_ca is not None, ca_file=self.test_ca,
        )  # fmt: skip
        try:
            answer = exchange(request, _slots)
        except OSError as error:
            return BatchAnswer(None, failure=failure_words(error))
        return _read(answer)


def basic_authorization(username: str, password: str) -> str:
    """The Authorization header for a user name and password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@dataclass
class _Batches:
    """Statements that were claimed, and what became of each."""

    server: StatementServer
    statements: Mapping[int, Mapping[str, Any]]
    done: list[StatementResult] = field(default_factory=list)
    waiting: list[DueStatement] = field(default_factory=list)
    failure: BatchAnswer | None = None

    def send(self, rows: Sequence[DueStatement]) -> None:
        if self.failure is not None:
            self.waiting += rows
            return
        answer = self.server.post([self.statements[one.id] for one in rows])
        match batch_verdict(answer.status, len(rows)):
            case "split":
                middle = len(rows) // 2
                self.send(rows[:middle])
                self.send(rows[middle:])
            case "later":
                self.failure = answer
                self.waiting += rows
            case verdict:
                self.done += [StatementResult(one, verdict == "arrived", answer) for one in rows]


def send_statements(
    server: StatementServer, rows: Sequence[DueStatement], statements: Mapping[int, Mapping[str, Any]]
) -> RoundResult:
    """Send the statements of these rows, which are given by the id of the row; a row without one is of an erased fact. Until the
    store fails: the rest waits."""
    batches = _Batches(server, statements)
    known = [one for one in rows if one.id in statements]
    if known:
        batches.send(known)
    gone = [one for one in rows if one.id not in statements]
    return RoundResult(batches.done, gone, batches.waiting, batches.failure)


def _read(answer: ServerAnswer) -> BatchAnswer:
    failure = ""
    if answer.status in (401, 403):
        failure = _("The store refused the user name and password (answer %(status)s).", status=answer.status)
    elif not 200 <= answer.status < 300:
        failure = _("The answer was %(status)s.", status=answer.status)
    text = answer.body.decode("utf-8", "replace")
    printable = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    seconds = answer.headers.get("retry-after", "")
    is_number = seconds.isascii() and seconds.isdigit() and len(seconds) < 9
    wait = timedelta(seconds=int(seconds)) if is_number else timedelta()
    return BatchAnswer(answer.status, printable[:500], failure, wait)
