"""Secrets that the course must be able to read again, such as that of an identity provider: encrypted in the database."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12  # bytes


class SecretLockedError(Exception):
    """A stored secret cannot be decrypted with this SECRET_KEY, or belongs to another purpose."""


def lock_secret(plain: bytes, secret_key: str, purpose: str) -> bytes:
    """The bytes encrypted (AES-256-GCM) with a key that is derived from SECRET_KEY for a purpose ("identity provider 3")."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(secret_key).encrypt(nonce, plain, purpose.encode())


def unlock_secret(locked: bytes, secret_key: str, purpose: str) -> bytes:
    """The bytes that lock_secret encrypted for the same purpose. Raises SecretLockedError."""
    try:
        return _cipher(secret_key).decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:  # ValueError: a part of the stored value is missing
        raise SecretLockedError(purpose) from error


def _cipher(secret_key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"course: stored secrets").derive(secret_key.encode()))
