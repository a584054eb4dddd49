"""The key pair with which the course signs for a platform."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

KEY_BITS = 2048


@dataclass(frozen=True)
class NewKey:
    """A key pair that is not stored yet: its id, the private key (PEM), and the public one (JWK as JSON)."""

    kid: str
    private_pem: bytes
    public_jwk: str


def make_key() -> NewKey:
    """A new RSA key pair. It takes tenths of a second, so it is made outside units of work."""
    from joserfc.jwk import RSAKey  # noqa: PLC0415 (few installations need it)

    kid = secrets.token_urlsafe(12)
    key = RSAKey.generate_key(KEY_BITS, {"kid": kid, "use": "sig", "alg": "RS256"}, auto_kid=False)
    return NewKey(kid, key.as_pem(private=True), json.dumps(key.as_dict(private=False)))
