"""Two verifiers that others wrote read our credentials with the official contexts, and refuse changed ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from course.credentials.rules.checking import check_credential
from course.credentials.rules.documents import document_bytes
from course.credentials.rules.signing import JsonLdDocument
from tests.credentials.makers import LATER, SEAL, Issuer
from tests.support.verifiers import VERIFIERS, verdicts

ISSUER = Issuer()
REVOKED = 78
SERVED = ISSUER.served(revoked=(REVOKED, 0, 131071))
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


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each text and truth value of a document."""
    if isinstance(value, (dict, list)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))
    else:
        yield path


def changed(document: JsonLdDocument, path: tuple[Any, ...], change: Callable[[Any], Any]) -> JsonLdDocument:
    found = copy.deepcopy(document)
    inner: Any = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = change(inner[path[-1]])
    return found


def other(value: Any) -> Any:
    """Another value of the same kind, one character apart."""
    if isinstance(value, bool):
        return not value
    return value[:-1] + ("1" if value[-1] != "1" else "2")


def good() -> dict[str, JsonLdDocument]:
    found = {f"name {name[:12]}": ISSUER.credential(name=name) for name in NAMES}
    found["first place"] = ISSUER.credential(place=1)
    found["last place but one"] = ISSUER.credential(place=131070)
    found["of long ago"] = ISSUER.credential(pathway="", minutes=None, sections=())
    found["the status list"] = next(d for address, d in SERVED.items() if "/status/" in address)
    found["the issuer"] = SERVED[f"{SEAL.address}/issuer"]
    return found


def bad() -> dict[str, JsonLdDocument]:
    whole = ISSUER.credential()
    found = {f"changed {'.'.join(map(str, path))}": changed(whole, path, other) for path in leaves(whole)}
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
    found["revoked"] = ISSUER.credential(place=REVOKED)
    found["revoked at the first place"] = ISSUER.credential(place=0)
    found["revoked at the last place"] = ISSUER.credential(place=131071)
    found["expired"] = ISSUER.credential(valid_until=(LATER - timedelta(days=3)).date())
    return found


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_an_independent_verifier_accepts_ours_and_refuses_every_changed_one(verifier: str) -> None:
    fine, wrong = good(), bad()
    assert len(wrong) >= 40
    texts = [json.dumps(document) for document in (*fine.values(), *wrong.values())]
    found = verdicts(verifier, texts, SERVED, LATER.isoformat())
    said = dict(zip((*fine, *wrong), found, strict=True))
    assert {name: said[name] for name in fine if not said[name]["verified"]} == {}
    assert [name for name in wrong if said[name]["verified"]] == []
    for name in wrong:
        if name.startswith("revoked"):
            assert "revoked" in said[name]["error"], said[name]


def test_our_own_check_agrees_with_them() -> None:
    keys = [ISSUER.key]
    ours = {name: check_credential(document_bytes(document), keys, LATER).state for name, document in good().items()}
    assert {state for name, state in ours.items() if not name.startswith("the ")} == {"valid"}
    # Whether something was revoked is not for a check without the status list to say.
    accepted = [
        name
        for name, document in bad().items()
        if check_credential(document_bytes(document), keys, LATER).state == "valid"
    ]
    assert accepted == ["revoked", "revoked at the first place", "revoked at the last place"]


def test_a_key_that_was_withdrawn_is_refused() -> None:
    served = copy.deepcopy(SERVED)
    served[f"{SEAL.address}/issuer"]["assertionMethod"] = []
    text = json.dumps(ISSUER.credential())
    for verifier in VERIFIERS:
        (found,) = verdicts(verifier, [text], served, LATER.isoformat())
        assert not found["verified"]
        assert "not authorized" in found["error"]
