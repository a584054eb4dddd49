"""Talks to an identity provider by OpenID Connect: discovery, keys, the code for tokens, and what these say.

Every request goes to an address that is checked when it is connected to (course/outgoing_request), and none of
them inside a unit of work. Discovery and keys are kept in the memory of the process for an hour; a token with an unknown key
fetches the keys again, so that a provider can change them at any time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from course.identity_providers.rules.claims import (
    SIGNATURE_ALGORITHMS,
    ExpectedToken,
    check_access_token,
    check_claims,
    read_identity,
)
from course.identity_providers.rules.discovery import ProviderMetadata, read_json, read_metadata
from course.identity_providers.rules.flow import SignInFlow
from course.identity_providers.rules.identity import ProviderIdentity
from course.identity_providers.rules.problems import ProviderError, ProviderProblem, error_code
from course.identity_providers.rules.settings import ProviderSettings
from course.outgoing_request import OutgoingRequest, exchange

KEPT_FOR = timedelta(hours=1)
TIMEOUT_SECONDS = 8.0
MAX_ANSWER_BYTES = 512 * 1024
_MAX_KEPT = 100
# A provider that hangs may hold up only a few threads of the server.
_slots = threading.BoundedSemaphore(4)
_lock = threading.Lock()
_kept: dict[tuple[str, str], tuple[datetime, Any]] = {}


@dataclass(frozen=True)
class ProviderNetwork:
    """Which addresses may be contacted besides public ones: this machine, because the course is tried out on it, and hosts that
    whoever runs the server named."""

    allow_local: bool = False
    private_hosts: frozenset[str] = field(default_factory=frozenset)

    def send(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Status and bytes of an answer. Raises ProviderError (UNREACHABLE)."""
        sent = {"Accept": "application/json", **headers}  # not translated: a word of HTTP
        asked = OutgoingRequest(
            method, address, sent, TIMEOUT_SECONDS, MAX_ANSWER_BYTES, body,
            self.allow_local, private_hosts=self.private_hosts,
        )  # fmt: skip
        try:
            answer = exchange(asked, _slots)
        except OSError as error:
            raise ProviderError(ProviderProblem.UNREACHABLE, error.strerror or str(error)) from error
        if not answer.is_whole:
            raise ProviderError(ProviderProblem.UNREACHABLE, "the answer is too large")
        return answer.status, answer.body


