"""Certificates into wallets: the picture with the signed file in it, read back by other readers, and the link to that file."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from flask import Flask
from lxml import etree
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.certificates import actions
from course.certificates.badge_picture import badge_picture
from course.certificates.models import Certificate, WalletLink
from course.certificates.pdf import MOTIFS, PrintedCertificate
from course.certificates.typesetting import PictureKind
from course.context import make_context
from course.credentials import queries
from course.credentials.rules.baking import bake_png, bake_svg, read_png, read_svg
from course.credentials.rules.checking import check_credential, extract_credential
from course.people.models import Person
from course.web.unit_of_work import unit_of_work
from tests.certificates.makers import make_certificate
from tests.conftest import NOW
from tests.credentials.makers import Issuer
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.days import this_day
from tests.support.racing import at_once

SCHEMA = json.loads((Path(__file__).parents[1] / "credentials" / "open_badges_3.schema.json").read_text())
PRINTED = PrintedCertificate(
    name="Åse “Ø” O’Kafor 李小龍",
    course="Online abuse: learning from case reviews",
    organisation="Riverside Trust",
    edition="0.3",
    version="v",
    number="K7QM-2FXA-9TRC",
    completed_on="22 November 2026",
    valid_until="22 November 2027",
    notice="",
    pathway="Schools",
    length="",
    sections=(),
    verify_url="https://training.example.org/verify/K7QM-2FXA-9TRC",
    issued_at=NOW,
    motifs=tuple(sorted(MOTIFS)),
)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG with their checksums checked, as its specification lays them down."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + content)
        found.append((kind, content))
        at += 12 + length
    return found


def in_png(data: bytes) -> list[bytes]:
    texts = [content.split(b"\0", 1) for kind, content in chunks(data) if kind == b"iTXt"]
    # Not compressed, and without language and translated keyword: two flags and two empty texts.
    return [rest.removeprefix(b"\0\0\0\0") for keyword, rest in texts if keyword == b"openbadgecredential"]


def in_svg(data: bytes) -> list[bytes]:
    names = {"openbadges": "https://purl.imsglobal.org/ob/v3p0"}
    return [node.text.encode() for node in etree.fromstring(data).findall("openbadges:credential", names)]


def test_a_picture_carries_the_credential_byte_for_byte_and_shows_the_name_only_if_wanted() -> None:
    credential = json.dumps(Issuer().credential(name="A ]]> & <b> Ø"), ensure_ascii=False).encode()
    other = replace(PRINTED, name="Sam Okafor", verify_url="https://training.example.org/verify/AAAA-AAAA-AAAA")
    kinds: tuple[PictureKind, ...] = ("png", "svg")
    for kind in kinds:
        read = in_png if kind == "png" else in_svg
        with_name = badge_picture(PRINTED, credential, kind, shows_name=True)
        without = badge_picture(PRINTED, credential, kind, shows_name=False)
        assert read(with_name) == read(without) == [credential] == [extract_credential(without)]
        assert badge_picture(PRINTED, credential, kind, shows_name=True) == with_name
        # Nothing of the name is in what is drawn, nor the address that would say it: another person's is the same picture.
        assert badge_picture(other, credential, kind, shows_name=False) == without
        assert badge_picture(other, credential, kind, shows_name=True) != with_name
    image = Image.open(io.BytesIO(badge_picture(PRINTED, credential, "png", shows_name=False)))
    assert image.size[0] == image.size[1] >= 600
    title = etree.fromstring(badge_picture(PRINTED, credential, "svg", shows_name=False))[0]
    assert title.text == "Certificate of completion: Online abuse: learning from case reviews, Riverside Trust"


def test_broken_pictures_are_no_credential_and_are_never_baked_twice() -> None:
    baked = badge_picture(PRINTED, b'{"a": 1}', "png", shows_name=False)
    with pytest.raises(ValueError, match="already"):
        bake_png(baked, b"{}")
    plain = b"".join((baked[:8], *(_chunk(kind, data) for kind, data in chunks(baked) if kind != b"iTXt")))
    assert read_png(plain) is None
    compressed = b"openbadgecredential\0\1\0\0\0" + zlib.compress(b'{"b": 2}')
    packed = plain[:33] + _chunk(b"iTXt", compressed) + plain[33:]
    assert read_png(packed) == b'{"b": 2}'
    bomb = plain[:33] + _chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + zlib.compress(bytes(5_000_000)))
    other = plain[:90] + bytes([plain[90] ^ 1]) + plain[91:]
    for broken in (b"", b"GIF89a", plain[:-5], other, bomb, plain[:8], plain[:8] + plain[33:]):
        with pytest.raises(ValueError, match=r"PNG|picture"):
            read_png(broken)
    entity = b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    assert extract_credential(entity) is None
    assert extract_credential(b"<svg ") is None
    assert read_svg(b'<svg xmlns="http://www.w3.org/2000/svg"/>') is None
    for text in ("<html>", "<svg/>", ""):
        with pytest.raises(ValueError, match="svg"):
            bake_svg(text, b"{}", "title")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_credential_is_as_the_data_model_of_open_badges_says() -> None:
    validator = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
    issuer = Issuer()
    for changes in ({}, {"pathway": "", "minutes": None, "sections": ()}, {"kind": "refresher"}, {"name": "李小龍"}):
        document = issuer.credential(**changes)
        assert [str(error) for error in validator.iter_errors(document)] == []
    whole = issuer.credential()
    for path, value in (
        (("validFrom",), "yesterday"),
        (("proof",), whole["proof"][0]),
        (("issuer", "type"), ["Issuer"]),
        (("type",), ["VerifiableCredential"]),
        (("credentialSubject", "hours"), 3),
        (("credentialSubject", "achievement", "criteria"), {}),
        (("credentialSubject", "identifier", 0, "identityType"), "nickname"),
    ):
        changed = json.loads(json.dumps(whole))
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        assert not validator.is_valid(changed), path


def _holder(session: Session, client: Client, found: Certificate) -> Client:
    person = session.get(Person, found.person_id)
    assert person is not None
    return sign_in(client, person)


def _link(client: Client, path: str) -> str:
    found = re.findall(r'id="wallet-link" value="http://127.0.0.1:8000(/wallet/[^"]+)"', client.get(path).html)
    assert len(found) == 1
    return str(found[0])


def test_only_the_holder_takes_the_picture(app: Flask, session: Session, client: Client) -> None:
    found = make_certificate(session)
    path = f"/certificate/{found.number}.png"
    assert "sign-in" in client.get(path, 303).location
    sign_in(Client(app), make_person(session, "Else", "else@example.org", "administrator")).get(path, 404)
    _holder(session, client, found)
    answer = client.get(path)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="certificate-{found.number}.png"'
    credential = queries.signed_credential(session, found.id)
    assert in_png(answer.body) == in_svg(client.get(f"/certificate/{found.number}.svg?name=yes").body) == [credential]
    assert client.get(f"{path}?name=yes").body != answer.body
    verdict = check_credential(in_png(answer.body)[0], queries.keys(session), NOW)
    assert (verdict.state, verdict.claims and verdict.claims.holder_name) == ("valid", "Sam Okafor")


@pytest.mark.both_engines
def test_a_wallet_fetches_the_file_by_a_link_that_its_holder_makes_and_ends(
    app: Flask, session: Session, client: Client
) -> None:
    found = make_certificate(session, on=this_day())
    _holder(session, client, found)
    other = sign_in(Client(app), make_person(session, "Else", "else@example.org", "administrator"))
    page, wallet = f"/certificate/{found.number}", Client(app)
    other.post(f"{page}/wallet-link", {}, 404)
    assert "Make a link" in client.get(page).text
    client.post(f"{page}/wallet-link", {})
    first = _link(client, page)
    for accept, kind in (
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/vc", "application/vc"),
        ("application/ld+json, application/json;q=0.5", "application/ld+json"),
    ):
        answer = wallet.get(first, headers={"Accept": accept})
        assert answer.body == queries.signed_credential(session, found.id)
        assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Accept" in answer.headers["Vary"]
    html = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert "This certificate is valid" in wallet.get(first, headers=html).text
    # A second tab makes no second link; nobody else ends it; an old form does not end a newer link.
    client.post(f"{page}/wallet-link", {})
    assert _link(client, page) == first
    other.post(f"{page}/wallet-link/end", {"link": "0"}, 404)
    wallet.get(first)
    client.post(f"{page}/wallet-link/end", {"link": "0"})
    assert json.loads(wallet.get(first, 410).body)["title"] == "The holder of the certificate ended this link."
    assert "ended this link" in wallet.get(first, 410, headers=html).text
    client.post(f"{page}/wallet-link", {})
    second = _link(client, page)
    assert second != first
    client.post(f"{page}/wallet-link/end", {"link": "0"})
    wallet.get(second)
    wallet.get(first, 410)
    wallet.get(second[:-1] + ("A" if second[-1] != "A" else "B"), 404)
    written = session.execute(select(AuditEntry.what).where(AuditEntry.what.startswith("certificate.wallet"))).scalars()
    assert sorted(written) == ["certificate.wallet_link_ended"] + ["certificate.wallet_link_made"] * 2
    # What was replaced is still sent, since its status list says that it does not count; there is no new link to it.
    actions.reissue(make_context(session, None, NOW), found.number, "Sam Lee", "married")
    session.commit()
    wallet.get(second)
    assert "This certificate has been replaced" in wallet.get(second, headers=html).text
    client.post(f"{page}/wallet-link/end", {"link": "1"})
    client.post(f"{page}/wallet-link", {})
    assert "so there is no link for it" in client.get(page).text
    wallet.get(second, 410)


def test_two_tabs_make_one_link(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        found = make_certificate(session)
        number, holder = found.number, found.person_id

    def make() -> int:
        with committed.app_context(), unit_of_work() as session:
            return actions.make_wallet_link(make_context(session, holder, NOW), number)

    assert sorted(at_once([make] * 4)) == [False, False, False, True]
    with committed.app_context(), unit_of_work() as session:
        assert session.execute(select(func.count(WalletLink.id))).scalar_one() == 1
