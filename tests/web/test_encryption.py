from __future__ import annotations

import pytest

from course.encryption import SecretLockedError, lock_secret, unlock_secret

KEY = "the secret key of an installation, long enough"


def test_a_secret_is_read_again_with_the_same_key_and_purpose() -> None:
    locked = lock_secret(b"quiet river", KEY, "identity provider 3")
    assert b"quiet river" not in locked
    assert unlock_secret(locked, KEY, "identity provider 3") == b"quiet river"
    assert lock_secret(b"quiet river", KEY, "identity provider 3") != locked


@pytest.mark.parametrize(
    ("change", "key", "purpose"),
    [
        (lambda locked: locked, KEY + "!", "identity provider 3"),
        (lambda locked: locked, KEY, "identity provider 4"),
        (lambda locked: locked[:-1] + bytes([locked[-1] ^ 1]), KEY, "identity provider 3"),
        (lambda locked: locked[:7], KEY, "identity provider 3"),
        (lambda _: b"", KEY, "identity provider 3"),
    ],
    ids=["another key", "another purpose", "changed", "cut off", "empty"],
)
def test_a_secret_does_not_open_otherwise(change, key, purpose) -> None:  # type: ignore[no-untyped-def]
    locked = lock_secret(b"quiet river", KEY, "identity provider 3")
    with pytest.raises(SecretLockedError):
        unlock_secret(change(locked), key, purpose)
