"""What is signed is exactly what is said: nothing stays uncovered, and every change is caught."""

from __future__ import annotations

import copy
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from course.credentials.rules.checking import check_credential, extract_credential
from course.credentials.rules.documents import document_bytes, issuer_document, key_document
from course.credentials.rules.keys import Key, decode_base58, decode_multikey, encode_base58, encode_multikey, read_keys
from course.credentials.rules.signing import JsonLdDocument, UnsignableDataError
from tests.credentials.makers import CERTIFIED, LATER, SEAL, Issuer

ISSUER = Issuer()
GOOD = ISSUER.credential()


def verdict(document: JsonLdDocument | bytes, on: datetime = LATER, key: Key = ISSUER.key) -> str:
    return check_credential(document if isinstance(document, bytes) else document_bytes(document), [key], on).state


def changed(change: Callable[[Any], object], of: JsonLdDocument = GOOD) -> JsonLdDocument:
    document = copy.deepcopy(of)
    change(document)
    return document


def test_a_credential_says_what_the_certificate_says_and_no_more() -> None:
    stated = check_credential(document_bytes(GOOD), [ISSUER.key], LATER).stated
    assert stated is not None
    assert (stated.name, stated.course, stated.pathway) == (CERTIFIED.name, CERTIFIED.course, CERTIFIED.pathway)
    assert (stated.organisation, stated.content_version) == (CERTIFIED.organisation, CERTIFIED.content_version)
    assert (stated.completed_on, stated.last_day) == (CERTIFIED.completed_on, CERTIFIED.valid_until)
    assert stated.address == "https://training.example.org/verify/K7QM-2FXA-9TRC"
    text = document_bytes(GOOD).decode()
    assert "about 170 minutes of work" in text
    assert "Covered: Background; Policy." in text
    assert "@example" not in text
    assert isinstance(GOOD["proof"], list)


# The last second of 22 June 2027 in London is 22.59.59 in UTC.
MOMENTS = [
    (datetime(2026, 11, 22, 9, 29, 59, tzinfo=UTC), "not yet valid"),
    (datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "valid"),
    (datetime(2027, 6, 22, 22, 59, 59, tzinfo=UTC), "valid"),
    (datetime(2027, 6, 22, 23, 0, tzinfo=UTC), "expired"),
]


@pytest.mark.parametrize(("on", "state"), MOMENTS)
def test_the_last_day_is_still_valid_where_it_was_issued(on: datetime, state: str) -> None:
    assert verdict(GOOD, on) == state


def test_what_a_withdrawn_key_signed_counts_until_that_moment() -> None:
    key = replace(ISSUER.key, withdrawn=LATER)
    assert verdict(GOOD, LATER - timedelta(seconds=1), key) == "valid"
    assert verdict(GOOD, LATER, key) == "withdrawn"


def test_every_changed_character_is_caught() -> None:
    text = document_bytes(GOOD).decode()
    missed = []
    for place, sign in enumerate(text):
        other = text[:place] + chr(ord(sign) ^ 1) + text[place + 1 :]
        if check_credential(other.encode(), [ISSUER.key], LATER).signed:
            missed.append((place, other[max(0, place - 20) : place + 20]))
    assert not missed
    assert len(text) > 1500


@settings(max_examples=150)
@given(st.data())
def test_every_replaced_stretch_is_caught(data: st.DataObject) -> None:
    text = document_bytes(GOOD).decode()
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(len(text), start + 6)))
    other = text[:start] + data.draw(st.text(max_size=6)) + text[end:]
    try:
        same = json.loads(other) == GOOD
    except ValueError:
        same = False
    if not same:
        assert not check_credential(other.encode("utf-8", "replace"), [ISSUER.key], LATER).signed


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60)


@settings(max_examples=100)
@given(NAMES)
def test_whatever_somebody_is_called_can_be_signed(name: str) -> None:
    stated = check_credential(document_bytes(ISSUER.credential(name=name)), [ISSUER.key], LATER).stated
    assert stated is not None
    assert stated.name == name


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\x00b", "a\x7fb", "a\x85b", "a\ud800b"])
def test_control_characters_are_not_signed(name: str) -> None:
    with pytest.raises(UnsignableDataError, match="control characters"):
        ISSUER.credential(name=name)


# What JSON-LD would leave out without a word, so that no signature could cover it.
UNCOVERED: list[Callable[[Any], object]] = [
    lambda d: d.update(colour="red"),
    lambda d: d["issuer"].update(phone2="1"),
    lambda d: d["credentialSubject"].update(note="x"),
    lambda d: d["credentialSubject"]["achievement"].update(validFrom="2026-01-01T00:00:00Z"),
    lambda d: d["credentialSubject"]["achievement"]["criteria"].update(version="2"),
    lambda d: d["credentialSubject"]["identifier"][0].update(salt="x"),
    lambda d: d.update(description=None),
    lambda d: d.update(description=[]),
    lambda d: d.update(name=["Course", None]),
    lambda d: d["issuer"].update(type=["Profile", "Bird"]),
    lambda d: d["credentialSubject"]["achievement"].update(id="relative"),
    lambda d: d["credentialStatus"].update(id="urn:a<b>"),
    lambda d: d["credentialStatus"].update(statusListCredential="/relative"),
    lambda d: d.update(name=["Course", "Course"]),
]


