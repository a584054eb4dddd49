"""Passwords, lifetimes of links and sign-in sessions, and rate limits of sign-ins. Pure."""

from __future__ import annotations

from course.auth.rules.attempts import (
    ATTEMPT_RETENTION,
    ATTEMPTS_PER_ADDRESS,
    ATTEMPTS_PER_ADDRESS_AND_NETWORK,
    ATTEMPTS_PER_NETWORK,
    LINKS_PER_ADDRESS,
    LINKS_PER_NETWORK,
    AttemptLimit,
    attempt_key,
    network_prefix,
)
from course.auth.rules.links import (
    DOUBLE_PRESS_WINDOW,
    LINK_LIFETIMES,
    SESSION_LIFETIME,
    LinkPurpose,
    local_path,
    token_hash,
)
from course.auth.rules.passwords import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    PASSWORD_HINT,
    common_passwords,
    normalise_password,
    password_mistake,
)

__all__ = [
    "ATTEMPTS_PER_ADDRESS",
    "ATTEMPTS_PER_ADDRESS_AND_NETWORK",
    "ATTEMPTS_PER_NETWORK",
    "ATTEMPT_RETENTION",
    "DOUBLE_PRESS_WINDOW",
    "LINKS_PER_ADDRESS",
    "LINKS_PER_NETWORK",
    "LINK_LIFETIMES",
    "MAX_PASSWORD_LENGTH",
    "MIN_PASSWORD_LENGTH",
    "PASSWORD_HINT",
    "SESSION_LIFETIME",
    "AttemptLimit",
    "LinkPurpose",
    "attempt_key",
    "common_passwords",
    "local_path",
    "network_prefix",
    "normalise_password",
    "password_mistake",
    "token_hash",
]
