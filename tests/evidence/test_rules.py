"""The pack as a file: every change in it is found, whoever signed it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from course.credentials.rules.keys import Key, encode_multikey
from course.evidence.rules import tables
from course.evidence.rules.pack import (
    MANIFEST,
    SIGNATURE,
    PackDescription,
    PackVerdict,
    build_manifest,
    verify_pack,
    zip_members,
)
from course.evidence.rules.tables import PackCompletion, PackContentVersion

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ABOUT = PackDescription("Hill Trust", "", date(2026, 3, 1), 2, AT, "Ann", "A course", "1", "abc", 7, "f" * 64)
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
FILES = {"READ-ME.txt": b"Read me.", "people.csv": "Zoë,1\r\n".encode()}


def key_of(private: Ed25519PrivateKey, withdrawn: datetime | None = None) -> Key:
    return Key("https://x/issuer/keys/1", "https://x/issuer", private.public_key().public_bytes_raw(), withdrawn)


def members(private: Ed25519PrivateKey = PRIVATE) -> dict[str, bytes]:
    listed = build_manifest(ABOUT, FILES, key_of(private))
    return {**FILES, MANIFEST: listed, SIGNATURE: private.sign(listed)}


def check(found: dict[str, bytes], *keys: Key) -> PackVerdict:
    return verify_pack(zip_members(found, AT), keys)


def words(verdict: PackVerdict) -> str:
    return " ".join(one.words for one in verdict.told if not one.right)


def test_a_pack_as_it_was_made_is_right_in_every_file() -> None:
    verdict = check(members(), key_of(OTHER), key_of(PRIVATE))
    assert verdict.right
    assert verdict.known
    assert [one.words for one in verdict.told] == [
        "READ-ME.txt is as it was made.",
        "people.csv is as it was made.",
        f"manifest.json is signed with the key {encode_multikey(key_of(PRIVATE).public)}.",
    ]
    assert zip_members(members(), AT) == zip_members(members(), AT)


def test_without_the_issuers_key_a_pack_is_right_but_nobody_says_whose_it_is() -> None:
    verdict = check(members())
    assert (verdict.right, verdict.known) == (True, False)


@pytest.mark.parametrize("name", members())
def test_every_byte_that_is_changed_in_any_member_is_found(name: str) -> None:
    whole = members()
    for place in range(len(whole[name])):
        data = bytearray(whole[name])
        data[place] ^= 1
        verdict = check(whole | {name: bytes(data)}, key_of(PRIVATE))
        assert not verdict.right, place


def test_every_byte_that_is_changed_in_the_file_is_found_or_changes_nothing_that_is_read() -> None:
    whole = zip_members(members(), AT)
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1
        if verify_pack(bytes(data), [key_of(PRIVATE)]).right:
            with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
                assert {one: archive.read(one) for one in archive.namelist()} == members()


def signed_anew(found: dict[str, bytes]) -> dict[str, bytes]:
    """By somebody who puts their own key in the place of the issuer's."""
    document = json.loads(found[MANIFEST]) | {"people": 3}
    document["key"]["public"] = encode_multikey(key_of(OTHER).public)
    listed = json.dumps(document).encode()
    return found | {MANIFEST: listed, SIGNATURE: OTHER.sign(listed)}


def without(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda found: {key: data for key, data in found.items() if key != name}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m | {"people.csv": b"x"}, "people.csv was changed: its hash is not the one in the manifest."),
        (lambda m: m | {"more.csv": b"x"}, "more.csv was added: the manifest does not name it."),
        (without("people.csv"), "people.csv is missing."),
        (without(SIGNATURE), "manifest.sig is missing"),
        (without(MANIFEST), "'manifest.json' is missing in it"),
        (lambda m: m | {MANIFEST: m[MANIFEST].replace(b"Hill", b"Dale")}, "does not fit manifest.json"),
        (lambda m: m | {MANIFEST: b"{"}, "manifest.json is not JSON"),
        (lambda m: m | {MANIFEST: b"[]"}, "of another format"),
        (lambda m: m | {MANIFEST: json.dumps({"format": json.loads(m[MANIFEST])["format"]}).encode()}, "'files'"),
        (lambda m: m | {SIGNATURE: b""}, "does not fit"),
        (signed_anew, "which is not the issuer’s"),
    ],
)
def test_what_was_changed_is_said_in_a_sentence(
    change: Callable[[dict[str, bytes]], dict[str, bytes]], told: str
) -> None:
    verdict = check(change(members()), key_of(PRIVATE))
    assert told in words(verdict)
    assert not verdict.right


def test_a_key_that_was_rotated_still_counts_and_one_that_was_withdrawn_before_does_not() -> None:
    before, after = key_of(PRIVATE, AT - timedelta(days=1)), key_of(PRIVATE, AT + timedelta(days=1))
    assert check(members(), key_of(PRIVATE), key_of(OTHER)).right
    assert "was withdrawn before this pack was made" in words(check(members(), before))
    later = check(members(), after)
    assert later.right
    assert "It was withdrawn later" in later.told[-1].words


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the ZIP file is damaged"),
        (b"%PDF-1.7", "the ZIP file is damaged"),
        (zip_members(members(), AT)[:-30], "the ZIP file is damaged"),
        (b"before" + zip_members(members(), AT), "something was written between its files"),
    ],
)
def test_what_is_no_pack_is_refused(data: bytes, told: str) -> None:
    assert told in words(verify_pack(data, []))


def test_what_was_written_behind_the_files_is_found() -> None:
    file = io.BytesIO(zip_members(members(), AT))
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"hello"
    assert "behind its files" in words(verify_pack(file.getvalue(), []))


def test_two_files_of_one_name_are_refused() -> None:
    file = io.BytesIO(zip_members(members(), AT))
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("people.csv", b"other")
    assert "two files of one name" in words(verify_pack(file.getvalue(), []))


HELD = PackCompletion(1, "initial", date(2025, 2, 1), "AAAA", date(2026, 3, 1), "1", "abc", "", None)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (HELD, "Valid"),
        (replace(HELD, valid_until=date(2026, 2, 28)), "Ran out"),
        (replace(HELD, change="revoked", changed=date(2026, 2, 2)), "Revoked"),
        (replace(HELD, valid_until=None, number=""), "No certificate"),
        (replace(HELD, kind="brought", valid_until=None), "No last day"),
    ],
)
def test_how_a_certificate_stood_on_the_day(held: PackCompletion, told: str) -> None:
    assert held.words(date(2026, 3, 1)) == told


def test_what_was_put_in_force_is_counted_by_day() -> None:
    one = PackContentVersion(date(2026, 1, 2), "page", "a/b", "v", "")
    found = tables.changes_by_day([one, replace(one, ref="a/c"), replace(one, kind="change", day=date(2025, 1, 1))])
    assert found == [(date(2025, 1, 1), {"change": 1}), (date(2026, 1, 2), {"page": 2})]
