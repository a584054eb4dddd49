"""A credential as an installation would sign it, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from course.credentials.rules import documents
from course.credentials.rules.documents import CertificateData, SigningSettings
from course.credentials.rules.keys import Key, create_key_pair, unlock_key
from course.credentials.rules.signing import JsonLdDocument, add_proof
from tests.conftest import NOW, SECRET

SEAL = SigningSettings(SECRET, "https://training.example.org", "Europe/London")
CERTIFIED = CertificateData(
    certificate_id=1,
    number="K7QM-2FXA-9TRC",
    name="Sam Okafor",
    course="Online abuse: learning from case reviews",
    organisation="Riverside Trust",
    edition="0.3",
    content_version="0123456789abcdef0123",
    completed_on=date(2026, 6, 22),
    valid_until=date(2027, 6, 22),
    issued_at=NOW,
    pathway="Early years",
    minutes=170,
    sections=("Background", "Policy"),
)
LATER = NOW + timedelta(days=1)


class Issuer:
    """An issuer with one key."""

    def __init__(self, seal: SigningSettings = SEAL) -> None:
        self.seal = seal
        public, locked = create_key_pair(seal.secret)
        self.private = unlock_key(locked, public, seal.secret)
        self.key = Key(documents.key_address(seal.address, 1), documents.issuer_address(seal.address), public)

    def sign(self, document: JsonLdDocument) -> JsonLdDocument:
        return add_proof(document, self.private, self.key.address, NOW)

    def credential(self, place: int = 77, **changes: Any) -> JsonLdDocument:
        """A signed credential of CERTIFIED, some of it changed before it is signed."""
        return self.sign(documents.credential_document(replace(CERTIFIED, **changes), self.seal, 1, place))

    def served(self, revoked: tuple[int, ...] = ()) -> dict[str, JsonLdDocument]:
        """What the issuer serves, by address."""
        found = [
            documents.issuer_document("Riverside Trust", self.seal.address, [self.key], LATER),
            documents.key_document(self.key),
            self.sign(documents.status_list_document(self.seal, 1, revoked, NOW)),
        ]
        return {document["id"]: document for document in found}
