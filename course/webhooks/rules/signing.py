"""Secrets and signatures by Standard Webhooks 1.0.0: https://www.standardwebhooks.com."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64


def new_secret() -> bytes:
    """A random secret that the two sides share."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """A secret as an administrator copies it into the other system."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def signature_headers(message_id: str, at: datetime, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers that prove where a message is from: its id (the same at each try), the moment of this try in seconds since
    1970, and a signature with each of the `keys`, of which there are two while a secret is replaced."""
    stamp = str(int(at.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    digests = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{digest}" for digest in digests),
    }
