"""What a browser carries for the course while a platform has the word: sealed, so that nobody else can make or read it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from course.encryption import SecretLockedError, lock_secret, unlock_secret

_CLOCKS_DIFFER = 60  # seconds between two of our own servers
# A state is part of an address, and longer addresses are cut by some servers.
MAX_HINT_LENGTH = 1500  # characters: of both hints together


@dataclass(frozen=True)
class Sealed:
    """A value that leaves the course and comes back. `begun` is in seconds since 1970."""

    PURPOSE: ClassVar[str]
    LIFETIME: ClassVar[timedelta]
    begun: int

    def seal(self, secret_key: str) -> str:
        """The value as text for an address or a field."""
        locked = lock_secret(json.dumps(asdict(self)).encode(), secret_key, self.PURPOSE)
        return base64.urlsafe_b64encode(locked).decode().rstrip("=")

    @classmethod
    def open(cls, text: str, secret_key: str, at: datetime) -> Self | None:
        """The value in a text; None unless it was sealed here, for this purpose, within its lifetime."""
        values = _unlock(text, secret_key, cls.PURPOSE)
        try:
            found = cls(**values) if values is not None else None
        except TypeError:  # of another version of the course
            return None
        if found is None or not -_CLOCKS_DIFFER <= at.timestamp() - found.begun <= cls.LIFETIME.total_seconds():
            return None
        return found


def _unlock(text: str, secret_key: str, purpose: str) -> dict[str, Any] | None:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        values = json.loads(unlock_secret(data, secret_key, purpose))
    except (ValueError, SecretLockedError):
        return None
    return values if isinstance(values, dict) else None


def mark_of(sealed: str) -> str:
    """By what it is known that a sealed value was used. It hashes the bytes, of which there can be several texts."""
    try:
        data = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:
        data = sealed.encode()
    return hashlib.sha256(b"LTI " + data).hexdigest()


@dataclass(frozen=True)
class LoginState(Sealed):
    """A login that a platform began: the OpenID Connect state. `nonce` comes back in the signed message. `binding` is what only
    the browser that began has, in a cookie or in the storage of the platform; `storage` is the frame there that keeps it.
    The hints are those of the platform, to begin again in a new window; empty if they are too long."""

    PURPOSE: ClassVar[str] = "LTI login"
    LIFETIME: ClassVar[timedelta] = timedelta(minutes=10)

    registration_id: int
    nonce: str
    binding: str
    storage: str = ""
    login_hint: str = ""
    message_hint: str = ""


def new_login(registration_id: int, login_hint: str, message_hint: str, storage: str, at: datetime) -> LoginState:
    """A login with fresh random values."""
    kept = len(login_hint) + len(message_hint) <= MAX_HINT_LENGTH
    return LoginState(
        int(at.timestamp()), registration_id, secrets.token_urlsafe(24), secrets.token_urlsafe(24), storage,
        login_hint if kept else "", message_hint if kept else "",
    )  # fmt: skip


def login_cookie(state: str) -> str:
    """The name of the cookie that belongs to a state; under it the platform's storage keeps the same value."""
    return f"lti-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class LaunchTicket(Sealed):
    """Lets the person of an account begin a session in a new window, once. `target` is the page that opens."""

    PURPOSE: ClassVar[str] = "LTI launch"
    LIFETIME: ClassVar[timedelta] = timedelta(seconds=60)

    registration_id: int
    account_id: int
    target: str
    nonce: str


@dataclass(frozen=True)
class Newcomer(Sealed):
    """What a launch said of an account that is linked to nobody, with the link and the context from which it came; `target` is the
    page that opens. With `may_be_added` the person may be added to the course. The other way is to sign in here."""

    PURPOSE: ClassVar[str] = "LTI newcomer"
    LIFETIME: ClassVar[timedelta] = timedelta(minutes=10)  # to read and to choose

    registration_id: int
    subject: str
    address: str
    name: str
    is_learner: bool
    link_id: int
    context_id: int | None
    pathway: str
    nation: str
    target: str
    may_be_added: bool
    nonce: str


@dataclass(frozen=True)
class AccountLinking(Sealed):
    """Somebody in one browser said that they have an account here, to which that at the platform is to be linked. `binding` is
    what only that browser has, in a cookie."""

    PURPOSE: ClassVar[str] = "LTI account linking"
    LIFETIME: ClassVar[timedelta] = timedelta(minutes=30)  # to sign in, with a new password if need be

    registration_id: int
    subject: str
    address: str
    name: str
    is_learner: bool
    link_id: int
    target: str
    binding: str


def new_linking(found: Newcomer, at: datetime) -> AccountLinking:
    """The linking that a newcomer begins, with a fresh random value."""
    return AccountLinking(
        int(at.timestamp()), found.registration_id, found.subject, found.address, found.name, found.is_learner,
        found.link_id, found.target, secrets.token_urlsafe(24),
    )  # fmt: skip


def linking_cookie(linking: str) -> str:
    """The name of the cookie that belongs to a linking: each window has its own."""
    return f"lti-link-{hashlib.sha256(linking.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class ContentRequest(Sealed):
    """A platform asked which content a link shall open (deep linking), and waits for the answer at `return_address`. `data` goes
    back as it came."""

    PURPOSE: ClassVar[str] = "LTI content request"
    LIFETIME: ClassVar[timedelta] = timedelta(hours=2)

    registration_id: int
    deployment: str
    return_address: str
    data: str
    takes_line_item: bool


@dataclass(frozen=True)
class RegistrationInvitation(Sealed):
    """Lets a platform register itself, once. `made_by` is the administrator who made it."""

    PURPOSE: ClassVar[str] = "LTI registration"
    LIFETIME: ClassVar[timedelta] = timedelta(hours=24)

    made_by: int
    nonce: str
