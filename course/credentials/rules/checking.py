"""Checking a credential of this course, whoever issued it, with nothing but the issuer's public keys."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from course.credentials.rules.contexts import CREDENTIALS, OPEN_BADGES
from course.credentials.rules.documents import FILE_NAME, is_bit_set
from course.credentials.rules.keys import Key
from course.credentials.rules.signing import SUITE, JsonLdDocument, UnsignableDataError, has_valid_proof

CredentialState = Literal["valid", "expired", "not yet valid", "changed", "withdrawn", "other issuer", "no credential"]
MAX_BYTES = 64 * 1024
# Ours have seven, with the proof eight. Many objects that are alike would keep the canonicaliser busy for hours.
_MAX_OBJECTS = 8
# Ours have about fifty. Its work grows with their square: the 6,000 that fit into a file took it half a minute.
_MAX_VALUES = 300


@dataclass(frozen=True)
class CredentialClaims:
    """What a signed credential says, read from it."""

    address: str
    name: str
    course: str
    pathway: str
    content_version: str
    organisation: str
    issuer: str
    completed_on: date
    valid_from: datetime
    valid_until: datetime

    @property
    def last_day(self) -> date:
        """The last valid day, where it was issued."""
        return self.valid_until.date()


@dataclass(frozen=True)
class CredentialVerdict:
    """How a credential stands, in words as well. What it says is there only if its signature holds."""

    state: CredentialState
    words: str
    stated: CredentialClaims | None = None

    @property
    def signed(self) -> bool:
        """Whether the signature holds, whatever the day is."""
        return self.state in ("valid", "expired", "not yet valid")


class _InvalidCredentialError(ValueError):
    """The reason why something is no credential of this course."""


_STATE_SENTENCES: dict[CredentialState, str] = {
    "valid": "The signature holds, and the certificate is valid by its dates.",
    "expired": "The signature holds. The certificate has expired.",
    "not yet valid": "The signature holds. The certificate is not valid yet.",
    "changed": "The signature is wrong. Something was changed after it was signed, or somebody else signed it.",
    "withdrawn": "The issuer has withdrawn the key that signed it. Ask its holder to download the certificate again.",
    "other issuer": "It is not signed with a key of the issuer that you check against.",
    "no credential": "This is not a credential of this course.",
}


def _verdict(state: CredentialState, why: str = "", stated: CredentialClaims | None = None) -> CredentialVerdict:
    return CredentialVerdict(state, f"{_STATE_SENTENCES[state]} {why}".strip(), stated)


def check_credential(document: bytes, keys: Iterable[Key], on: datetime) -> CredentialVerdict:
    """Whether a credential is signed by one of these keys, unchanged, and valid at that moment.

    Whether it was revoked since stands in the issuer's status list, which is not asked here.
    """
    try:
        found = _parse_credential(document)
        issuer, method = found["issuer"]["id"], found["proof"][0]["verificationMethod"]
    except _InvalidCredentialError as error:
        return _verdict("no credential", f"The reason: {error}.")
    except (KeyError, TypeError):
        return _verdict("no credential", "The reason: it does not say who issued it.")
    key = _find_key(keys, issuer, method)
    if key is None:
        return _verdict("other issuer", f"It says that {str(issuer)[:200]!r} issued it.")
    try:
        if not has_valid_proof(found, key.public):
            return _verdict("changed")
        stated = _read_claims(found)
    except UnsignableDataError as error:
        return _verdict("changed", f"The reason: {error}.")
    except (KeyError, TypeError, ValueError, AttributeError):
        return _verdict("no credential", "It is signed, but does not say what such a credential says.")
    return _verdict(_validity_state(stated, key, on), stated=stated)


def _validity_state(stated: CredentialClaims, key: Key, on: datetime) -> CredentialState:
    if key.withdrawn is not None and on >= key.withdrawn:
        return "withdrawn"
    if on < stated.valid_from:
        return "not yet valid"
    return "valid" if on <= stated.valid_until else "expired"


def _find_key(keys: Iterable[Key], issuer: str, method: str) -> Key | None:
    """The key that a proof names, if it is that issuer's. A bare key stands for whatever key is named."""
    return next((key for key in keys if not key.address or (key.address, key.issuer) == (method, issuer)), None)


