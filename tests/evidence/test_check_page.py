"""The public page that checks a pack: whose it is, whether it is whole, and files that were made to do harm."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth.rate_limits import RateLimiter
from course.clock import now
from course.context import make_context
from course.credentials.actions import rotate_key
from course.credentials.queries import keys
from course.credentials.rules.documents import document_bytes
from course.db import Base
from course.evidence import views
from course.evidence.rules.pack import FORMAT, MANIFEST, SIGNATURE, build_manifest, zip_members
from course.evidence.rules.upload_check import MAX_LISTED, UploadResult, check_as_data, check_upload, result_from_data
from course.external_certificates.actions import trust_issuer
from tests.credentials.makers import Issuer
from tests.evidence.test_packs import make_pack
from tests.evidence.test_rules import ABOUT, AT, FILES, OTHER, PRIVATE, make_key, members
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client, Page, check
from tests.support.days import this_day

WHOLE = zip_members(members(), AT)


@pytest.fixture(autouse=True)
def _many_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_check_throttle", RateLimiter("test pack checks", 100, 600))


def upload(client: Client, data: bytes, status: int = 200) -> Page:
    form = {"csrf_token": client.token(), "file": (io.BytesIO(data), "pack.zip")}
    answer = client.flask.post("/verify/pack", data=form, content_type="multipart/form-data")
    assert answer.status_code == status, answer.text
    page = Page(answer)
    check(page, "/verify/pack")
    return page


def with_changed_file(pack: bytes, name: str) -> bytes:
    """The pack with a space more in a file, packed anew."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    return zip_members({**files, name: files[name] + b" "}, now())


@pytest.mark.both_engines
def test_anyone_can_check_a_pack_and_nothing_of_it_is_stored(app: Flask, session: Session, client: Client) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    pack = make_pack(sign_in(client, boss), None, this_day())[""]
    visitor = Client(app)
    assert "Check an evidence pack" in visitor.get("/verify").text
    upload(visitor, WHOLE)  # the session and the limit of the visitor are on record from here on

    def stored() -> dict[str, int]:
        session.expire_all()
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
            if table.name != "sign_in_attempt"
        }

    before = stored()
    page = upload(visitor, pack)
    assert "This pack is whole, and it is ours" in page.text
    for words in ("Riverside Trust", "Everyone", "People"):
        assert words in page.text
    changed = upload(visitor, with_changed_file(pack, "people.csv"))
    assert "This pack was changed" in changed.text
    assert "The file people.csv was changed." in changed.text
    assert "Riverside Trust" not in changed.text.partition("This pack was changed")[2].partition("Check another")[0]
    assert stored() == before
    rotate_key(session, "new year", now())
    session.commit()
    assert "it is ours" in upload(visitor, pack).text


ISSUER = Issuer()


def signed_by(issuer: Issuer) -> bytes:
    """A pack of another installation."""
    manifest = build_manifest(ABOUT, FILES, issuer.key)
    return zip_members({**FILES, MANIFEST: manifest, SIGNATURE: issuer.private.sign(manifest)}, AT)


@pytest.mark.both_engines
def test_a_pack_of_another_organisation_is_whole_and_named_only_as_far_as_it_can_be(
    session: Session, client: Client
) -> None:
    make_organisation(session, "Elm Trust")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    pack = signed_by(ISSUER)
    page = upload(client, pack)
    assert "This pack is whole, but we do not know its key" in page.text
    assert ISSUER.key.issuer in page.text
    assert f'href="{ISSUER.key.issuer}' not in page.html
    profile = document_bytes(ISSUER.served()[ISSUER.key.issuer]).decode()
    trust_issuer(make_context(session, boss.id, now()), profile, "sister trust")
    session.commit()
    page = upload(client, pack)
    assert "This pack is whole" in page.text
    assert "It is from Riverside Trust. Elm Trust accepts certificates from there." in page.text


