"""A credential as an installation would sign it, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from course.credentials.rules import documents
from course.credentials.rules.did_web import did_document, did_key, did_web
from course.credentials.rules.documents import CertificateData, SigningSettings
from course.credentials.rules.keys import Key, create_key_pair, unlock_key
from course.credentials.rules.signing import JsonLdDocument, add_proof
from tests.conftest import NOW, SECRET

SIGNING_SETTINGS = SigningSettings(SECRET, "https://training.example.org", "Europe/London")
CERTIFICATE = CertificateData(
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

    def __init__(self, settings: SigningSettings = SIGNING_SETTINGS) -> None:
        self.settings = settings
        public, locked = create_key_pair(settings.secret)
        self.private = unlock_key(locked, public, settings.secret)
        self.key = Key(documents.key_address(settings.base_url, 1), documents.issuer_address(settings.base_url), public)

    def sign(self, document: JsonLdDocument) -> JsonLdDocument:
        return add_proof(document, self.private, self.key.address, NOW)

    def credential(self, list_index: int = 77, **changes: Any) -> JsonLdDocument:
        """A signed credential of CERTIFICATE, with `changes` made before signing."""
        return self.sign(documents.credential_document(replace(CERTIFICATE, **changes), self.settings, 1, list_index))

    def served(self, revoked: tuple[int, ...] = ()) -> dict[str, JsonLdDocument]:
        """The documents that the issuer serves, by address."""
        issuer_documents = [
            documents.issuer_document("Riverside Trust", self.settings.base_url, [self.key], LATER),
            documents.key_document(self.key),
            self.sign(documents.status_list_document(self.settings, 1, revoked, NOW)),
        ]
        return {document["id"]: document for document in issuer_documents}


class DidIssuer(Issuer):
    """An issuer that is named by its did:web, with one key; `by_address` is the same one under its address."""

    def __init__(self, settings: SigningSettings = SIGNING_SETTINGS) -> None:
        super().__init__(settings)
        self.by_address = Issuer(settings)
        self.by_address.private, self.by_address.key = self.private, self.key
        did = did_web(settings.base_url)
        assert did is not None
        self.did = did
        self.key = Key(did_key(did, 1), did, self.key.public_bytes)

    def credential(self, list_index: int = 77, **changes: Any) -> JsonLdDocument:
        certificate = replace(CERTIFICATE, **changes)
        return self.sign(documents.credential_document(certificate, self.settings, 1, list_index, self.did))

    def served(self, revoked: tuple[int, ...] = ()) -> dict[str, JsonLdDocument]:
        """The DID document, the key in it, a status list of the same issuer, and the profile with the same key."""
        key = self.by_address.key
        document = did_document(self.settings.base_url, [(1, key)], LATER)
        assert document is not None
        profile = documents.issuer_document("Riverside Trust", self.settings.base_url, [key], LATER)
        listed = self.sign(documents.status_list_document(self.settings, 1, revoked, NOW, self.did))
        found = [document, documents.key_document(self.key), listed, profile]
        return {one["id"]: one for one in found}
