"""Two independent verifiers read our credentials with the official contexts, and refuse changed ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from course.credentials.rules.checking import check_credential
from course.credentials.rules.documents import document_bytes
from course.credentials.rules.signing import JsonLdDocument
from tests.credentials.makers import LATER, SIGNING_SETTINGS, DidIssuer, Issuer
from tests.support.verifiers import VERIFIERS, verdicts

ISSUER = Issuer()
REVOKED = 78
# The same organisation on another host, named by its did:web; on a port, as its name must say in another way.
DID_ISSUER = DidIssuer(replace(SIGNING_SETTINGS, base_url="https://lms.example.net:8443"))
SERVED = ISSUER.served(revoked=(REVOKED, 0, 131071)) | DID_ISSUER.served(revoked=(REVOKED,))
NAMES = (
    "Åse “Ø” O’Kafor",
    'a"b\\c',
    "محمد",
    "李小龍",
    "नमस्ते",
    "👩🏽‍🏫",
    "x" * 200,
    "<b>&amp;",
    "e\u0301",
    "\u200b \u2028",
)

BILINGUAL: dict[str, Any] = {
    "languages": ("cy", "en"), "titles": (("en", "Online abuse: learning from case reviews"), ("cy", "Cam-drin ar-lein")),
}  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to each text and truth value of a document."""
    if isinstance(value, (dict, list)):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(child, (*path, key))
    else:
        yield path


def changed(document: JsonLdDocument, path: tuple[Any, ...], change: Callable[[Any], Any]) -> JsonLdDocument:
    copied = copy.deepcopy(document)
    inner: Any = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = change(inner[path[-1]])
    return copied


def another_value(value: Any) -> Any:
    """Another value of the same type, one character apart."""
    if isinstance(value, bool):
        return not value
    return value[:-1] + ("1" if value[-1] != "1" else "2")


def good_documents() -> dict[str, JsonLdDocument]:
    found = {f"name {name[:12]}": ISSUER.credential(name=name) for name in NAMES}
    found["first place"] = ISSUER.credential(list_index=1)
    found["last place but one"] = ISSUER.credential(list_index=131070)
    found["of long ago"] = ISSUER.credential(pathway="", minutes=None, sections=())
    found["in two languages"] = ISSUER.credential(**BILINGUAL)
    found["the status list"] = SERVED[f"{SIGNING_SETTINGS.base_url}/issuer/status/1"]
    found["by did:web"] = DID_ISSUER.credential()
    found["the list of did:web"] = SERVED["https://lms.example.net:8443/issuer/status/1"]
    found["the issuer"] = SERVED[f"{SIGNING_SETTINGS.base_url}/issuer"]
    return found


def bad_documents() -> dict[str, JsonLdDocument]:
    whole = ISSUER.credential()
    found = {f"changed {'.'.join(map(str, path))}": changed(whole, path, another_value) for path in leaves(whole)}
    # The texts in several languages are signed as well, and so is what they mean.
    bilingual = ISSUER.credential(**BILINGUAL)
    for path in leaves(bilingual):
        if any(str(part).endswith("Map") for part in path):
            found[f"changed {'.'.join(map(str, path))}"] = changed(bilingual, path, another_value)
    for path in (
        ("colour",),
        ("issuer", "colour"),
        ("credentialSubject", "achievement", "colour"),
        ("proof", 0, "colour"),
    ):
        added = copy.deepcopy(whole)
        inner: Any = added
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = "red"
        found[f"added {path}"] = added
    for name in ("name", "validUntil", "credentialStatus", "credentialSubject", "issuer", "proof"):
        found[f"without {name}"] = {key: value for key, value in whole.items() if key != name}
    found["signed with another key"] = Issuer().credential()
    found["revoked"] = ISSUER.credential(list_index=REVOKED)
    found["revoked at the first place"] = ISSUER.credential(list_index=0)
    found["revoked at the last place"] = ISSUER.credential(list_index=131071)
    found["revoked by did:web"] = DID_ISSUER.credential(list_index=REVOKED)
    own = DID_ISSUER.credential()
    found["signed for another did:web"] = {**own, "issuer": {**own["issuer"], "id": "did:web:lms.example.net"}}
    found["by did:web in the list of its address"] = DID_ISSUER.sign(
        {
            **{name: value for name, value in own.items() if name != "proof"},
            "credentialStatus": whole["credentialStatus"],
        }
    )
    found["expired"] = ISSUER.credential(valid_until=(LATER - timedelta(days=3)).date())
    return found


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_an_independent_verifier_accepts_good_and_refuses_changed_documents(verifier: str) -> None:
    good, bad = good_documents(), bad_documents()
    assert len(bad) >= 40
    texts = [json.dumps(document) for document in (*good.values(), *bad.values())]
    found = verdicts(verifier, texts, SERVED, LATER.isoformat())
    results_by_name = dict(zip((*good, *bad), found, strict=True))
    assert {name: results_by_name[name] for name in good if not results_by_name[name]["verified"]} == {}
    assert [name for name in bad if results_by_name[name]["verified"]] == []
    for name in bad:
        if name.startswith("revoked"):
            assert "revoked" in results_by_name[name]["error"], results_by_name[name]


def test_our_own_verification_agrees_with_the_independent_ones() -> None:
    keys = [ISSUER.key, DID_ISSUER.by_address.key]
    ours = {
        name: check_credential(document_bytes(document), keys, LATER).state
        for name, document in good_documents().items()
    }
    assert {state for name, state in ours.items() if not name.startswith("the ")} == {"valid"}
    # Without the status list the check cannot know of revocations.
    accepted = [
        name
        for name, document in bad_documents().items()
        if check_credential(document_bytes(document), keys, LATER).state == "valid"
    ]
    assert accepted == [
        "revoked", "revoked at the first place", "revoked at the last place", "revoked by did:web",
        "by did:web in the list of its address",
    ]  # fmt: skip


def test_a_withdrawn_key_is_refused() -> None:
    served = copy.deepcopy(SERVED)
    served[f"{SIGNING_SETTINGS.base_url}/issuer"]["assertionMethod"] = []
    text = json.dumps(ISSUER.credential())
    for verifier in VERIFIERS:
        (found,) = verdicts(verifier, [text], served, LATER.isoformat())
        assert not found["verified"]
        assert "not authorized" in found["error"]