@pytest.mark.parametrize("change", UNCOVERED)
def test_nothing_is_signed_that_a_signature_would_not_cover(change: Callable[[Any], object]) -> None:
    plain = {key: value for key, value in GOOD.items() if key != "proof"}
    with pytest.raises(UnsignableDataError):
        ISSUER.sign(changed(change, plain))
    assert verdict(changed(change)) == "changed"


def test_the_field_that_is_not_covered_is_named() -> None:
    words = check_credential(
        document_bytes(changed(lambda d: d["issuer"].update(colour="red"))), [ISSUER.key], LATER
    ).words
    assert "no context defines the field 'colour'" in words


def nested(depth: int) -> Any:
    found: Any = {}
    for _ in range(depth):
        found = {"issuer": found}
    return found


PROOF = GOOD["proof"][0]
ODD: list[tuple[Callable[[Any], object], str]] = [
    (lambda d: d.update(proof=PROOF), "no credential"),
    (lambda d: d.update(proof=[PROOF, PROOF]), "no credential"),
    (lambda d: d.update(proof=[]), "no credential"),
    (lambda d: d.pop("proof"), "no credential"),
    (lambda d: d["proof"][0].update(cryptosuite="eddsa-jcs-2022"), "no credential"),
    (lambda d: d["proof"][0].update(proofPurpose="authentication"), "no credential"),
    (lambda d: d["proof"][0].update(created="2026-01-01T00:00:00Z"), "changed"),
    (lambda d: d["proof"][0].update(domain="x"), "changed"),
    (lambda d: d["proof"][0].update(proofValue="z" + "1" * 88), "changed"),
    (lambda d: d["proof"][0].update(proofValue="u" + PROOF["proofValue"]), "changed"),
    (lambda d: d["proof"][0].update(proofValue=3), "changed"),
    (lambda d: d["proof"][0].update(verificationMethod=["x"]), "other issuer"),
    (lambda d: d["proof"][0].update(verificationMethod="https://other.example/issuer/keys/1"), "other issuer"),
    (lambda d: d["issuer"].update(id="https://other.example/issuer"), "other issuer"),
    (lambda d: d.update(issuer="https://training.example.org/issuer"), "no credential"),
    (lambda d: d["@context"].append("https://other.example/context"), "no credential"),
    (lambda d: d["@context"].append({"colour": "https://schema.org/color"}), "no credential"),
    (lambda d: d["issuer"].update({"@context": {"colour": "https://schema.org/color"}}), "no credential"),
    (lambda d: d["issuer"].update({"@included": [{"id": "https://x.example"}]}), "no credential"),
    (lambda d: d.update(type="VerifiableCredential"), "no credential"),
    (lambda d: d.update(type=7), "no credential"),
    (lambda d: d["credentialSubject"].pop("activityEndDate"), "changed"),
    (lambda d: d["credentialSubject"].update(identifier=[{"type": "IdentityObject"}] * 30), "no credential"),
    (lambda d: d.update(issuer=nested(60)), "no credential"),
]


@pytest.mark.parametrize(("change", "state"), ODD)
def test_what_is_put_together_in_another_way_is_refused(change: Callable[[Any], object], state: str) -> None:
    assert verdict(changed(change)) == state


TEXTS = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"NaN",
    b"\xff\xfe",
    b"[" * 60000,
    b"x" * 70000,
    document_bytes(GOOD).replace(b'"name":"Riverside', b'"name":"Other","name":"Riverside'),
    document_bytes(GOOD).replace(b'"hashed":false', b'"hashed":NaN'),
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_is_no_credential_is_said_to_be_none(text: bytes) -> None:
    assert verdict(text) == "no credential"


def test_something_else_that_the_issuer_signed_is_no_certificate() -> None:
    plain = {key: value for key, value in GOOD.items() if key != "proof"}
    for change in (
        lambda d: d["credentialSubject"].pop("activityEndDate"),
        lambda d: d["credentialSubject"]["identifier"][0].update(hashed=True),
        lambda d: d.update(validUntil="2027-06-22T00:00:00"),
    ):
        assert verdict(ISSUER.sign(changed(change, plain))) == "no credential"


