"""Password hashing: slow on purpose, so never inside a unit of work, only a few at the same time, and never so that many
threads of the server wait for it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from course.auth.rules import normalise_password
from course.db import assert_outside_unit_of_work
from course.request_turns import waiting


@dataclass(frozen=True)
class HashParameters:
    """What a hash costs: how often Argon2id goes through so many KiB of memory, in one lane."""

    passes: int
    memory_kib: int

    @property
    def prefix(self) -> str:
        """How hashes that were made with them begin."""
        return f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p=1$"


# What OWASP's cheat sheet on storing passwords gives first for Argon2id: 19 MiB, two passes, one lane. One hash takes
# 16 ms of one processor. Hashes with other parameters still verify, and are made anew when their person signs in.
PARAMETERS = HashParameters(passes=2, memory_kib=19456)
# In a process. Half of the processors stay free for pages and answers, which need no more than one: of a machine with two,
# one computes hashes, 60 a second.
MAX_CONCURRENT_HASHES = min(2, max(1, (os.cpu_count() or 1) // 2))
# Threads that may wait for their turn besides. A thread that waits answers nobody: whoever comes when all places are
# taken is asked to come back, so that the pages of everybody else go on. `flask serve` never comes so far, because it
# has threads of their own for these requests (see server/lanes).
MAX_WAITING_THREADS = 2
_hashing_slots = BoundedSemaphore(MAX_CONCURRENT_HASHES)
_places = BoundedSemaphore(MAX_CONCURRENT_HASHES + MAX_WAITING_THREADS)


class HashingBusyError(Exception):
    """So many passwords are being verified that this one would have to wait; nothing was done."""


@contextmanager
def hashing_turn() -> Iterator[None]:
    """Wait for a turn to hash. Raises HashingBusyError if as many threads as may wait do so already."""
    if not _places.acquire(blocking=False):
        raise HashingBusyError
    try:
        with waiting(), _hashing_slots:
            yield
    finally:
        _places.release()


def hash_password(password: str) -> str:
    """The Argon2 hash of a password, as it is stored. Raises HashingBusyError."""
    assert_outside_unit_of_work("hashing a password")
    with hashing_turn():
        made = argon2id.str(_password_bytes(password), PARAMETERS.passes, PARAMETERS.memory_kib * 1024)
        return made.decode("ascii")


def verify_password(password_hash: str, password: str) -> bool:
    """Whether this is the password that was hashed; False for text that is no hash. Raises HashingBusyError."""
    assert_outside_unit_of_work("verifying a password")
    try:
        with hashing_turn():
            return argon2id.verify(password_hash.encode(), _password_bytes(password))
    except CryptoError:
        return False


def is_outdated_hash(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return not password_hash.startswith(PARAMETERS.prefix)


def _password_bytes(password: str) -> bytes:
    return normalise_password(password).encode()


@cache
def dummy_hash() -> str:
    """A hash to verify when nobody has the e-mail address, so that the answer takes as long as for a wrong password.

    Made at the first sign-in and not at the start, which it would delay.
    """
    return hash_password(secrets.token_hex(16))
