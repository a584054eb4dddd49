"""The issuer as did:web: https://w3c-ccg.github.io/did-method-web/

An installation has one issuer with two names, its https address and the did:web of its host, and signs with the same keys under
both. A credential bears one of them. Wallets look the did:web up at /.well-known/did.json.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from course.credentials.rules.documents import issuer_address, key_address, verification_method
from course.credentials.rules.keys import Key, usable_keys
from course.credentials.rules.signing import JsonLdDocument

_PREFIX = "did:web:"
_NAME = re.compile(r"did:web:(?P<host>[A-Za-z0-9.-]+(?:%3A[0-9]+)?)(?:#key-(?P<number>[0-9]{1,10}))?")


def did_web(base_url: str) -> str | None:
    """The did:web of a course at this address; None for a plain http address, which has none."""
    parts = urlsplit(base_url)
    return f"{_PREFIX}{parts.netloc.replace(':', '%3A')}" if parts.scheme == "https" else None


def did_key(did: str, number: int) -> str:
    """The name of a key below a did:web."""
    return f"{did}#key-{number}"


def is_did(name: str) -> bool:
    """Whether an issuer, or a key, is named by its did:web."""
    return name.startswith(_PREFIX)


def plain_address(name: str) -> str:
    """The https address of an issuer or key that is named by its did:web; any other name as it is."""
    found = _NAME.fullmatch(name)
    if found is None:
        return name
    base = f"https://{found['host'].replace('%3A', ':')}"
    return issuer_address(base) if found["number"] is None else key_address(base, int(found["number"]))


def issuer_name(base_url: str, as_did: bool) -> str:
    """The name of the issuer: its did:web, or its https address. A plain http address has no did:web."""
    return (did_web(base_url) if as_did else None) or issuer_address(base_url)


def follows_as_did(last_list_issuer: str | None) -> bool:
    """Whether what is issued now bears the did:web.

    `last_list_issuer` is the issuer of the newest status list: the name stays as it was, so that whoever trusts it has nothing
    to do. An installation that has issued nothing yet begins with its did:web.
    """
    return last_list_issuer is None or is_did(last_list_issuer)


def did_document(base_url: str, keys: Sequence[tuple[int, Key]], at: datetime) -> JsonLdDocument | None:
    """The DID document of a course: all keys of this address, by their numbers. None for a plain http address."""
    did = did_web(base_url)
    if did is None:
        return None
    own = [
        (number, Key(did_key(did, number), did, key.public_bytes, key.withdrawn_from))
        for number, key in keys if key.issuer == issuer_address(base_url)
    ]  # fmt: skip
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "alsoKnownAs": [issuer_address(base_url)],
        "verificationMethod": [verification_method(key) for _number, key in own],
        "assertionMethod": [key.address for key in usable_keys([key for _number, key in own], at)],
    }
