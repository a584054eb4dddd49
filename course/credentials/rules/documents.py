"""What our documents say: the credential of a certificate, the issuer, its keys, and the list of what was revoked."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import uuid
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from course.credentials.rules.contexts import CREDENTIALS, OPEN_BADGES
from course.credentials.rules.keys import Key, encode_multikey, usable_keys
from course.credentials.rules.signing import JsonLdDocument

# The least that the specification allows, so that a place in it tells next to nothing about anybody:
# https://www.w3.org/TR/vc-bitstring-status-list/#bitstring-generation-algorithm
STATUS_LIST_SIZE = 131072
_MAX_LIST_BYTES = 2 * 1024 * 1024  # bytes, unpacked
FILE_NAME = "credential.json"


@dataclass(frozen=True)
class SigningSettings:
    """What an installation signs with: its secret, the address at which everyone reaches it, and its time zone."""

    secret: str
    address: str
    zone: str


@dataclass(frozen=True)
class CertificateData:
    """What a certificate says, as its credential repeats it. `pathway` is in words. It is empty, and there
    are no `minutes`, for a certificate that was issued before there were any."""

    certificate_id: int
    number: str
    name: str
    course: str
    organisation: str
    edition: str
    content_version: str
    completed_on: date
    valid_until: date
    issued_at: datetime
    pathway: str
    minutes: int | None
    sections: tuple[str, ...]
    kind: str = "initial"


def issuer_address(address: str) -> str:
    return f"{address}/issuer"


def key_address(address: str, number: int) -> str:
    return f"{address}/issuer/keys/{number}"


def list_address(address: str, number: int) -> str:
    return f"{address}/issuer/status/{number}"


def credential_address(address: str, number: str) -> str:
    """The page on which anyone can check the certificate: what names a credential also leads to it."""
    return f"{address}/verify/{number}"


def credential_document(
    certified: CertificateData, seal: SigningSettings, list_number: int, place: int
) -> JsonLdDocument:
    """The Open Badges 3.0 AchievementCredential of a certificate, not signed yet.

    It says what the certificate says and no more; `place` is where it stands in the status list.
    """
    status_list = list_address(seal.address, list_number)
    about = {"specialization": certified.pathway} if certified.pathway else {}
    # The same course, pathway and version has the same address for everybody who completes it.
    same = f"{issuer_address(seal.address)}#{certified.content_version} {certified.pathway} {certified.kind}"
    return {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": credential_address(seal.address, certified.number),
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": certified.course,
        "issuer": {
            "id": issuer_address(seal.address),
            "type": ["Profile"],
            "name": certified.organisation,
            "url": seal.address,
        },
        "validFrom": _timestamp(certified.issued_at),
        "validUntil": _end_of_day(certified.valid_until, seal.zone),
        "credentialStatus": {
            "id": f"{status_list}#{place}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(place),
            "statusListCredential": status_list,
        },
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "hashed": False, "identityHash": certified.name, "identityType": "name"}
            ],
            "activityEndDate": certified.completed_on.isoformat(),
            "achievement": {
                "id": uuid.uuid5(uuid.NAMESPACE_URL, same).urn,
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": certified.course,
                "description": f"A training course about safeguarding children online. Edition {certified.edition}.",
                "criteria": {"narrative": _criteria(certified)},
                "inLanguage": "en-GB",
                "version": certified.content_version,
                **about,
            },
        },
    }


def _criteria(certified: CertificateData) -> str:
    length = f", about {certified.minutes} minutes of work," if certified.minutes else ""
    if certified.kind == "refresher":
        return (
            f"The refresher made for this person{length} completed, with a right answer on every point that it asked."
        )
    covers = f" Covered: {'; '.join(certified.sections)}." if certified.sections else ""
    return f"All modules{length} completed, and the final assessment passed.{covers}"


def status_list_document(seal: SigningSettings, number: int, revoked: Iterable[int], at: datetime) -> JsonLdDocument:
    """The credential that says which places of a list are revoked, not signed yet."""
    address = list_address(seal.address, number)
    return {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer_address(seal.address),
        "validFrom": _timestamp(at),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode_bits(revoked),
        },
    }


def encode_bits(places: Iterable[int]) -> str:
    """A bit for each place of a list, the first one leftmost; compressed, as multibase base64url."""
    data = bytearray(STATUS_LIST_SIZE // 8)
    for place in places:
        data[place // 8] |= 0x80 >> place % 8
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(data), mtime=0)).decode().rstrip("=")


def is_bit_set(encoded: str, place: int) -> bool:
    """Whether the bit of a place is set in a list as `bits` writes it. Raises ValueError."""
    try:
        packed = base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            data = file.read(_MAX_LIST_BYTES + 1)
    except (OSError, EOFError, zlib.error, binascii.Error) as error:
        raise ValueError("the list cannot be unpacked") from error
    if (
        not encoded.startswith("u")
        or not STATUS_LIST_SIZE // 8 <= len(data) <= _MAX_LIST_BYTES
        or not 0 <= place < len(data) * 8
    ):
        raise ValueError("the place is not in the list")
    return bool(data[place // 8] & 0x80 >> place % 8)


def key_document(key: Key) -> JsonLdDocument:
    """A public key, at its own address."""
    return {"@context": "https://w3id.org/security/multikey/v1", **_verification_method(key)}


def issuer_document(name: str, address: str, keys: Sequence[Key], at: datetime) -> JsonLdDocument:
    """Who issues, and the keys with which credentials are signed; those that were withdrawn assert nothing."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", OPEN_BADGES],
        "id": issuer_address(address),
        "type": ["Profile"],
        "name": name,
        "url": address,
        "verificationMethod": [_verification_method(key) for key in keys],
        "assertionMethod": [key.address for key in usable_keys(keys, at)],
    }


def _verification_method(key: Key) -> JsonLdDocument:
    ended = {"revoked": _timestamp(key.withdrawn)} if key.withdrawn else {}
    return {
        "id": key.address,
        "type": "Multikey",
        "controller": key.issuer,
        "publicKeyMultibase": encode_multikey(key.public),
        **ended,
    }


def document_bytes(document: JsonLdDocument) -> bytes:
    """A document as a file."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _timestamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _end_of_day(day: date, zone: str) -> str:
    """The last second of a day. It keeps the offset of its zone, so that the day can be read off anywhere."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).isoformat()
