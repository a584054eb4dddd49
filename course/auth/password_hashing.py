"""Password hashing: slow on purpose, so never inside a unit of work, and only a few at the same time."""

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
# A hash takes 64 MB of memory while it is computed, and computing more of them than there are processors makes none of
# them faster. When many people sign in at once, the rest wait for their turn.
MAX_CONCURRENT_HASHES = max(2, os.cpu_count() or 1)
_hashing_slots = BoundedSemaphore(MAX_CONCURRENT_HASHES)


def hash_password(password: str) -> str:
    """The Argon2 hash of a password, as it is stored."""
    assert_outside_unit_of_work("hashing a password")
    with _hashing_slots:
        return str(_hasher.hash(normalise_password(password)))


def verify_password(password_hash: str, password: str) -> bool:
    """Whether this is the password that was hashed; False for text that is no hash."""
    assert_outside_unit_of_work("verifying a password")
    try:
        with _hashing_slots:
            return _hasher.verify(password_hash, normalise_password(password))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated_hash(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def dummy_hash() -> str:
    """A hash to verify when nobody has the e-mail address, so that the answer takes as long as for a wrong password.

    Made at the first sign-in and not at the start, which it would delay.
    """
    return hash_password(secrets.token_hex(16))
