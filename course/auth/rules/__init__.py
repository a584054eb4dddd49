"""Passwords, the lifetime of links, how guessing is slowed down, and where a sign-in may lead. Pure."""

from __future__ import annotations

from course.auth.rules.limits import (
    KEPT,
    LIFETIMES,
    LINKS_PER_ADDRESS,
    LINKS_PER_NETWORK,
    PER_ADDRESS,
    PER_ADDRESS_AND_NETWORK,
    PER_NETWORK,
    PRESSED_TWICE,
    SESSION_LASTS,
    Limit,
    Purpose,
    attempt_key,
    free_again,
    link_address,
    local_path,
    network,
    set_up_address,
    token_hash,
)
from course.auth.rules.passwords import HINT, LONGEST, SHORTEST, common, normal, password_mistake

__all__ = [
    "HINT",
    "KEPT",
    "LIFETIMES",
    "LINKS_PER_ADDRESS",
    "LINKS_PER_NETWORK",
    "LONGEST",
    "PER_ADDRESS",
    "PER_ADDRESS_AND_NETWORK",
    "PER_NETWORK",
    "PRESSED_TWICE",
    "SESSION_LASTS",
    "SHORTEST",
    "Limit",
    "Purpose",
    "attempt_key",
    "common",
    "free_again",
    "link_address",
    "local_path",
    "network",
    "normal",
    "password_mistake",
    "set_up_address",
    "token_hash",
]
