"""The JSON-LD documents of the issuer: credentials, the issuer's profile, keys and status lists."""

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
from functools import lru_cache
from zoneinfo import ZoneInfo

from course.credentials.rules.contexts import CREDENTIALS, LANGUAGE_MAPS, OPEN_BADGES
from course.credentials.rules.keys import Key, encode_multikey, usable_keys
from course.credentials.rules.signing import JsonLdDocument
from course.translation import SOURCE_LANGUAGE, lazy_sentences, use_language
from course.translation import lazy_gettext as _

# The minimum of the specification, so that an index says next to nothing about a person:
STATUS_LIST_SIZE = 131072
_MAX_LIST_BYTES = 2 * 1024 * 1024  # bytes, unpacked
FILE_NAME = "credential.json"


@dataclass(frozen=True)
class SigningSettings:
    """The settings with which an installation signs: its secret, its public URL, and its time zone."""

    secret: str
    base_url: str
    zone: str


@dataclass(frozen=True)
class CertificateData:
    """The contents of a certificate, as its credential repeats them.

    `pathway` is the display name. It is empty, and `minutes` is None, for a certificate from before these were
    recorded. `languages` are those of a certificate that was issued in several (BCP 47), `titles` the titles of the course
    in those of them that have one of their own.
    """

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
    languages: tuple[str, ...] = ()
    titles: tuple[tuple[str, str], ...] = ()


def issuer_address(address: str) -> str:
    return f"{address}/issuer"


def key_address(address: str, number: int) -> str:
    return f"{address}/issuer/keys/{number}"


def list_address(address: str, number: int) -> str:
    return f"{address}/issuer/status/{number}"


def credential_address(address: str, number: str) -> str:
    """The id of a credential: the page on which anybody can verify the certificate."""
    return f"{address}/verify/{number}"


def credential_document(
    certificate: CertificateData,
    settings: SigningSettings,
    list_number: int,
    list_index: int,
    issuer: str | None = None,
) -> JsonLdDocument:
    """The Open Badges 3.0 AchievementCredential of a certificate, unsigned.

    The credential says what the certificate says and no more; `list_index` is its index in the status list, `issuer` the
    name of the issuer (None: its address).
    """
    status_list = list_address(settings.base_url, list_number)
    specialization = {"specialization": certificate.pathway} if certificate.pathway else {}
    # Everybody who completes the same version of the same pathway gets the same achievement id.
    achievement_name = (
        f"{issuer_address(settings.base_url)}#{certificate.content_version} {certificate.pathway} {certificate.kind}"
    )
    maps = _language_maps(certificate)
    return {
        "@context": [CREDENTIALS, OPEN_BADGES, *([LANGUAGE_MAPS] if maps else [])],
        "id": credential_address(settings.base_url, certificate.number),
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": certificate.course,
        "issuer": _issuer(certificate, settings, issuer),
        "validFrom": _timestamp(certificate.issued_at),
        "validUntil": _end_of_day(certificate.valid_until, settings.zone),
        "credentialStatus": {
            "id": f"{status_list}#{list_index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(list_index),
            "statusListCredential": status_list,
        },
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "hashed": False, "identityHash": certificate.name, "identityType": "name"}
            ],
            "activityEndDate": certificate.completed_on.isoformat(),
            "achievement": {
                "id": uuid.uuid5(uuid.NAMESPACE_URL, achievement_name).urn,
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": certificate.course,
                **{name: words for name, words in maps.items() if name != "narrativeMap"},
                "description": _description(certificate),
                "criteria": {
                    **{name: words for name, words in maps.items() if name == "narrativeMap"},
                    "narrative": _criteria(certificate),
                },
                "inLanguage": "en-GB",
                "version": certificate.content_version,
                **specialization,
            },
        },
    }


def _issuer(certificate: CertificateData, settings: SigningSettings, issuer: str | None) -> JsonLdDocument:
    return {
        "id": issuer or issuer_address(settings.base_url),
        "type": ["Profile"],
        "name": certificate.organisation,
        "url": settings.base_url,
    }


def _language_maps(certificate: CertificateData) -> dict[str, dict[str, str]]:
    """The texts of an achievement in each language of a certificate that was issued in several; empty for any other."""
    if len(certificate.languages) < 2:
        return {}
    maps: dict[str, dict[str, str]] = {"descriptionMap": {}, "narrativeMap": {}}
    for language in certificate.languages:
        with use_language(language):
            maps["descriptionMap"][language] = str(_description_text(certificate))
            maps["narrativeMap"][language] = str(_criteria_text(certificate))
    titles = {language: title for language, title in certificate.titles if language in certificate.languages}
    return {**({"nameMap": titles} if titles else {}), **maps}


