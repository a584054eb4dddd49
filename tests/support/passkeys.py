"""A passkey in software: answers challenges as a device does, or wrongly where a test wants that."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

_PRESENT, _VERIFIED, _CAN_SYNC, _SYNCED, _HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class SoftwarePasskey:
    """A passkey for the `host` that answers pages of `origin`. `verifies`: the device asks for a PIN, a finger or a face.
    `counts`: it counts its answers, as a key on one device does; one that is backed up does not."""

    host: str
    origin: str
    user_handle: str
    verifies: bool = True
    counts: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def made(self, challenge: str) -> str:
        """What the browser says when the passkey is made for this challenge."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        about = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cbor2.dumps(public)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._device_data(_HAS_KEY) + about}
        return self._answer(
            {
                "clientDataJSON": self._client_data("webauthn.create", challenge),
                "attestationObject": cbor2.dumps(attestation),
            }
        )

    def used(self, challenge: str) -> str:
        """What the browser says when the passkey answers this challenge."""
        self.count += self.counts
        client_data, device_data = self._client_data("webauthn.get", challenge), self._device_data(0)
        signed = device_data + hashlib.sha256(client_data).digest()
        return self._answer(
            {
                "clientDataJSON": client_data,
                "authenticatorData": device_data,
                "signature": self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
                "userHandle": self.user_handle.encode(),
            }
        )

    def _answer(self, response: dict[str, bytes]) -> str:
        number = bytes_to_base64url(self.credential_id)
        parts = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": parts})

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": bytes_to_base64url(challenge.encode()), "origin": self.origin}
        return json.dumps({**said, "crossOrigin": False}).encode()

    def _device_data(self, more: int) -> bytes:
        flags = _PRESENT | more | (_VERIFIED if self.verifies else 0) | (0 if self.counts else _CAN_SYNC | _SYNCED)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)
