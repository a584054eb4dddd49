"""A sign-in that was begun here and goes on at a provider: what the browser carries of it meanwhile, sealed in a cookie."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from course.encryption import SecretLockedError, lock_secret, unlock_secret

FLOW_LIFETIME = timedelta(minutes=10)
_FLOW_PURPOSE, _ORIGIN_PURPOSE = "sign-in at a provider", "origin of a sign-in session"
MAX_COOKIE_LENGTH = 3800  # characters: browsers keep 4096 bytes with name and attributes


@dataclass(frozen=True)
class SignInFlow:
    """A sign-in at a provider. `person_id` is the person who links an account or proves who they are; 0 for a sign-in. `begun` is
    in seconds since 1970. `target` is the page that was asked for; empty for the start page. `again`: the person, who is
    signed in here, proves once more who they are."""

    provider_id: int
    state: str
    nonce: str
    verifier: str
    begun: int
    target: str = ""
    person_id: int = 0
    again: bool = False

    @property
    def cookie(self) -> str:
        """The name of its cookie: each flow has one, so that two tabs do not disturb each other."""
        return flow_cookie(self.state)

    @property
    def form_cookie(self) -> str:
        """The name of the cookie with the form that waits meanwhile (course/web/expired_form)."""
        return f"{self.cookie}-form"

    @property
    def signed_in_since(self) -> datetime | None:
        """Since when the person has to have signed in at the provider; None if any session there is good enough."""
        return datetime.fromtimestamp(self.begun, UTC) if self.again else None

    @property
    def mark(self) -> str:
        """By what it is known that it was used."""
        marked = f"provider flow {self.state}"  # not translated: a purpose of hashing
        return hashlib.sha256(marked.encode()).hexdigest()


def flow_cookie(state: str) -> str:
    return f"flow-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


def new_flow(provider_id: int, target: str, person_id: int, at: datetime) -> SignInFlow:
    """A flow with fresh random values (RFC 7636: the verifier has 43 characters or more)."""
    state, nonce, verifier = (secrets.token_urlsafe(size) for size in (24, 24, 48))
    short = target if len(target) <= 1000 else ""
    return SignInFlow(provider_id, state, nonce, verifier, int(at.timestamp()), short, person_id)


def seal_flow(flow: SignInFlow, secret_key: str) -> str:
    return _seal(asdict(flow), secret_key, _FLOW_PURPOSE)


def open_flow(sealed: str, state: str, provider_id: int, secret_key: str, at: datetime) -> SignInFlow | None:
    """The flow in a cookie; None unless it is ours, of this state and provider, and of the last minutes."""
    values = _open(sealed, secret_key, _FLOW_PURPOSE)
    try:
        flow = SignInFlow(**values) if values else None
    except TypeError:  # of another version of the course
        return None
    if flow is None or flow.state != state or flow.provider_id != provider_id:
        return None
    age = at.timestamp() - flow.begun
    return flow if -60 <= age <= FLOW_LIFETIME.total_seconds() else None


@dataclass(frozen=True)
class SessionOrigin:
    """From which provider a sign-in session came, so that signing out here can sign out there. `id_token` is empty if it is
    too long for a cookie."""

    provider_id: int
    person_id: int
    id_token: str = ""


def seal_origin(origin: SessionOrigin, secret_key: str) -> str:
    """The origin for a cookie; without its token if that would be too long."""
    sealed = _seal(asdict(origin), secret_key, _ORIGIN_PURPOSE)
    if len(sealed) <= MAX_COOKIE_LENGTH:
        return sealed
    return _seal(asdict(SessionOrigin(origin.provider_id, origin.person_id)), secret_key, _ORIGIN_PURPOSE)


def open_origin(sealed: str, secret_key: str) -> SessionOrigin | None:
    values = _open(sealed, secret_key, _ORIGIN_PURPOSE)
    try:
        return SessionOrigin(**values) if values else None
    except TypeError:
        return None


def _seal(values: dict[str, object], secret_key: str, purpose: str) -> str:
    return base64.urlsafe_b64encode(lock_secret(json.dumps(values).encode(), secret_key, purpose)).decode().rstrip("=")


def _open(sealed: str, secret_key: str, purpose: str) -> dict[str, Any] | None:
    try:
        data = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        values = json.loads(unlock_secret(data, secret_key, purpose))
    except (ValueError, SecretLockedError):
        return None
    return values if isinstance(values, dict) else None
