"""Password hashing: slow on purpose, so never inside a unit of work, only a few at the same time, and never so that many
threads of the server wait for it."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from threading import BoundedSemaphore, get_native_id
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from course.auth.rules import normalise_password
from course.db import assert_outside_unit_of_work

T = TypeVar("T")
# What OWASP's cheat sheet on storing passwords gives first for Argon2id: 19 MiB, two passes, one lane. One hash takes
# 30 ms of one processor. Hashes with other parameters still verify, and are made anew when their person signs in.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
MAX_CONCURRENT_HASHES = 2  # in a process; each takes 19 MiB of memory while it is computed
# Threads that may wait for their turn besides. A thread that waits answers nobody: whoever comes when all places are
# taken is asked to come back, so that the pages of everybody else go on. `flask serve` never comes so far, because it
# has threads of their own for these requests (see server/lanes).
MAX_WAITING_THREADS = 2
# Threads that hash are kept from pages and answers by the system, where it can: see setpriority(2) and nice(1).
NICENESS = 5


class HashingBusyError(Exception):
    """So many passwords are being verified that this one would have to wait; nothing was done."""


def _give_way() -> None:
    """Let this thread have less of the processors than those that answer requests. Only Linux knows this of a thread."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)


class _Hashers:
    """The threads that compute hashes. They are started at the first hash, and anew in a process that was forked."""

    def __init__(self) -> None:
        self.renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self._threads = ThreadPoolExecutor(MAX_CONCURRENT_HASHES, "hashing", initializer=_give_way)
        self._places = BoundedSemaphore(MAX_CONCURRENT_HASHES + MAX_WAITING_THREADS)

    def run(self, work: Callable[..., T], *values: str) -> T:
        """Have one of the threads do this, and wait for it. Raises HashingBusyError, and whatever the work raises."""
        if not self._places.acquire(blocking=False):
            raise HashingBusyError
        try:
            return self._threads.submit(work, *values).result()
        finally:
            self._places.release()


_hashers = _Hashers()


def hash_password(password: str) -> str:
    """The Argon2 hash of a password, as it is stored. Raises HashingBusyError."""
    assert_outside_unit_of_work("hashing a password")
    return _hashers.run(_hasher.hash, normalise_password(password))


def verify_password(password_hash: str, password: str) -> bool:
    """Whether this is the password that was hashed; False for text that is no hash. Raises HashingBusyError."""
    assert_outside_unit_of_work("verifying a password")
    try:
        return _hashers.run(_hasher.verify, password_hash, normalise_password(password))
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
