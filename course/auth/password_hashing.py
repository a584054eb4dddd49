"""Hashing passwords: slow on purpose, so never inside a unit of work, and only a few at once."""

from __future__ import annotations

import os
import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from course.auth.rules import normal
from course.db import outside_unit_of_work

_hasher = PasswordHasher()
# Each takes 64 MB of memory while it lasts, and more of them than processors make none of them faster. When everybody
# signs in at once, the others wait for their turn.
AT_ONCE = max(2, os.cpu_count() or 1)
_turns = BoundedSemaphore(AT_ONCE)


def hashed(password: str) -> str:
    """A password as it is kept: nobody can read it back."""
    outside_unit_of_work("hashing a password")
    with _turns:
        return str(_hasher.hash(normal(password)))


def verify(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed."""
    outside_unit_of_work("verifying a password")
    try:
        with _turns:
            return _hasher.verify(password_hash, normal(password))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than are used now."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def of_nobody() -> str:
    """Verified when nobody has the address, so that the answer takes as long as for a wrong password. Made when the
    first person signs in: it takes as long as starting much of the rest."""
    return hashed(secrets.token_hex(16))
