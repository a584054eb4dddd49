"""Data Integrity proofs of the cryptosuite eddsa-rdfc-2022: https://www.w3.org/TR/vc-di-eddsa/

A document is read as JSON-LD, canonicalised (RDFC-1.0) and hashed with SHA-256; so is the proof without its value.
Ed25519 signs the two hashes.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pyld.canon import URDNA2015
from pyld.context_resolver import ContextResolver
from pyld.jsonld import JsonLdError, JsonLdProcessor

from course.credentials.rules import contexts
from course.credentials.rules.keys import decode_base58, encode_base58
from course.translation import lazy_gettext as _

SUITE = "eddsa-rdfc-2022"
JsonLdDocument = dict[str, Any]
_SIGNATURE_BYTES = 64  # bytes
_ADDRESS_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]+")
# PyLD caches parsed contexts, and is not thread-safe.
_LOCK = threading.Lock()
_OPTIONS = {
    # None instead of an empty text: PyLD would complete a relative address with a base of its own, and so hide it.
    "base": None,
    "documentLoader": contexts.load_context,
    "contextResolver": ContextResolver({}, contexts.load_context),
    "processingMode": "json-ld-1.1",
    "produceGeneralizedRdf": False,
    "extractAllScripts": False,
}


class UnsignableDataError(ValueError):
    """A signature would not cover a part of a document."""


def add_proof(document: JsonLdDocument, private: Ed25519PrivateKey, method: str, at: datetime) -> JsonLdDocument:
    """The document with one proof, in an array. `method` is the address of the public key.

    Raises UnsignableDataError if any key or value of the document, at any depth, would stay unsigned.
    """
    _refuse_control_characters(document)
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    return {
        **document,
        "proof": [{**proof, "proofValue": encode_base58(private.sign(_signing_input(document, proof)))}],
    }


def has_valid_proof(document: JsonLdDocument, public: bytes) -> bool:
    """Whether the one proof of a document was made with this key over exactly this document.

    Raises UnsignableDataError if the document has a part that no signature covers.
    """
    unsigned = dict(document)
    (proof,) = unsigned.pop("proof")
    proof_options = dict(proof)
    try:
        signature = decode_base58(str(proof_options.pop("proofValue", "")))
        if len(signature) != _SIGNATURE_BYTES:
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signing_input(unsigned, proof_options))
    except UnsignableDataError:
        raise
    except (ValueError, InvalidSignature):
        return False
    return True


def _signing_input(document: JsonLdDocument, proof: JsonLdDocument) -> bytes:
    proof_with_context = {"@context": document["@context"], **proof}
    return b"".join(hashlib.sha256(canonicalise(part).encode()).digest() for part in (proof_with_context, document))


def canonicalise(document: JsonLdDocument) -> str:
    """The document as canonical N-Quads.

    JSON-LD silently drops a key that no context defines, and a value that is null or a relative address. A signature
    would not cover these, so they are refused. Raises UnsignableDataError.
    """
    dropped: list[str] = []
    try:
        with _LOCK:
            dataset = JsonLdProcessor(on_property_dropped=dropped.append).to_rdf(document, _OPTIONS)
    except JsonLdError as error:
        raise UnsignableDataError(_("cannot be read as JSON-LD: %(problem)s", problem=error.type)) from error
    if dropped:
        raise UnsignableDataError(_("no context defines the field %(field)s", field=repr(dropped[0])))
    quads = dataset.get("@default", [])
    if len(dataset) != 1 or len(quads) != _count_statements(without_maps(document)):
        raise UnsignableDataError(_("a value in it is empty, given twice, or no full address"))
    _refuse_invalid_nodes(document, [part for quad in quads for part in quad.values()])
    canonical: str = URDNA2015().main(dataset, {"format": "application/n-quads"})
    return canonical


def _refuse_invalid_nodes(document: JsonLdDocument, parts: list[dict[str, str]]) -> None:
    """Require that every address is absolute, and that only objects without an id are blank nodes.

    With labels such as _:b1 in place of addresses a short list could keep the canonicaliser busy for years.
    """
    for part in parts:
        if part["type"] == "IRI" and not _ADDRESS_PATTERN.fullmatch(part["value"]):
            raise UnsignableDataError(
                f"{part['value'][:200]!r} is no full address, or not a word that a context defines"
            )
    blank_nodes = {part["value"] for part in parts if part["type"] == "blank node"}
    nodes = (value for value in _walk_values(without_maps(document)) if isinstance(value, dict))
    if len(blank_nodes) != sum("id" not in node for node in nodes):
        raise UnsignableDataError("a part of it has a label instead of an address")


def without_maps(value: Any) -> Any:
    """A tree without its contexts, in which a language map is a list of its texts, so that every object is a node."""
    if isinstance(value, list):
        return [without_maps(child) for child in value]
    if not isinstance(value, dict):
        return value
    return {
        key: list(child.values()) if key in contexts.LANGUAGE_MAPS and isinstance(child, dict) else without_maps(child)
        for key, child in value.items() if key != "@context"
    }  # fmt: skip


def _count_statements(value: Any) -> int:
    """The number of RDF statements of a tree without language maps: one for each value, and one for each object inside another."""
    if isinstance(value, list) and value:
        return sum(_count_statements(child) for child in value)
    if not isinstance(value, dict):
        return 1
    inner = [child for key, child in value.items() if key != "id"]
    nested = sum(isinstance(child, dict) for part in inner for child in (part if isinstance(part, list) else [part]))
    return nested + sum(_count_statements(child) for child in inner)


def _refuse_control_characters(document: JsonLdDocument) -> None:
    """Refuse control characters: canonicalisers escape them differently, and no name needs them."""
    for text in _walk_values(document):
        if isinstance(text, str) and any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            raise UnsignableDataError(f"there are control characters in {text!r}")


def _walk_values(value: Any) -> Iterator[Any]:
    """A tree itself, and everything in it."""
    yield value
    if isinstance(value, (dict, list)):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _walk_values(child)
