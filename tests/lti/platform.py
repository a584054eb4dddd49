"""A learning platform on loopback that also does what a right one never does: other claims, other keys, no answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from course.clock import now
from course.lti.rules.launch import CLAIM, DEEP_LINKING_CLAIM, GRADES_CLAIM, LEARNER_ROLE, MEMBERS_CLAIM

CLIENT_ID, DEPLOYMENT, SUBJECT = "tool-7", "1", "user-2481"
CONFIGURATION = "/.well-known/openid-configuration"
_numbers = count(1)


@cache
def platform_key(kid: str) -> RSAKey:
    """A key pair of a platform, made once in a process for each name."""
    return RSAKey.generate_key(2048, {"kid": kid}, auto_kid=False)


@dataclass
class FakePlatform:
    """One platform. Tests change what it does: `down`, `signing_key`, `keys`, `scopes`, `registration`. `asked` are the requests
    that came, `registered` what the course said about itself, `own_keys` the public keys of the course that it trusts."""

    server: str
    number: int = field(default_factory=lambda: next(_numbers))
    down: bool = False
    signing_key: RSAKey = field(default_factory=lambda: platform_key("first"))
    keys: list[RSAKey] = field(default_factory=lambda: [platform_key("first")])
    scopes: tuple[str, ...] | None = None  # None: all that are asked for
    asked: list[str] = field(default_factory=list)
    registered: dict[str, Any] = field(default_factory=dict)
    registration: dict[str, Any] = field(default_factory=dict)
    own_keys: list[dict[str, Any]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"{self.server}/{self.number}"

    def rotate(self, kid: str) -> None:
        """Sign with another key from now on; the former one is gone."""
        self.signing_key = platform_key(kid)
        self.keys = [self.signing_key]

    def sign(self, claims: dict[str, Any], key: RSAKey | None = None, header: dict[str, Any] | None = None) -> str:
        used = key or self.signing_key
        return jwt.encode({"alg": "RS256", "kid": used.kid, **(header or {})}, claims, used, algorithms=["RS256"])

    def launch(self, location: str, /, **changed: Any) -> dict[str, str]:
        """The form that the browser brings to the course after a login that led to `location`. `changed` are claims by their names
        without the prefix of LTI; None leaves one out."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert asked["response_type"] == "id_token"
        assert asked["response_mode"] == "form_post"
        assert asked["prompt"] == "none"
        assert asked["client_id"] == CLIENT_ID
        return {"id_token": self.sign(self.claims(asked["nonce"], **changed)), "state": asked["state"]}

    def claims(self, nonce: str, /, **changed: Any) -> dict[str, Any]:
        """What the platform says of a learner who opens a link in a course there."""
        at = int(now().timestamp())
        told: dict[str, Any] = {
            "iss": self.issuer, "sub": SUBJECT, "aud": CLIENT_ID, "iat": at, "exp": at + 300, "nonce": nonce,
            "email": "sam@example.org", "name": "Sam Okafor",
            "message_type": "LtiResourceLinkRequest", "version": "1.3.0", "deployment_id": DEPLOYMENT,
            "target_link_uri": "http://127.0.0.1:8000/lti/launch", "roles": [LEARNER_ROLE],
            "resource_link": {"id": "link-1", "title": "Online abuse"},
            "context": {"id": "context-1", "title": "Safeguarding 101", "type": []},
            GRADES_CLAIM: {
                "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
                "lineitem": f"{self.issuer}/items/1", "lineitems": f"{self.issuer}/items",
            },
            MEMBERS_CLAIM: {"context_memberships_url": f"{self.issuer}/members", "service_versions": ["2.0"]},
            **changed,
        }  # fmt: skip
        return {
            f"{CLAIM}{name}" if name in _LTI_CLAIMS else name: value
            for name, value in told.items()
            if value is not None
        }

    def content_claims(self, **settings: Any) -> dict[str, Any]:
        """The claims in which asking for content differs from a launch, to be given to `launch`."""
        asked = {
            "deep_link_return_url": f"{self.issuer}/return", "accept_types": ["link", "ltiResourceLink"],
            "accept_presentation_document_targets": ["window"], "accept_lineitem": True, "data": "opaque-7", **settings,
        }  # fmt: skip
        return {
            "message_type": "LtiDeepLinkingRequest", "resource_link": None,
            f"{DEEP_LINKING_CLAIM}deep_linking_settings": asked,
        }  # fmt: skip

    def configuration(self) -> dict[str, Any]:
        """What it says about itself to a course that registers."""
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/auth", "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint": f"{self.issuer}/token", "registration_endpoint": f"{self.issuer}/register",
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": "moodle"},
            **self.registration,
        }  # fmt: skip

    def page(self, path: str, query: str) -> str:  # noqa: ARG002 (for those that have any)
        """The page at a path, for browsers; empty if there is none."""
        return ""

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, Any]:
        """Status and body of the answer to a request below the issuer."""
        self.asked.append(f"{method} {path}")
        if self.down:
            return 503, {}
        if path == CONFIGURATION:
            return 200, self.configuration()
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/token":
            return self._token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        if path == "/register":
            if authorization != "Bearer registration-7":
                return 401, {"error": "invalid_token"}
            self.registered = json.loads(body)
            tool = {"https://purl.imsglobal.org/spec/lti-tool-configuration": {"deployment_id": DEPLOYMENT}}
            return 200, {**self.registered, "client_id": CLIENT_ID, **tool}
        return 404, {}

    def _token(self, fields: dict[str, str]) -> tuple[int, Any]:
        """A token for an assertion that a key of the course signed (RFC 7523)."""
        try:
            keys = KeySet.import_key_set({"keys": self.own_keys})
            claims = jwt.decode(fields["client_assertion"], keys, algorithms=["RS256"]).claims
        except Exception as error:  # whatever is wrong with it: another client is refused
            return 400, {"error": "invalid_client", "error_description": str(error)}
        right = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": f"{self.issuer}/token"}
        if any(claims.get(name) != value for name, value in right.items()) or not claims.get("jti"):
            return 400, {"error": "invalid_client"}
        if self.scopes is not None and not set(fields["scope"].split()) <= set(self.scopes):
            return 400, {"error": "invalid_scope"}
        token = f"token-{len(self.asked)}"
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": fields["scope"]}


_LTI_CLAIMS = frozenset({
    "message_type", "version", "deployment_id", "target_link_uri", "roles", "resource_link", "context", "custom",
})  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    platforms: dict[str, FakePlatform]

    def _serve(self, body: bytes) -> None:
        number, _, rest = self.path.lstrip("/").partition("/")
        found = self.platforms.get(number)
        authorization = self.headers.get("Authorization", "")
        path, _mark, query = f"/{rest}".partition("?")
        page = found.page(path, query) if found and self.command == "GET" else ""
        status, answer = found.answer(self.command, path, body, authorization) if found and not page else (200, {})
        data = page.encode() or json.dumps(answer).encode()
        self.send_response(status if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8" if page else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def log_message(self, *_values: object) -> None:
        pass


@dataclass
class FakePlatforms:
    """The server of any number of fake platforms."""

    address: str
    known: dict[str, FakePlatform]

    def new(self) -> FakePlatform:
        found = FakePlatform(self.address)
        self.known[str(found.number)] = found
        return found


@contextmanager
def fake_platforms() -> Iterator[FakePlatforms]:
    """A server on a free port of this machine."""
    known: dict[str, FakePlatform] = {}
    handler = type("PlatformHandler", (_Handler,), {"platforms": known})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield FakePlatforms(f"http://127.0.0.1:{server.server_port}", known)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
