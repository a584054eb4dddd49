"""Verification of a credential of this course, from any installation, with nothing but the issuer's public keys."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from course.credentials.rules.baking import PNG_SIGNATURE, read_png, read_svg
from course.credentials.rules.contexts import CREDENTIALS, LANGUAGE_MAPS, OPEN_BADGES
from course.credentials.rules.did_web import plain_address
from course.credentials.rules.documents import FILE_NAME, is_bit_set
from course.credentials.rules.keys import Key
from course.credentials.rules.signing import SUITE, JsonLdDocument, UnsignableDataError, has_valid_proof, without_maps
from course.translation import error_text, lazy_sentences
from course.translation import lazy_gettext as _

CredentialState = Literal["valid", "expired", "not yet valid", "changed", "withdrawn", "other issuer", "no credential"]
_KNOWN_CONTEXTS = ([CREDENTIALS, OPEN_BADGES], [CREDENTIALS, OPEN_BADGES, LANGUAGE_MAPS])
MAX_BYTES = 64 * 1024
# A credential of this course has seven objects, with the proof eight. Many similar objects would keep the canonicaliser
# busy for hours.
_MAX_OBJECTS = 8
# A credential of this course has about fifty values. The work of the canonicaliser grows with their square: the 6,000
# that fit into a file took half a minute.
_MAX_VALUES = 300


@dataclass(frozen=True)
class CredentialClaims:
    """The contents of a signed credential. `issuer` is the https address of the issuer, also where the credential names its
    did:web."""

    url: str
    holder_name: str
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
        """The last day of validity, in the time zone of the issuer."""
        return self.valid_until.date()


@dataclass(frozen=True)
class CredentialVerdict:
    """The result of a verification, with a sentence for display. `claims` is set only if the signature is valid."""

    state: CredentialState
    sentence: str
    claims: CredentialClaims | None = None

    @property
    def is_signature_valid(self) -> bool:
        """Whether the signature is valid, whatever the dates."""
        return self.state in ("valid", "expired", "not yet valid")


class _InvalidCredentialError(ValueError):
    """The reason why a file is no credential of this course."""


_STATE_SENTENCES: dict[CredentialState, str] = {
    "valid": _("The signature holds, and the certificate is valid by its dates."),
    "expired": _("The signature holds. The certificate has expired."),
    "not yet valid": _("The signature holds. The certificate is not valid yet."),
    "changed": _("The signature is wrong. It was changed after it was signed, or someone else signed it."),
    "withdrawn": _(
        "The issuer has withdrawn the key that signed it. Ask its holder to download the certificate again."
    ),
    "other issuer": _("It is not signed with a key of the issuer that you check against."),
    "no credential": _("This is not a credential of this course."),
}


def _verdict(state: CredentialState, detail: str = "", claims: CredentialClaims | None = None) -> CredentialVerdict:
    return CredentialVerdict(state, lazy_sentences([_STATE_SENTENCES[state], detail]), claims)


def check_credential(document: bytes, keys: Iterable[Key], on: datetime) -> CredentialVerdict:
    """Whether a credential is signed by one of these keys, unchanged, and valid at the moment `on`.

    Revocation is not checked: the issuer's status list says that (see is_revoked).
    """
    try:
        credential = _parse_credential(document)
        issuer, method = credential["issuer"]["id"], credential["proof"][0]["verificationMethod"]
    except _InvalidCredentialError as error:
        return _verdict("no credential", _("The reason: %(error)s.", error=error_text(error)))
    except (KeyError, TypeError):
        return _verdict("no credential", _("The reason: it does not say who issued it."))
    key = _find_key(keys, issuer, method)
    if key is None:
        return _verdict("other issuer", _("It says that %(issuer)s issued it.", issuer=repr(str(issuer)[:200])))
    try:
        if not has_valid_proof(credential, key.public_bytes):
            return _verdict("changed")
        claims = _read_claims(credential)
    except UnsignableDataError as error:
        return _verdict("changed", _("The reason: %(error)s.", error=error_text(error)))
    except (KeyError, TypeError, ValueError, AttributeError):
        return _verdict("no credential", _("It is signed, but does not say what such a credential says."))
    return _verdict(_validity_state(claims, key, on), claims=claims)


def _validity_state(claims: CredentialClaims, key: Key, on: datetime) -> CredentialState:
    if key.withdrawn_from is not None and on >= key.withdrawn_from:
        return "withdrawn"
    if on < claims.valid_from:
        return "not yet valid"
    return "valid" if on <= claims.valid_until else "expired"


def _find_key(keys: Iterable[Key], issuer: str, method: str) -> Key | None:
    """The key that a proof names, if it belongs to that issuer. A bare key matches any name.

    The https address of an issuer and its did:web are names for the same keys: whoever trusts one trusts the other.
    """
    wanted = (plain_address(str(method)), plain_address(str(issuer)))

    def named(key: Key) -> bool:
        return (plain_address(key.address), plain_address(key.issuer)) == wanted

    return next((key for key in keys if not key.address or named(key)), None)


def _parse_credential(document: bytes) -> JsonLdDocument:
    if len(document) > MAX_BYTES:
        raise _InvalidCredentialError(_("it is too large"))
    try:
        credential: Any = json.loads(
            document.decode(), object_pairs_hook=_unique_fields, parse_constant=_refuse_constant
        )
        _count_objects(credential)  # which refuses lists inside lists, and contexts of parts
    except (ValueError, RecursionError) as error:
        problem = error_text(error) if isinstance(error, _InvalidCredentialError) else _("it is not JSON")
        raise _InvalidCredentialError(problem) from error
    if not isinstance(credential, dict) or credential.get("@context") not in _KNOWN_CONTEXTS:
        raise _InvalidCredentialError(_("it is not an Open Badges 3.0 credential"))
    if _has_keyword({key: part for key, part in credential.items() if key != "@context"}):
        raise _InvalidCredentialError(_("it is written in another way"))
    if not {"VerifiableCredential", "AchievementCredential"} <= {
        str(required) for required in credential.get("type", [])
    }:
        raise _InvalidCredentialError(_("it is not a credential for an achievement"))
    counted = without_maps(credential)
    if _count_objects(counted) > _MAX_OBJECTS or _count_values(counted) > _MAX_VALUES:
        raise _InvalidCredentialError(_("it has more parts than such a credential has"))
    proof = credential.get("proof")
    if not isinstance(proof, list) or len(proof) != 1 or not isinstance(proof[0], dict):
        raise _InvalidCredentialError(_("it does not have exactly one signature"))
    required = {"type": "DataIntegrityProof", "cryptosuite": SUITE, "proofPurpose": "assertionMethod"}
    if any(proof[0].get(term) != value for term, value in required.items()):
        raise _InvalidCredentialError(_("its signature is not of the kind %(suite)s", suite=SUITE))
    return credential


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _InvalidCredentialError(_("a field in it is given twice"))
    return fields


def _has_keyword(value: Any) -> bool:
    """Whether a tree has a keyword of JSON-LD, with which the same could be written in another way. A context inside is
    refused by `_count_objects`."""
    if isinstance(value, list):
        return any(_has_keyword(child) for child in value)
    if not isinstance(value, dict):
        return False
    return any(key.startswith("@") and key != "@context" for key in value) or any(map(_has_keyword, value.values()))


def _refuse_constant(text: str) -> None:
    raise _InvalidCredentialError(_("%(text)s is not JSON", text=text))


def _count_objects(value: Any) -> int:
    """The number of objects in a tree.

    Raises _InvalidCredentialError for nested lists, and for an object with a context of its own inside another.
    """
    if isinstance(value, list):
        if any(isinstance(child, list) for child in value):
            raise _InvalidCredentialError(_("there are lists inside lists"))
        return sum(_count_objects(child) for child in value)
    if not isinstance(value, dict):
        return 0
    if any(
        "@context" in child
        for part in value.values()
        for child in (part if isinstance(part, list) else [part])
        if isinstance(child, dict)
    ):
        raise _InvalidCredentialError(_("a part of it brings its own context"))
    return 1 + sum(_count_objects(child) for child in value.values())


def _count_values(value: Any) -> int:
    """The number of texts, numbers, lists and objects in a tree."""
    if isinstance(value, dict):
        return 1 + sum(map(_count_values, value.values()))
    return 1 + sum(map(_count_values, value)) if isinstance(value, list) else 1


def _read_claims(credential: JsonLdDocument) -> CredentialClaims:
    subject, achievement = credential["credentialSubject"], credential["credentialSubject"]["achievement"]
    (identity,) = subject["identifier"]
    if identity["hashed"] is not False or identity["identityType"] != "name":
        raise ValueError("the name is not said in words")
    valid_from, valid_until = (datetime.fromisoformat(credential[term]) for term in ("validFrom", "validUntil"))
    if valid_from.tzinfo is None or valid_until.tzinfo is None:
        raise ValueError("a moment without a zone")
    return CredentialClaims(
        url=_require_text(credential["id"]),
        holder_name=_require_text(identity["identityHash"]),
        course=_require_text(achievement["name"]),
        pathway=_require_text(achievement.get("specialization", "")),
        content_version=_require_text(achievement["version"]),
        organisation=_require_text(credential["issuer"]["name"]),
        issuer=plain_address(_require_text(credential["issuer"]["id"])),
        completed_on=date.fromisoformat(subject["activityEndDate"]),
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _require_text(value: Any) -> str:
    # In JSON-LD a text and a list with only that text mean the same, and have the same signature.
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def status_list_entry(document: bytes) -> tuple[str, int]:
    """The address of the status list that a credential names, and the index in that list. Raises ValueError."""
    try:
        status = json.loads(document)["credentialStatus"]
        return str(status["statusListCredential"]), int(status["statusListIndex"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(_("it does not say where its revocation would be listed")) from error


def is_revoked(document: bytes, keys: Iterable[Key], address: str, index: int) -> bool:
    """Whether the status list from that address, signed with one of the keys, marks the index as revoked.

    Raises ValueError for anything that is not such a list.
    """
    if len(document) > MAX_BYTES:
        raise ValueError(_("the list is too large"))
    try:
        status_list: Any = json.loads(
            document.decode(), object_pairs_hook=_unique_fields, parse_constant=_refuse_constant
        )
        if (
            _count_objects(status_list) > _MAX_OBJECTS
            or _count_values(status_list) > _MAX_VALUES
            or status_list["id"] != address
            or "BitstringStatusListCredential" not in status_list["type"]
        ):
            raise ValueError(_("it is not the list that was asked for"))
        key = _find_key(keys, status_list["issuer"], status_list["proof"][0]["verificationMethod"])
        if key is None or key.withdrawn_from is not None or not has_valid_proof(status_list, key.public_bytes):
            raise ValueError(_("the list is not signed by the issuer"))
        return is_bit_set(status_list["credentialSubject"]["encodedList"], index)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(_("it is not a list of revocations")) from error


def extract_credential(data: bytes) -> bytes | None:
    """The credential in a file: the attachment of a PDF, what is baked into a PNG or an SVG, or the file itself. None for a
    PDF or a picture without one.

    A PDF from outside can take any amount of time and memory: call this in a process of its own
    (course/web/sandbox.py).
    """
    head = data[:1024]
    if head.startswith(PNG_SIGNATURE) or b"<svg" in head:
        try:
            baked = read_png(data) if head.startswith(PNG_SIGNATURE) else read_svg(data)
        except ValueError:
            return None
        return baked if baked is None or len(baked) <= MAX_BYTES else None
    if b"%PDF-" not in head:
        return data
    from pypdf import PdfReader  # noqa: PLC0415 (it takes long to load, and few who start need it)

    try:
        attachment = next(iter(PdfReader(io.BytesIO(data)).attachments.get(FILE_NAME, [])), None)
    except MemoryError:
        raise
    except Exception:
        # A file from outside can be broken in any way, and pypdf raises as many kinds of error.
        return None
    return attachment if attachment is None or len(attachment) <= MAX_BYTES else None