def _description(certificate: CertificateData) -> str:
    with use_language(SOURCE_LANGUAGE):
        return str(_description_text(certificate))


def _criteria(certificate: CertificateData) -> str:
    with use_language(SOURCE_LANGUAGE):
        return str(_criteria_text(certificate))


def _description_text(certificate: CertificateData) -> str:
    return _("A training course about safeguarding children online. Edition %(edition)s.", edition=certificate.edition)


def _criteria_text(certificate: CertificateData) -> str:
    minutes = certificate.minutes
    if certificate.kind == "refresher":
        return (
            _("The refresher made for this person, about %(minutes)s minutes of work, completed, with a right answer on "
              "every point that it asked.", minutes=minutes)
            if minutes
            else _("The refresher made for this person completed, with a right answer on every point that it asked.")
        )  # fmt: skip
    completed = (
        _(
            "All modules, about %(minutes)s minutes of work, completed, and the final assessment passed.",
            minutes=minutes,
        )
        if minutes
        else _("All modules completed, and the final assessment passed.")
    )
    covered = _("Covered: %(sections)s.", sections="; ".join(certificate.sections)) if certificate.sections else ""
    return lazy_sentences([completed, covered])


def status_list_document(
    settings: SigningSettings, number: int, revoked: Iterable[int], at: datetime, issuer: str | None = None
) -> JsonLdDocument:
    """The credential that says which indexes of a status list are revoked, unsigned. `issuer` is the name of the issuer
    (None: its address), the same as in the credentials that refer to the list."""
    address = list_address(settings.base_url, number)
    return {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer or issuer_address(settings.base_url),
        "validFrom": _timestamp(at),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode_bits(revoked),
        },
    }


def encode_bits(indexes: Iterable[int]) -> str:
    """The bit string of a status list, with the bits at `indexes` set, compressed, as multibase base64url.

    Index 0 is the leftmost bit.
    """
    data = bytearray(STATUS_LIST_SIZE // 8)
    for index in indexes:
        data[index // 8] |= 0x80 >> index % 8
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(data), mtime=0)).decode().rstrip("=")


@lru_cache(maxsize=1)  # of one list several bits are looked at
def _unpacked_list(encoded: str) -> bytes:
    try:
        packed = base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            return file.read(_MAX_LIST_BYTES + 1)
    except (OSError, EOFError, zlib.error, binascii.Error) as error:
        raise ValueError("the list cannot be unpacked") from error


def is_bit_set(encoded: str, index: int) -> bool:
    """Whether the bit at an index is set in a list as `encode_bits` writes it. Raises ValueError for anything else."""
    data = _unpacked_list(encoded)
    if (
        not encoded.startswith("u")
        or not STATUS_LIST_SIZE // 8 <= len(data) <= _MAX_LIST_BYTES
        or not 0 <= index < len(data) * 8
    ):
        raise ValueError("the place is not in the list")
    return bool(data[index // 8] & 0x80 >> index % 8)


def key_document(key: Key) -> JsonLdDocument:
    """The document of a public key, which is served at the key's own address."""
    return {"@context": "https://w3id.org/security/multikey/v1", **verification_method(key)}


def issuer_document(name: str, address: str, keys: Sequence[Key], at: datetime) -> JsonLdDocument:
    """The issuer's profile with its keys; withdrawn keys are no assertion methods."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", OPEN_BADGES],
        "id": issuer_address(address),
        "type": ["Profile"],
        "name": name,
        "url": address,
        "verificationMethod": [verification_method(key) for key in keys],
        "assertionMethod": [key.address for key in usable_keys(keys, at)],
    }


def verification_method(key: Key) -> JsonLdDocument:
    """A public key as the documents of its issuer list it."""
    revocation = {"revoked": _timestamp(key.withdrawn_from)} if key.withdrawn_from else {}
    return {
        "id": key.address,
        "type": "Multikey",
        "controller": key.issuer,
        "publicKeyMultibase": encode_multikey(key.public_bytes),
        **revocation,
    }


def document_bytes(document: JsonLdDocument) -> bytes:
    """A document as compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _timestamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _end_of_day(day: date, zone: str) -> str:
    """The last second of a day, with the offset of its time zone, so that readers anywhere see the right day."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).isoformat()
