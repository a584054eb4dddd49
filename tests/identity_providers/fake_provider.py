"""An identity provider on loopback that also does what a right one never does: other claims, other keys, no answer."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from course.clock import now

CLIENT_ID, CLIENT_SECRET = "course", "a-secret-of-the-tests"
SUBJECT = "248289761001"
_numbers = count(1)


@dataclass
class GroupGrant:
    """What a code stands for: the address to which it was sent, the challenge, and the claims of the ID token."""

    redirect_uri: str
    challenge: str
    claims: dict[str, Any]


@dataclass
class FakeProvider:
    """One provider. Tests change what it says: `down`, `discovery`, `keys`, `signing_key`, `userinfo`, `access_token`."""

    server: str
    number: int = field(default_factory=lambda: next(_numbers))
    down: bool = False
    discovery: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    access_token: str = "access"
    raw: bytes | None = None
    algorithm: str = "ES256"
    codes: dict[str, GroupGrant] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signing_key: Any = ECKey.generate_key("P-256", {"kid": "first"}, auto_kid=False)
        self.keys: list[Any] = [self.signing_key]

    @property
    def issuer(self) -> str:
        return f"{self.server}/{self.number}"

    def rotate(self, kid: str) -> None:
        """Sign with another key from now on; the former one is gone."""
        self.signing_key = ECKey.generate_key("P-256", {"kid": kid}, auto_kid=False)
        self.keys = [self.signing_key]

    def metadata(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }
        return {name: value for name, value in {**found, **self.discovery}.items() if value is not None}

    def sign_in(self, location: str, **claims: Any) -> str:
        """What the browser of somebody who signs in at the address `location` is sent back to: a path of the course. `claims`
        replace those of the ID token; None leaves one out."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        code, at = secrets.token_urlsafe(12), int(now().timestamp())
        told = {
            "iss": self.issuer, "sub": SUBJECT, "aud": CLIENT_ID, "iat": at, "exp": at + 300, "nonce": asked["nonce"],
            "auth_time": at, "email": "sam@example.org", "email_verified": True, "name": "Sam Okafor", **claims,
        }  # fmt: skip
        given = {name: value for name, value in told.items() if value is not None}
        self.codes[code] = GroupGrant(asked["redirect_uri"], asked["code_challenge"], given)
        back = urlsplit(asked["redirect_uri"]).path
        return f"{back}?{urlencode({'code': code, 'state': asked['state']})}"

    def answer(self, method: str, path: str, fields: dict[str, str], authorization: str) -> tuple[int, bytes]:
        """Status and body of the answer to a request below the issuer."""
        self.asked.append(f"{method} {path}")
        if self.down:
            return 503, b"down"
        if path == "/.well-known/openid-configuration":
            return 200, self.raw if self.raw is not None else json.dumps(self.metadata()).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        if path == "/userinfo" and authorization == f"Bearer {self.access_token}":
            return 200, json.dumps(self.userinfo).encode()
        if path == "/token":
            status, found = self._tokens(fields, authorization)
            return status, json.dumps(found).encode()
        return 404, b"{}"

    def _tokens(self, fields: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client", "error_description": "the secret is wrong"}
        grant = self.codes.pop(fields.get("code", ""), None)
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if grant is None or grant.challenge != challenge or grant.redirect_uri != fields.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        header = {"alg": self.algorithm, "kid": self.signing_key.kid}
        token = jwt.encode(header, grant.claims, self.signing_key, algorithms=[self.algorithm])
        return 200, {"access_token": self.access_token, "token_type": "Bearer", "id_token": token}


class _Handler(BaseHTTPRequestHandler):
    providers: dict[str, FakeProvider]

    def _serve(self, body: str) -> None:
        number, _, rest = self.path.lstrip("/").partition("/")
        found = self.providers.get(number)
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        path = f"/{rest.partition('?')[0]}"
        authorization = self.headers.get("Authorization", "")
        status, data = found.answer(self.command, path, fields, authorization) if found else (404, b"{}")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

    def log_message(self, *_values: object) -> None:
        pass


@dataclass
class FakeProviders:
    """The server of any number of fake providers."""

    address: str
    known: dict[str, FakeProvider]

    def new(self) -> FakeProvider:
        found = FakeProvider(self.address)
        self.known[str(found.number)] = found
        return found


@contextmanager
def fake_providers() -> Iterator[FakeProviders]:
    """A server on a free port of this machine."""
    known: dict[str, FakeProvider] = {}
    handler = type("Handler", (_Handler,), {"providers": known})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield FakeProviders(f"http://127.0.0.1:{server.server_port}", known)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