def test_what_an_unknown_pack_says_of_itself_cannot_write_into_the_page(session: Session, client: Client) -> None:
    make_person(session)
    claims = json.loads(build_manifest(ABOUT, FILES, make_key(PRIVATE)))
    claims |= {"organisation": "<script>alert(1)</script>\u202eevil\n" + "x" * 5000, "team": "\x00A"}
    manifest = json.dumps(claims).encode()
    page = upload(client, zip_members({**FILES, MANIFEST: manifest, SIGNATURE: PRIVATE.sign(manifest)}, AT))
    assert "<script>alert" not in page.html
    assert "\u202e" not in page.html
    assert "x" * 400 not in page.text


def bomb(size: int, count: int = 1) -> bytes:
    """A ZIP file of `count` files that unpack to so many bytes each."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(zipfile.ZipInfo(f"{number}.csv"), bytes(size), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def with_wrong_size(size: int) -> bytes:
    """A pack whose directory says that its first file has `size` bytes when it is unpacked."""
    data = bytearray(WHOLE)
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", size)
    return bytes(data)


def with_manifest(manifest: bytes) -> bytes:
    return zip_members({**members(), MANIFEST: manifest, SIGNATURE: PRIVATE.sign(manifest)}, AT)


def manifest_with(**changes: object) -> bytes:
    return with_manifest(json.dumps({**json.loads(members()[MANIFEST]), **changes}).encode())


HOSTILE = {
    "empty": (b"", "no-pack"),
    "text": (b"hello", "no-pack"),
    "pdf": (b"%PDF-1.7", "no-pack"),
    "cut": (WHOLE[:-30], "no-pack"),
    "zip in front": (WHOLE + WHOLE, "no-pack"),
    "a bomb": (bomb(200 * 1024 * 1024), "too-large"),
    "many files": (bomb(1, 1001), "too-large"),
    "a zip of zips": (zip_members({"a.zip": bomb(1024 * 1024)}, AT), "no-pack"),
    "a size that lies": (with_wrong_size(0), "no-pack"),
    "a size that lies high": (with_wrong_size(2**31), "too-large"),
    "a large manifest": (with_manifest(b" " * (1024 * 1024 + 1)), "too-large"),
    "a deep manifest": (with_manifest(b"[" * 100_000 + b"]" * 100_000), "no-pack"),
    "another format": (manifest_with(format=FORMAT.replace("1", "2")), "other-format"),
    "no organisation": (manifest_with(organisation=None), "no-pack"),
    "people as text": (manifest_with(people="many"), "no-pack"),
    "a day that is none": (manifest_with(day="yesterday"), "no-pack"),
    "no time zone": (manifest_with(made_at="2026-03-01T09:00:00"), "no-pack"),
    "a key that is none": (manifest_with(key={"id": "x", "issuer": "x", "public": "x"}), "no-pack"),
    "files that are no list": (manifest_with(files=7), "no-pack"),
    "a changed signature": (zip_members({**members(), SIGNATURE: b"x" * 64}, AT), "changed"),
    "no signature": (zip_members({one: data for one, data in members().items() if one != SIGNATURE}, AT), "changed"),
    "a file more": (zip_members({**members(), "more.csv": b"x"}, AT), "changed"),
    "a file less": (zip_members({one: data for one, data in members().items() if one != "people.csv"}, AT), "changed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_each_kind_of_hostile_file_is_told_apart(name: str) -> None:
    data, outcome = HOSTILE[name]
    assert check_upload(data, [make_key(PRIVATE)], []).outcome == outcome


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("text", 422, "This is not an evidence pack"),
        ("a bomb", 422, "This file is too large to check here"),
        ("another format", 422, "This pack is in another format"),
        ("no signature", 200, "The signature is missing"),
        ("a file more", 200, "The file more.csv was added."),
        ("a file less", 200, "The file people.csv is missing."),
        ("a changed signature", 200, "The signature does not fit the list of files"),
    ],
)
def test_the_page_says_in_clear_words_what_is_wrong(
    session: Session, client: Client, name: str, status: int, words: str
) -> None:
    make_person(session)
    assert words in upload(client, HOSTILE[name][0], status).text


def test_a_page_without_a_file_asks_for_one_and_too_much_is_refused_before_it_is_read(
    session: Session, client: Client
) -> None:
    make_person(session)
    assert "Choose the file." in client.post("/verify/pack", {}, 422).text
    form = {"csrf_token": client.token(), "file": (io.BytesIO(bytes(33 * 1024 * 1024)), "pack.zip")}
    answer = client.flask.post("/verify/pack", data=form, content_type="multipart/form-data")
    assert (answer.status_code, "at most 32 MB" in answer.text) == (413, True)


def test_many_checks_from_one_network_are_put_off_and_leave_no_trace_in_the_log(
    session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(session)
    monkeypatch.setattr(views, "_check_throttle", RateLimiter("test few checks", 1, 600))
    before = session.execute(select(func.count()).select_from(AuditEntry)).scalar_one()
    upload(client, b"hello", 422)
    assert "There were many checks from your network" in upload(client, WHOLE, 429).text
    session.expire_all()
    assert session.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == before


def test_whose_a_pack_is_follows_from_its_key() -> None:
    ours, withdrawn = make_key(PRIVATE), make_key(PRIVATE, AT - timedelta(days=1))
    assert check_upload(WHOLE, [ours], []).outcome == "ours"
    assert check_upload(WHOLE, [make_key(OTHER)], [ours]).outcome == "known"
    assert check_upload(WHOLE, [make_key(OTHER)], []).outcome == "unknown"
    assert check_upload(WHOLE, [], []).outcome == "unknown"
    assert check_upload(WHOLE, [withdrawn], []).outcome == "withdrawn"
    later = check_upload(WHOLE, [make_key(PRIVATE, AT + timedelta(days=1))], [])
    assert (later.outcome, later.withdrawn_later) == ("ours", True)
    # Whoever signs a changed pack with a key of their own does not make it ours.
    document = json.loads(members()[MANIFEST]) | {"people": 3}
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    document["key"] = json.loads(build_manifest(ABOUT, FILES, make_key(stranger)))["key"]
    manifest = json.dumps(document).encode()
    forged = zip_members({**FILES, MANIFEST: manifest, SIGNATURE: stranger.sign(manifest)}, AT)
    assert check_upload(forged, [ours], []).outcome == "unknown"


def test_the_result_survives_the_way_out_of_the_sandbox() -> None:
    many = zip_members({**members(), **{f"more-{number:02}.csv": b"x" for number in range(30)}}, AT)
    for data in (WHOLE, many, b"hello", HOSTILE["another format"][0]):
        result = check_upload(data, [make_key(PRIVATE)], [])
        assert isinstance(result, UploadResult)
        assert result_from_data(json.loads(json.dumps(check_as_data(data, [make_key(PRIVATE)], [])))) == result
    listed = check_upload(many, [make_key(PRIVATE)], [])
    assert (len(listed.problems), listed.more_problems) == (MAX_LISTED, 30 - MAX_LISTED)


@settings(max_examples=60)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=6))
@example(len(WHOLE) - 22, b"\xff\xff\xff\xff")
def test_bytes_that_are_overwritten_never_leave_another_pack_that_is_ours(place: int, written: bytes) -> None:
    data = (WHOLE[:place] + written + WHOLE[place + len(written) :])[: len(WHOLE)]
    result = check_upload(data, [make_key(PRIVATE)], [])
    if result.outcome == "ours":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert {one: archive.read(one) for one in archive.namelist()} == members()


def test_the_keys_of_this_installation_are_the_ones_that_count(session: Session) -> None:
    make_person(session)
    assert check_upload(WHOLE, keys(session), []).outcome == "unknown"
