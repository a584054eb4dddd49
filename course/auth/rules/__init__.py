"""Passwords, the lifetime of links, how guessing is slowed down, and where a sign-in may lead. Pure."""

from __future__ import annotations

from course.auth.rules.limits import (
    ATTEMPT_RETENTION,
    ATTEMPTS_PER_ADDRESS,
    ATTEMPTS_PER_ADDRESS_AND_NETWORK,
    ATTEMPTS_PER_NETWORK,
    DOUBLE_PRESS_WINDOW,
    LINK_LIFETIMES,
    LINKS_PER_ADDRESS,
    LINKS_PER_NETWORK,
    SESSION_LIFETIME,
    AttemptLimit,
    LinkPurpose,
    attempt_key,
    local_path,
    network_prefix,
    next_attempt,
    password_link_url,
    set_up_url,
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
    "next_attempt",
    "normalise_password",
    "password_link_url",
    "password_mistake",
    "set_up_url",
    "token_hash",
]
