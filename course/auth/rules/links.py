"""Lifetimes of links and sign-in sessions, and where a sign-in may lead."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Literal

from course.auth.rules.codes import CODE_LIFETIME

LinkPurpose = Literal["invitation", "forgotten", "set-up", "code"]
SignInMethod = Literal["password", "link", "code", "set-up", "passkey", "provider"]
LINK_LIFETIMES: dict[LinkPurpose, timedelta] = {
    "invitation": timedelta(days=7),
    "forgotten": timedelta(hours=1),
    "set-up": timedelta(days=1),
    "code": CODE_LIFETIME,
}
DOUBLE_PRESS_WINDOW = timedelta(minutes=1)  # a second request for a link within this time is a double press
SESSION_LIFETIME = timedelta(hours=12)


def local_path(target: str | None) -> str:
    """Where to go after signing in: `target` if it is a path of this course, the start page otherwise. Any other address
    would let a link to the sign-in page lead to a foreign site."""
    path = target or ""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe and len(path) <= 2000 else "/"


def token_hash(token: str) -> str:
    """The form in which the token of a link is stored: its SHA-256 hash, 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()
