"""Asks a platform: the token once, what it keeps for a launch, and statements one after the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from course.cmi5.rules.delivery import ATTEMPT_SECONDS, MAX_ANSWER_BYTES, PlatformAnswer
from course.cmi5.rules.launch import LaunchData, LaunchRequest, read_languages, read_launch_data, read_token
from course.cmi5.rules.problems import LaunchError, LaunchProblem
from course.outgoing_request import OutgoingRequest, exchange, failure_words
from course.translation import lazy_gettext as _
from course.xapi.rules import resource_address
from course.xapi.sender import VERSION_HEADER

USER_AGENT = "online-abuse-course cmi5"
# A platform that hangs may hold up only a few threads of the server.
_slots = threading.BoundedSemaphore(4)


@dataclass(frozen=True)
class LmsClient:
    """The way to platforms. With `test_ca`, a file of certificate authorities, one may be on this machine."""

    test_ca: str | None = None

    def token(self, launch: LaunchRequest) -> str:
        """Fetch the token of a launch, which is possible once. Raises LaunchError."""
        answer = self._send("POST", launch.fetch, {})
        self._reached(answer)
        return read_token(answer.status or 0, answer.body)

    def launch_data(self, launch: LaunchRequest, token: str) -> LaunchData:
        """What the platform keeps for a launch, with the languages that the learner prefers there. Section 11 demands of every unit
        to ask for these preferences; a platform need not have any. Raises LaunchError."""
        headers = {"Authorization": f"Basic {token}"}
        answer = self._send("GET", launch.launch_data_address, headers)
        self._reached(answer)
        found = read_launch_data(answer.status or 0, answer.body)
        preferences = self._send("GET", launch.preferences_address, headers)
        return replace(found, languages=read_languages(preferences.status or 0, preferences.body))

    def put(self, endpoint: str, token: str, statement: Mapping[str, Any]) -> PlatformAnswer:
        """Put one statement under its id. Never raises: what is wrong is in the result."""
        body = json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        address = resource_address(endpoint, f"statements?statementId={statement['id']}")
        return self._send("PUT", address, headers, body)

    def _reached(self, answer: PlatformAnswer) -> None:
        if answer.status is None:
            raise LaunchError(LaunchProblem.UNREACHABLE, answer.failure)

    def _send(self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None) -> PlatformAnswer:
        sent = {
            "Accept": "application/json",  # not translated: a word of HTTP
            "User-Agent": USER_AGENT,
            **VERSION_HEADER,
            **headers,
        }
        if method == "POST" and body is None:
            body = b""
        request = OutgoingRequest(
            method, address, sent, ATTEMPT_SECONDS, MAX_ANSWER_BYTES, body,
            allow_local=self.test_ca is not None, ca_file=self.test_ca,
        )  # fmt: skip
        try:
            answer = exchange(request, _slots)
        except OSError as error:
            return PlatformAnswer(None, failure=failure_words(error))
        words = "" if 200 <= answer.status < 300 else _("The answer was %(status)s.", status=answer.status)
        return PlatformAnswer(answer.status, answer.body, str(words))