@dataclass(frozen=True)
class ProviderClient:
    """One provider with its client secret ("" for none), as it is asked at a moment."""

    settings: ProviderSettings
    secret: str
    network: ProviderNetwork
    at: datetime

    def metadata(self, fresh: bool = False) -> ProviderMetadata:
        """What the provider says about itself. Raises ProviderError."""

        def ask() -> ProviderMetadata:
            data = self._get(self.settings.discovery)
            return read_metadata(data, self.settings.discovery, self.settings.kind)

        found: ProviderMetadata = self._keep("discovery", f"{self.settings.kind} {self.settings.discovery}", fresh, ask)
        return found

    def keys(self, metadata: ProviderMetadata, fresh: bool = False) -> Any:
        """The keys with which the provider signs (a KeySet of joserfc). Raises ProviderError."""
        from joserfc.errors import JoseError  # noqa: PLC0415 (few installations need it)
        from joserfc.jwk import KeySet  # noqa: PLC0415

        def ask() -> Any:
            found = read_json(self._get(metadata.jwks_uri))
            try:
                return KeySet.import_key_set({"keys": list(found["keys"])})
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise ProviderError(ProviderProblem.NO_KEYS, str(error)) from error

        return self._keep("keys", metadata.jwks_uri, fresh, ask)

    def authorization_address(self, flow: SignInFlow, redirect_uri: str, again: bool = False) -> str:
        """Where the browser goes to sign in. `again`: the person proves once more who they are. Raises ProviderError."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415

        extra = {"prompt": "login", "max_age": "0"} if again else {}
        return str(
            prepare_grant_uri(
                self.metadata().authorization_endpoint, self.settings.client_id, "code", redirect_uri,
                self.settings.scopes, flow.state, nonce=flow.nonce, response_mode="query", code_challenge_method="S256",
                code_challenge=create_s256_code_challenge(flow.verifier), **extra,
            )
        )  # fmt: skip

    def sign_out_address(self, id_token: str, return_to: str) -> str | None:
        """Where the browser goes to sign out at the provider (OpenID Connect RP-Initiated Logout 1.0); None if the provider has
        no such address. Raises ProviderError."""
        end = self.metadata().end_session_endpoint
        if not end:
            return None
        values = {"client_id": self.settings.client_id, "post_logout_redirect_uri": return_to}
        if id_token:
            values["id_token_hint"] = id_token
        return f"{end}{'&' if '?' in end else '?'}{urlencode(values)}"

    def redeem(self, flow: SignInFlow, code: str, redirect_uri: str) -> tuple[ProviderIdentity, str]:
        """Exchange a code for tokens, check them, and say who signed in; and the ID token. Raises ProviderError."""
        metadata = self.metadata()
        tokens = self._tokens(metadata, code, redirect_uri, flow.verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise ProviderError(ProviderProblem.SIGNATURE, "no ID token")
        algorithm, claims = self._verified(metadata, id_token)
        trust = self.settings.trust
        expected = ExpectedToken(metadata.issuer, self.settings.client_id, flow.nonce, flow.signed_in_since)
        check_claims(claims, expected, trust, self.at)
        text = access_token if isinstance(access_token, str) else None
        check_access_token(claims, algorithm, text)
        userinfo = self._userinfo(metadata, text) if text and self._needs_userinfo(claims) else {}
        return read_identity(claims, userinfo, trust, self.settings.groups_claim), id_token

    def secret_problem(self, metadata: ProviderMetadata, redirect_uri: str) -> ProviderError | None:
        """Whether the provider refuses client and secret: a code that does not exist is exchanged, which must be refused for
        the code's sake only."""
        try:
            self._tokens(metadata, "code-of-a-test", redirect_uri, "v" * 43)
        except ProviderError as error:
            return None if error.problem == ProviderProblem.CODE_REFUSED else error
        return None

    def _needs_userinfo(self, claims: Mapping[str, Any]) -> bool:
        needs_groups = bool(self.settings.groups) and self.settings.groups_claim not in claims
        return not claims.get("email") or not claims.get("name") or needs_groups

    def _tokens(self, metadata: ProviderMetadata, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth  # noqa: PLC0415

        fields = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
        }  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        method = metadata.token_auth_method(bool(self.secret))
        auth = ClientAuth(self.settings.client_id, self.secret, method)
        address, headers, body = auth.prepare("POST", metadata.token_endpoint, headers, urlencode(fields))
        status, data = self.network.send("POST", address, headers, str(body).encode())
        if status >= 500:
            detail = f"token endpoint: {status}"  # not translated: for the log
            raise ProviderError(ProviderProblem.UNREACHABLE, detail)
        found = read_json(data)
        error = found.get("error")
        if error in ("invalid_client", "unauthorized_client"):
            raise ProviderError(ProviderProblem.CLIENT_REFUSED, _description(found))
        if status != 200 or error is not None:
            raise ProviderError(ProviderProblem.CODE_REFUSED, error_code(error))  # a description may name the person
        return found

    def _verified(self, metadata: ProviderMetadata, id_token: str) -> tuple[str, dict[str, Any]]:
        """The algorithm and the claims of an ID token whose signature is right, by keys that may be fetched again once."""
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415

        problem = ""
        for fresh in (False, True):
            keys = self.keys(metadata, fresh)
            try:
                token = jwt.decode(id_token, keys, algorithms=list(SIGNATURE_ALGORITHMS))
            except (JoseError, ValueError, TypeError) as error:
                problem = type(error).__name__  # its text has parts of the token
                continue
            return str(token.header.get("alg")), dict(token.claims)
        raise ProviderError(ProviderProblem.SIGNATURE, problem)

    def _userinfo(self, metadata: ProviderMetadata, access_token: str) -> dict[str, Any]:
        if not metadata.userinfo_endpoint:
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}  # not translated: a word of HTTP
        return read_json(self._get(metadata.userinfo_endpoint, headers))

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> bytes:
        status, data = self.network.send("GET", address, headers or {})
        if status != 200:
            raise ProviderError(ProviderProblem.UNREACHABLE, f"{address}: {status}")
        return data

    def _keep(self, what: str, address: str, fresh: bool, ask: Callable[[], Any]) -> Any:
        """What was asked within the last hour, or is asked now."""
        with _lock:
            found = _kept.get((what, address))
        if not fresh and found is not None and timedelta(0) <= self.at - found[0] <= KEPT_FOR:
            return found[1]
        value = ask()
        with _lock:
            if len(_kept) >= _MAX_KEPT:
                _kept.clear()
            _kept[what, address] = (self.at, value)
        return value


def _description(found: Mapping[str, Any]) -> str:
    return " ".join(str(found.get(name, "")) for name in ("error", "error_description")).strip()[:300]
