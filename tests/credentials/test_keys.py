"""Signing keys are stored encrypted; those of every earlier version open."""

from __future__ import annotations

import pytest

from course.credentials.rules.keys import KeyLockedError, create_key_pair, unlock_key
from course.encryption import SecretLockedError, unlock_secret

SECRET = "only-for-tests-0123456789abcdef0123456789"
# A key pair as version 0.6 stored it.
PUBLIC = bytes.fromhex("7942beb7d57c635706a5a4ba76a5243c46bf3f3559159b7554b0db792c2d1ce9")
LOCKED = bytes.fromhex(
    "7b55a7ead7a53d6d12a2edd05f6dc7c510ab85f5e902d1f6cfef024b98c2417a5139e890ecc88f7b08002889c72786595bc3862fa680064d76b4737d"
)
PRIVATE = "b90ae9df0985db468667f2cc63fd68244c4b53923429c6996661a22d932c52b7"


def test_a_key_that_an_earlier_version_stored_opens_and_signs_for_its_public_part() -> None:
    private = unlock_key(LOCKED, PUBLIC, SECRET)
    assert private.private_bytes_raw().hex() == PRIVATE
    assert private.public_key().public_bytes_raw() == PUBLIC
    public, locked = create_key_pair(SECRET)
    assert unlock_key(locked, public, SECRET).public_key().public_bytes_raw() == public
    assert len(locked) == len(LOCKED)


@pytest.mark.parametrize(
    ("locked", "public", "secret"),
    [
        (LOCKED, PUBLIC, SECRET + "x"), (LOCKED, PUBLIC[::-1], SECRET), (LOCKED[:-1] + b"\0", PUBLIC, SECRET),
        (LOCKED[:20], PUBLIC, SECRET), (b"", PUBLIC, SECRET),
    ],
)  # fmt: skip
def test_a_key_opens_only_with_its_secret_and_its_public_part(locked: bytes, public: bytes, secret: str) -> None:
    with pytest.raises(KeyLockedError, match="SECRET_KEY is another"):
        unlock_key(locked, public, secret)


def test_a_signing_key_is_no_other_stored_secret() -> None:
    with pytest.raises(SecretLockedError):
        unlock_secret(LOCKED, SECRET, PUBLIC)
