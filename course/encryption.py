"""Secrets that the course must be able to read again, such as that of an identity provider or a signing key: encrypted in the
database."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12  # bytes
# What the key of the cipher is derived for: secrets of other systems, and the keys that sign credentials. What is stored opens
# only with the same one.
STORED_SECRETS = b"course: stored secrets"
SIGNING_KEYS = b"course: keys that sign credentials"


class SecretLockedError(Exception):
    """A stored secret cannot be decrypted with this SECRET_KEY, or belongs to another purpose."""


def lock_secret(plain: bytes, secret_key: str, purpose: str | bytes, kind: bytes = STORED_SECRETS) -> bytes:
    """The bytes encrypted (AES-256-GCM) with a key that is derived from SECRET_KEY for a kind of secrets.

    `purpose` binds them to their place ("identity provider 3", or a public key): the same must be given to open them.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(secret_key, kind).encrypt(nonce, plain, _as_bytes(purpose))


def unlock_secret(locked: bytes, secret_key: str, purpose: str | bytes, kind: bytes = STORED_SECRETS) -> bytes:
    """The bytes that lock_secret encrypted for the same purpose and kind. Raises SecretLockedError."""
    try:
        return _cipher(secret_key, kind).decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], _as_bytes(purpose))
    except (InvalidTag, ValueError) as error:  # ValueError: a part of the stored value is missing
        raise SecretLockedError(purpose) from error


def _as_bytes(purpose: str | bytes) -> bytes:
    return purpose.encode() if isinstance(purpose, str) else purpose


def _cipher(secret_key: str, kind: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, kind).derive(secret_key.encode()))
