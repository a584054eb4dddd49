"""Talks to a learning platform: its keys, what it signed, and requests to its services.

Every request goes to an address that is checked when it is connected to (course/outgoing_request), and none of them inside a
unit of work. Keys are kept in the memory of the process for an hour; a signature with an unknown key fetches them again, so that
a platform can change them at any time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from course.lti.rules.problems import LtiError, LtiProblem
from course.lti.rules.registration import PlatformSettings
from course.outgoing_request import OutgoingRequest, ServerAnswer, exchange

KEPT_FOR = timedelta(hours=1)
TIMEOUT_SECONDS = 8.0
MAX_ANSWER_BYTES = 512 * 1024
# RS256 is what LTI asks for (Security Framework 1.1, section 6.1). Never "none", and never a secret that others know as well.
SIGNATURE_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_MAX_KEPT = 100
# A platform that hangs may hold up only a few threads of the server.
_slots = threading.BoundedSemaphore(4)
_lock = threading.Lock()
_kept_keys: dict[str, tuple[datetime, Any]] = {}


@dataclass(frozen=True)
class PlatformNetwork:
    """Which addresses may be contacted besides public ones: this machine, because the course is tried out on it, and hosts that
    whoever runs the server named (PRIVATE_PROVIDER_HOSTS)."""

    allow_local: bool = False
    private_hosts: frozenset[str] = field(default_factory=frozenset)

    def send(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> ServerAnswer:
        """The whole answer, whatever its status is. Raises LtiError (UNREACHABLE)."""
        sent = {"Accept": "application/json", **(headers or {})}  # not translated: a word of HTTP
        asked = OutgoingRequest(
            method, address, sent, TIMEOUT_SECONDS, MAX_ANSWER_BYTES, body,
            self.allow_local, private_hosts=self.private_hosts,
        )  # fmt: skip
        try:
            answer = exchange(asked, _slots)
        except OSError as error:
            raise LtiError(LtiProblem.UNREACHABLE, error.strerror or str(error)) from error
        if not answer.is_whole:
            raise LtiError(LtiProblem.UNREACHABLE, "the answer is too large", answer.status)
        return answer

    def fetch_json(self, address: str) -> dict[str, Any]:
        """The object at an address. Raises LtiError (UNREACHABLE, NOT_JSON)."""
        answer = self.send("GET", address)
        if answer.status != 200:
            raise LtiError(LtiProblem.UNREACHABLE, f"{address}: {answer.status}", answer.status)
        return read_object(answer.body)


@dataclass(frozen=True)
class OwnKey:
    """A key with which the course signs for a platform: its id, and the private key (PEM); no key if that cannot be read."""

    kid: str
    private_pem: bytes | None


@dataclass(frozen=True)
class PlatformConnection:
    """A platform as it is asked, and as the course signs for it, at a moment. Build it with `queries.platform_connection`."""

    settings: PlatformSettings
    key: OwnKey
    network: PlatformNetwork
    at: datetime

    def keys(self, fresh: bool = False) -> Any:
        """The keys with which the platform signs (a KeySet of joserfc). Raises LtiError."""
        address = self.settings.keys_address
        with _lock:
            found = _kept_keys.get(address)
        if not fresh and found is not None and timedelta(0) <= self.at - found[0] <= KEPT_FOR:
            return found[1]
        value = _read_keys(self.network.fetch_json(address))
        with _lock:
            if len(_kept_keys) >= _MAX_KEPT:
                _kept_keys.clear()
            _kept_keys[address] = (self.at, value)
        return value

    def verified_claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that the platform signed, by keys that may be fetched again once. Raises LtiError (SIGNATURE)."""
        from joserfc import jwt  # noqa: PLC0415 (few installations need it)
        from joserfc.errors import JoseError  # noqa: PLC0415

        problem = ""
        for fresh in (False, True):
            keys = self.keys(fresh)
            try:
                return dict(jwt.decode(token, keys, algorithms=list(SIGNATURE_ALGORITHMS)).claims)
            except (JoseError, ValueError, TypeError) as error:
                problem = type(error).__name__  # its text has parts of the token
        raise LtiError(LtiProblem.SIGNATURE, problem)

    def signed(self, claims: Mapping[str, Any]) -> str:
        """A JWT with these claims, signed by the course for this platform. Raises LtiError (KEY_LOCKED)."""
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.jwk import RSAKey  # noqa: PLC0415

        if self.key.private_pem is None:
            raise LtiError(LtiProblem.KEY_LOCKED)
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key.kid}
        return jwt.encode(header, dict(claims), RSAKey.import_key(self.key.private_pem), algorithms=["RS256"])


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object in an answer. Raises LtiError (NOT_JSON)."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise LtiError(LtiProblem.NOT_JSON) from error
    if not isinstance(found, dict):
        raise LtiError(LtiProblem.NOT_JSON)
    return found


def _read_keys(found: Mapping[str, Any]) -> Any:
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import KeySet  # noqa: PLC0415

    try:
        return KeySet.import_key_set({"keys": list(found["keys"])})
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise LtiError(LtiProblem.NO_KEYS, str(error)) from error