def _parse_credential(document: bytes) -> JsonLdDocument:
    if len(document) > MAX_BYTES:
        raise _InvalidCredentialError("it is too large")
    try:
        found: Any = json.loads(document.decode(), object_pairs_hook=_unique_fields, parse_constant=_refuse_constant)
        objects = _count_objects(found)
    except (ValueError, RecursionError) as error:
        why = error if isinstance(error, _InvalidCredentialError) else "it is not JSON"
        raise _InvalidCredentialError(str(why)) from error
    if not isinstance(found, dict) or found.get("@context") != [CREDENTIALS, OPEN_BADGES]:
        raise _InvalidCredentialError("it is not an Open Badges 3.0 credential")
    if not {"VerifiableCredential", "AchievementCredential"} <= {str(kind) for kind in found.get("type", [])}:
        raise _InvalidCredentialError("it is not a credential for an achievement")
    if objects > _MAX_OBJECTS or _count_values(found) > _MAX_VALUES:
        raise _InvalidCredentialError("it has more parts than such a credential has")
    proof = found.get("proof")
    if not isinstance(proof, list) or len(proof) != 1 or not isinstance(proof[0], dict):
        raise _InvalidCredentialError("it does not have exactly one signature")
    kind = {"type": "DataIntegrityProof", "cryptosuite": SUITE, "proofPurpose": "assertionMethod"}
    if any(proof[0].get(term) != value for term, value in kind.items()):
        raise _InvalidCredentialError(f"its signature is not of the kind {SUITE}")
    return found


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _InvalidCredentialError("a field in it is given twice")
    if any(key.startswith("@") and key != "@context" for key in found):
        raise _InvalidCredentialError("it is written in another way")
    return found


def _refuse_constant(text: str) -> None:
    raise _InvalidCredentialError(f"{text} is not JSON")


def _count_objects(value: Any) -> int:
    """How many objects there are; raises for lists in lists, and if an object inside another brings a context."""
    if isinstance(value, list):
        if any(isinstance(one, list) for one in value):
            raise _InvalidCredentialError("there are lists inside lists")
        return sum(_count_objects(one) for one in value)
    if not isinstance(value, dict):
        return 0
    if any(
        "@context" in one
        for part in value.values()
        for one in (part if isinstance(part, list) else [part])
        if isinstance(one, dict)
    ):
        raise _InvalidCredentialError("a part of it brings its own context")
    return 1 + sum(_count_objects(one) for one in value.values())


def _count_values(value: Any) -> int:
    """How many texts, numbers, lists and objects there are in all."""
    if isinstance(value, dict):
        return 1 + sum(map(_count_values, value.values()))
    return 1 + sum(map(_count_values, value)) if isinstance(value, list) else 1


def _read_claims(found: JsonLdDocument) -> CredentialClaims:
    subject, achievement = found["credentialSubject"], found["credentialSubject"]["achievement"]
    (named,) = subject["identifier"]
    if named["hashed"] is not False or named["identityType"] != "name":
        raise ValueError("the name is not said in words")
    valid_from, valid_until = (datetime.fromisoformat(found[term]) for term in ("validFrom", "validUntil"))
    if valid_from.tzinfo is None or valid_until.tzinfo is None:
        raise ValueError("a moment without a zone")
    return CredentialClaims(
        address=_require_text(found["id"]),
        name=_require_text(named["identityHash"]),
        course=_require_text(achievement["name"]),
        pathway=_require_text(achievement.get("specialization", "")),
        content_version=_require_text(achievement["version"]),
        organisation=_require_text(found["issuer"]["name"]),
        issuer=_require_text(found["issuer"]["id"]),
        completed_on=date.fromisoformat(subject["activityEndDate"]),
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _require_text(value: Any) -> str:
    # A text and a list with just that text mean the same in JSON-LD, and have the same signature.
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def status_list_entry(document: bytes) -> tuple[str, int]:
    """Where a credential says that its revocation is listed, and its place there. Raises ValueError."""
    try:
        status = json.loads(document)["credentialStatus"]
        return str(status["statusListCredential"]), int(status["statusListIndex"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("it does not say where its revocation would be listed") from error


def is_revoked(document: bytes, keys: Iterable[Key], address: str, place: int) -> bool:
    """Whether a status list from that address, signed with one of the keys, says that the place in it is revoked.

    Raises ValueError for what is not such a list.
    """
    if len(document) > MAX_BYTES:
        raise ValueError("the list is too large")
    try:
        found: Any = json.loads(document.decode(), object_pairs_hook=_unique_fields, parse_constant=_refuse_constant)
        if (
            _count_objects(found) > _MAX_OBJECTS
            or _count_values(found) > _MAX_VALUES
            or found["id"] != address
            or "BitstringStatusListCredential" not in found["type"]
        ):
            raise ValueError("it is not the list that was asked for")
        key = _find_key(keys, found["issuer"], found["proof"][0]["verificationMethod"])
        if key is None or key.withdrawn is not None or not has_valid_proof(found, key.public):
            raise ValueError("the list is not signed by the issuer")
        return is_bit_set(found["credentialSubject"]["encodedList"], place)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError("it is not a list of revocations") from error


def extract_credential(data: bytes) -> bytes | None:
    """The credential that a file holds: a PDF with one attached, or the file itself. None for a PDF without.

    A PDF from outside can ask for any time and memory: read it in a process of its own (course/web/sandbox.py).
    """
    if b"%PDF-" not in data[:1024]:
        return data
    from pypdf import PdfReader  # noqa: PLC0415 (it takes long to load, and few who start need it)

    try:
        found = next(iter(PdfReader(io.BytesIO(data)).attachments.get(FILE_NAME, [])), None)
    except MemoryError:
        raise
    except Exception:
        # A file from anywhere can be broken in any way, and pypdf tells about it in as many.
        return None
    return found if found is None or len(found) <= MAX_BYTES else None
