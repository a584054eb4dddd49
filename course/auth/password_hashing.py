"""Hashing passwords: slow on purpose, so never inside a unit of work, and only a few at once."""

from __future__ import annotations

import os
import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from course.auth.rules import normalise_password
from course.db import assert_outside_unit_of_work

_hasher = PasswordHasher()
# Each takes 64 MB of memory while it lasts, and more of them than processors make none of them faster. When everybody
# signs in at once, the others wait for their turn.
MAX_CONCURRENT_HASHES = max(2, os.cpu_count() or 1)
_hashing_slots = BoundedSemaphore(MAX_CONCURRENT_HASHES)


def hash_password(password: str) -> str:
    """A password as it is kept: nobody can read it back."""
    assert_outside_unit_of_work("hashing a password")
    with _hashing_slots:
        return str(_hasher.hash(normalise_password(password)))


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed."""
    assert_outside_unit_of_work("verifying a password")
    try:
        with _hashing_slots:
            return _hasher.verify(password_hash, normalise_password(password))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated_hash(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than are used now."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def dummy_hash() -> str:
    """Verified when nobody has the address, so that the answer takes as long as for a wrong password. Made when the
    first person signs in: it takes as long as starting much of the rest."""
    return hash_password(secrets.token_hex(16))
