"""Signing keys: Ed25519, written as multibase, and stored encrypted with the installation's secret."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from course.encryption import SIGNING_KEYS, SecretLockedError, lock_secret, unlock_secret
from course.translation import lazy_gettext as _

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# The multicodec prefix of an Ed25519 public key: https://www.w3.org/TR/cid-1.0/#Multikey
_ED25519 = b"\xed\x01"
_NO_KEY_MESSAGE = (
    "there is no Ed25519 key in it: it needs an issuer's profile (the file at /issuer) or a key's document (the file at "
    "/issuer/keys/1), as JSON, or a key that begins with z6Mk"
)


@dataclass(frozen=True)
class Key:
    """A public key: its `address`, the address of the `issuer` for whom it signs, its 32 bytes, and the moment from
    which its signatures are worthless.

    A bare key has neither address nor issuer.
    """

    address: str
    issuer: str
    public_bytes: bytes
    withdrawn_from: datetime | None = None


class KeyLockedError(Exception):
    """A private key cannot be decrypted with this secret."""


def encode_base58(data: bytes) -> str:
    """Multibase base58btc, with the prefix z."""
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def decode_base58(text: str) -> bytes:
    """The bytes of a multibase base58btc text. Raises ValueError."""
    if not text.startswith("z") or len(text) > 200:
        raise ValueError("not multibase base58btc")
    number = 0
    for character in text[1:]:
        number = number * 58 + _ALPHABET.index(character)
    zeros = len(text[1:]) - len(text[1:].lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def encode_multikey(public: bytes) -> str:
    """A public key in the form of a Multikey document: z6Mk…"""
    return encode_base58(_ED25519 + public)


def decode_multikey(text: str) -> bytes:
    """The 32 bytes of a public key in the form z6Mk… Raises ValueError."""
    data = decode_base58(text)
    if len(data) != 34 or not data.startswith(_ED25519):
        raise ValueError("not an Ed25519 public key")
    return data[2:]


def create_key_pair(secret: str) -> tuple[bytes, bytes]:
    """A new key pair: the public key, and the private key encrypted with the secret."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return public, lock_secret(private.private_bytes_raw(), secret, public, SIGNING_KEYS)


def unlock_key(locked: bytes, public: bytes, secret: str) -> Ed25519PrivateKey:
    """The private key. Raises KeyLockedError if it was encrypted with another secret, or belongs to another public
    key."""
    try:
        private = unlock_secret(locked, secret, public, SIGNING_KEYS)
    except SecretLockedError as error:
        raise KeyLockedError(
            _(
                "The signing key does not open: SECRET_KEY is another than when the key was made. Set the earlier one "
                "again. Only if it is lost, run 'flask system accept-key'."
            )
        ) from error
    return Ed25519PrivateKey.from_private_bytes(private)


def read_keys(text: str) -> tuple[Key, ...]:
    """The public keys in a file: an issuer's profile, a key document, or a bare key (z6Mk…).

    Raises ValueError with a message for the person who chose the file.
    """
    try:
        if not text.lstrip().startswith("{"):
            return (Key("", "", decode_multikey(text.strip())),)
        document = json.loads(text)
        methods: Any = document.get("verificationMethod", [document])
        keys = tuple(_read_key(method) for method in methods)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(_NO_KEY_MESSAGE) from error
    if not keys:
        raise ValueError("the issuer's profile in it has no keys")
    return keys


def _read_key(document: dict[str, str]) -> Key:
    revoked = document.get("revoked")
    moment = datetime.fromisoformat(revoked) if revoked else None
    return Key(document["id"], document["controller"], decode_multikey(document["publicKeyMultibase"]), moment)


def usable_keys(keys: Iterable[Key], at: datetime) -> list[Key]:
    """The keys whose signatures are valid at a moment."""
    return [key for key in keys if key.withdrawn_from is None or at < key.withdrawn_from]
