"""The pack as a file: verification finds every change in it, whoever signed it; and the tables."""

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


def make_key(private: Ed25519PrivateKey, withdrawn: datetime | None = None) -> Key:
    return Key("https://x/issuer/keys/1", "https://x/issuer", private.public_key().public_bytes_raw(), withdrawn)


def members(private: Ed25519PrivateKey = PRIVATE) -> dict[str, bytes]:
    manifest = build_manifest(ABOUT, FILES, make_key(private))
    return {**FILES, MANIFEST: manifest, SIGNATURE: private.sign(manifest)}


def check(files: dict[str, bytes], *keys: Key) -> PackVerdict:
    return verify_pack(zip_members(files, AT), keys)


def problems(verdict: PackVerdict) -> str:
    return " ".join(one.sentence for one in verdict.findings if not one.is_valid)


def test_an_unchanged_pack_is_valid_in_every_file() -> None:
    verdict = check(members(), make_key(OTHER), make_key(PRIVATE))
    assert verdict.is_valid
    assert verdict.is_key_trusted
    assert [one.sentence for one in verdict.findings] == [
        "READ-ME.txt is as it was made.",
        "people.csv is as it was made.",
        f"manifest.json is signed with the key {encode_multikey(make_key(PRIVATE).public_bytes)}.",
    ]
    assert zip_members(members(), AT) == zip_members(members(), AT)


def test_without_trusted_keys_a_pack_is_valid_but_its_issuer_is_unknown() -> None:
    verdict = check(members())
    assert (verdict.is_valid, verdict.is_key_trusted) == (True, False)


@pytest.mark.parametrize("name", members())
def test_every_changed_byte_in_any_member_is_found(name: str) -> None:
    original = members()
    for offset in range(len(original[name])):
        data = bytearray(original[name])
        data[offset] ^= 1
        verdict = check(original | {name: bytes(data)}, make_key(PRIVATE))
        assert not verdict.is_valid, offset


def test_every_changed_byte_in_the_file_is_found_or_has_no_effect() -> None:
    original = zip_members(members(), AT)
    for offset in range(len(original)):
        data = bytearray(original)
        data[offset] ^= 1
        if verify_pack(bytes(data), [make_key(PRIVATE)]).is_valid:
            with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
                assert {one: archive.read(one) for one in archive.namelist()} == members()


def sign_with_another_key(files: dict[str, bytes]) -> dict[str, bytes]:
    """Sign a changed manifest with a key other than the issuer's, and name that key in it."""
    document = json.loads(files[MANIFEST]) | {"people": 3}
    document["key"]["public"] = encode_multikey(make_key(OTHER).public_bytes)
    manifest = json.dumps(document).encode()
    return files | {MANIFEST: manifest, SIGNATURE: OTHER.sign(manifest)}


def without(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {key: data for key, data in files.items() if key != name}


@pytest.mark.parametrize(
    ("change", "sentence"),
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
        (sign_with_another_key, "which is not the issuer’s"),
    ],
)
def test_each_change_is_described_in_a_sentence(
    change: Callable[[dict[str, bytes]], dict[str, bytes]], sentence: str
) -> None:
    verdict = check(change(members()), make_key(PRIVATE))
    assert sentence in problems(verdict)
    assert not verdict.is_valid


def test_a_rotated_key_is_trusted_and_a_key_withdrawn_earlier_is_not() -> None:
    before, after = make_key(PRIVATE, AT - timedelta(days=1)), make_key(PRIVATE, AT + timedelta(days=1))
    assert check(members(), make_key(PRIVATE), make_key(OTHER)).is_valid
    assert "was withdrawn before this pack was made" in problems(check(members(), before))
    later = check(members(), after)
    assert later.is_valid
    assert "It was withdrawn later" in later.findings[-1].sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the ZIP file is damaged"),
        (b"%PDF-1.7", "the ZIP file is damaged"),
        (zip_members(members(), AT)[:-30], "the ZIP file is damaged"),
        (b"before" + zip_members(members(), AT), "something was written between its files"),
    ],
)
def test_files_that_are_no_pack_are_refused(data: bytes, sentence: str) -> None:
    assert sentence in problems(verify_pack(data, []))


def test_data_after_the_files_is_found() -> None:
    file = io.BytesIO(zip_members(members(), AT))
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"hello"
    assert "behind its files" in problems(verify_pack(file.getvalue(), []))


def test_two_files_of_one_name_are_refused() -> None:
    file = io.BytesIO(zip_members(members(), AT))
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("people.csv", b"other")
    assert "two files of one name" in problems(verify_pack(file.getvalue(), []))


COMPLETION = PackCompletion(1, "initial", date(2025, 2, 1), "AAAA", date(2026, 3, 1), "1", "abc", "", None)


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        (COMPLETION, "Valid"),
        (replace(COMPLETION, valid_until=date(2026, 2, 28)), "Ran out"),
        (replace(COMPLETION, change="revoked", changed_on=date(2026, 2, 2)), "Revoked"),
        (replace(COMPLETION, valid_until=None, number=""), "No certificate"),
        (replace(COMPLETION, kind="brought", valid_until=None), "No last day"),
        (replace(COMPLETION, kind="brought", is_too_old=True), "Too old to count"),
        (replace(COMPLETION, kind="brought", is_too_old=True, change="taken back"), "Taken back"),
    ],
)
def test_the_status_of_a_certificate_on_a_day(completion: PackCompletion, status: str) -> None:
    assert completion.status_on(date(2026, 3, 1)) == status


def test_content_changes_are_counted_by_day() -> None:
    one = PackContentVersion(date(2026, 1, 2), "page", "a/b", "v", "")
    files = tables.changes_by_day([one, replace(one, ref="a/c"), replace(one, kind="change", day=date(2025, 1, 1))])
    assert files == [(date(2025, 1, 1), {"change": 1}), (date(2026, 1, 2), {"page": 2})]