def test_another_key_of_the_same_name_does_not_do() -> None:
    assert verdict(Issuer().credential()) == "changed"
    other = Issuer(replace(SEAL, address="https://other.example"))
    assert verdict(other.credential()) == "other issuer"
    assert check_credential(document_bytes(other.credential()), [ISSUER.key, other.key], LATER).state == "valid"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(issuer_document("Riverside Trust", SEAL.address, [ISSUER.key], LATER)),
        json.dumps(key_document(ISSUER.key)),
        f"  {encode_multikey(ISSUER.key.public)}\n",
    ],
    # A key is another one in each process, and the name of a test must not be.
    ids=["profile", "document", "bare"],
)
def test_keys_are_read_from_a_profile_a_key_document_or_a_bare_key(text: str) -> None:
    assert check_credential(document_bytes(GOOD), read_keys(text), LATER).state == "valid"


def test_a_withdrawn_key_says_so_in_its_document() -> None:
    key = replace(ISSUER.key, withdrawn=LATER)
    document = issuer_document("Riverside Trust", SEAL.address, [key], LATER)
    assert document["assertionMethod"] == []
    assert read_keys(json.dumps(document)) == (key,)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "z6Mk", "zzz0", '{"verificationMethod": []}', '{"verificationMethod": 3}']
)
def test_a_file_without_a_key_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="in it"):
        read_keys(text)


# From https://www.w3.org/TR/vc-di-eddsa/#representation-eddsa-rdfc-2022 and the Bitcoin test vectors for base58.
VECTORS = [
    (bytes.fromhex("00eb15231dfceb60925886b67d065299925915aeb172c06647"), "z1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"),
    (bytes(10), "z1111111111"),
    (b"", "z"),
]


@pytest.mark.parametrize(("data", "text"), VECTORS)
def test_base58_is_what_others_write(data: bytes, text: str) -> None:
    assert encode_base58(data) == text
    assert decode_base58(text) == data


def test_a_public_key_is_read_as_others_write_it() -> None:
    text = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    assert encode_multikey(decode_multikey(text)) == text


def test_a_pdf_gives_out_its_credential() -> None:
    writer, data = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(data)
    assert extract_credential(data.getvalue()) is None
    writer.add_attachment("credential.json", document_bytes(GOOD))
    data = io.BytesIO()
    writer.write(data)
    assert extract_credential(data.getvalue()) == document_bytes(GOOD)
    assert extract_credential(data.getvalue()[:300]) is None
    assert extract_credential(b"%PDF-1.7 nothing") is None
    assert extract_credential(document_bytes(GOOD)) == document_bytes(GOOD)


def test_the_dates_of_a_certificate_are_those_of_its_zone() -> None:
    winter = ISSUER.credential(valid_until=date(2027, 1, 31))
    assert winter["validUntil"] == "2027-01-31T23:59:59+00:00"
    assert GOOD["validUntil"] == "2027-06-22T23:59:59+01:00"


def test_no_document_keeps_the_check_busy() -> None:
    alike = [{"type": "IdentityObject", "identityType": "name"}] * 4
    document = {key: value for key, value in GOOD.items() if key in ("@context", "type", "issuer", "proof")}
    document["credentialSubject"] = {"type": ["AchievementSubject"], "identifier": alike}
    # Canonicalising tries every order of what is alike: four have 24 orders, a hundred more than there are atoms.
    assert verdict(document) == "changed"
    document["credentialSubject"]["identifier"] = alike * 25
    assert verdict(document) == "no credential"
    labels = [f"_:b{number}" for number in range(100)]
    for document in ({**GOOD, "credentialStatus": labels}, {**GOOD, "type": [*GOOD["type"], *labels]}):
        found = check_credential(document_bytes(document), [ISSUER.key], LATER)
        assert (found.state, "a label instead of an address" in found.words) == ("changed", True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(["_:b", "@id", "@type", "Profile", "name", "https://schema.org/name", "AchievementSubject"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["id", "type", "name", "proof", "identifier", "@context", "@id", "@value", "https://x.example/a"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
PATHS = [("@context",), ("id",), ("type",), ("issuer",), ("issuer", "id"), ("issuer", "type"), ("credentialStatus",),
         ("credentialSubject",), ("credentialSubject", "identifier"), ("credentialSubject", "achievement", "criteria"),
         ("proof",), ("proof", 0), ("proof", 0, "created"), ("proof", 0, "verificationMethod"), ("validUntil",)]  # fmt: skip


@settings(max_examples=400)
@given(st.sampled_from(PATHS), JSON)
def test_whatever_stands_in_a_place_the_check_gives_a_verdict(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(GOOD)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert not check_credential(document_bytes(document), [ISSUER.key], LATER).signed


@pytest.mark.parametrize("depth", [1, 2, 50, 250, 400, 900])
@pytest.mark.parametrize("field", [b'"identityHash":', b'"validFrom":', b'"version":', b'"activityEndDate":'])
def test_a_text_in_a_list_is_no_text(field: bytes, depth: int) -> None:
    text = re.sub(field + rb'("[^"]*")', field + b"[" * depth + rb"\1" + b"]" * depth, document_bytes(GOOD))
    assert len(text) == len(document_bytes(GOOD)) + 2 * depth
    assert not check_credential(text, [ISSUER.key], LATER).signed
