"""What is served about the issuer, the holder's file, and the command that checks one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfWriter
from sqlalchemy.orm import Session

from course.certificates import actions as certificates
from course.certificates.models import Certificate
from course.credentials import actions, queries
from course.people.models import Person
from tests.certificates.makers import issued
from tests.conftest import NOW
from tests.credentials.makers import Issuer
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client


def test_the_issuer_is_a_page_for_people_and_json_for_programs(session: Session, client: Client) -> None:
    issued(session)
    page = client.get("/issuer", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.h1 == "Who issues the certificates"
    assert "Riverside Trust" in page.text
    assert "z6Mk" in page.text
    answer = client.get("/issuer")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "public" in answer.headers["Cache-Control"]
    assert json.loads(answer.body)["verificationMethod"][0]["type"] == "Multikey"
    assert "Accept" in answer.headers["Vary"]
    assert "private" in page.headers["Cache-Control"]


def test_a_withdrawn_key_is_shown_as_such(session: Session, client: Client) -> None:
    issued(session)
    actions.withdraw_key(session, 1, NOW, "why", NOW)
    session.commit()
    assert "withdrawn" in client.get("/issuer", headers={"Accept": "text/html"}).text
    assert json.loads(client.get("/issuer/keys/1").body)["revoked"] == "2026-11-22T09:30:00Z"
    assert json.loads(client.get("/issuer").body)["assertionMethod"] == ["http://127.0.0.1:8000/issuer/keys/2"]


def test_before_the_first_certificate_there_is_no_key(session: Session, client: Client) -> None:
    client.get("/issuer", 404)
    make_organisation(session)
    assert json.loads(client.get("/issuer").body)["verificationMethod"] == []
    assert "There is no key yet" in client.get("/issuer", headers={"Accept": "text/html"}).text
    for path in ("/issuer/keys/1", "/issuer/status/1", "/issuer/keys/0", "/issuer/status/99999999999"):
        client.get(path, 404)


def test_a_status_list_is_asked_for_again_only_when_it_has_changed(session: Session, client: Client) -> None:
    found = issued(session)
    first = client.get("/issuer/status/1")
    assert first.headers["Content-Type"] == "application/vc"
    mark = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/issuer/status/1", 304, mark).body == b""
    certificates.revoke(session, found.number, "why", None, NOW)
    session.commit()
    assert client.get("/issuer/status/1", 200, mark).body != first.body


def holder(session: Session, client: Client, found: Certificate) -> None:
    person = session.get(Person, found.person_id)
    assert person is not None
    sign_in(client, person)


def test_only_its_holder_downloads_a_credential_here(app: Flask, session: Session, client: Client) -> None:
    found = issued(session)
    path = f"/certificate/{found.number}.json"
    assert "sign-in" in client.get(path, 303).location
    other = sign_in(Client(app), make_person(session, "Else", "else@example.org", "administrator"))
    other.get(path, 404)
    holder(session, client, found)
    assert path in client.get(f"/certificate/{found.number}").html
    answer = client.get(path)
    assert answer.body == queries.signed_credential(session, found.id)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="certificate-{found.number}.json"'


def test_a_certificate_without_a_credential_offers_none(session: Session, client: Client) -> None:
    found = issued(session)
    actions.withdraw_key(session, 1, NOW, "why", NOW)
    session.commit()
    holder(session, client, found)
    assert "Download the PDF" in client.get(f"/certificate/{found.number}").text
    assert "signed file" not in client.get(f"/certificate/{found.number}").text
    client.get(f"/certificate/{found.number}.json", 404)


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def saved(folder: Path, data: bytes, name: str = "certificate.json") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_the_command_says_how_a_file_stands(app: Flask, session: Session, tmp_path: Path) -> None:
    found = issued(session)
    data = queries.signed_credential(session, found.id) or b""
    file = saved(tmp_path, data)
    code, said = run(app, "certificates", "verify", file, "--on", "2027-01-10")
    assert code == 0, said
    assert said.startswith("Valid. ")
    for words in ("Name: Sam Okafor", "Pathway: Early years", "Valid up to and including: 22 November 2027"):
        assert words in said
    code, said = run(app, "certificates", "verify", file, "--on", "2028-01-01")
    assert (code, said.split(".")[0]) == (3, "Expired")
    code, said = run(app, "certificates", "verify", saved(tmp_path, data.replace(b"Okafor", b"Okafur")))
    assert (code, said.split(".")[0]) == (1, "Changed")
    assert "Okafur" not in said
    code, said = run(app, "certificates", "verify", saved(tmp_path, b"hello"))
    assert (code, said.split(".")[0]) == (1, "No credential")
    code, said = run(app, "certificates", "verify", saved(tmp_path, b"%PDF-1.7"))
    assert code == 1
    assert "a PDF without a readable credential" in said


def test_the_command_reads_the_credential_in_a_pdf(app: Flask, session: Session, tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("credential.json", queries.signed_credential(session, issued(session).id) or b"")
    path = tmp_path / "certificate.pdf"
    writer.write(path)
    assert run(app, "certificates", "verify", str(path), "--on", "2027-01-10")[0] == 0


def test_the_command_knows_what_was_revoked_here(app: Flask, session: Session, tmp_path: Path) -> None:
    found = issued(session)
    file = saved(tmp_path, queries.signed_credential(session, found.id) or b"")
    certificates.revoke(session, found.number, "why", None, NOW)
    session.commit()
    code, said = run(app, "certificates", "verify", file, "--on", "2027-01-10")
    assert (code, said.split(".")[0]) == (1, "Revoked on 22 November 2026")


def test_another_organisations_certificate_needs_its_key(app: Flask, session: Session, tmp_path: Path) -> None:
    make_organisation(session)
    other = Issuer()
    file = saved(tmp_path, json.dumps(other.credential()).encode())
    code, said = run(app, "certificates", "verify", file, "--on", "2027-01-10")
    assert (code, said.split(".")[0]) == (1, "Other issuer")
    served = other.served()
    for option, address in (("--issuer", "/issuer"), ("--key", "/issuer/keys/1")):
        known = saved(tmp_path, json.dumps(served[other.seal.address + address]).encode(), "key.json")
        code, said = run(app, "certificates", "verify", file, option, known, "--on", "2027-01-10")
        assert code == 0, said
        assert "revoked since is said at https://training.example.org/verify/K7QM-2FXA-9TRC" in said
    code, said = run(app, "certificates", "verify", file, "--key", saved(tmp_path, b"x", "key.json"))
    assert code == 1
    assert "cannot be used: there is no Ed25519 key in it" in said


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"%PDF"])
def test_a_key_file_of_any_kind_is_refused_in_words(app: Flask, tmp_path: Path, data: bytes) -> None:
    code, said = run(app, "certificates", "verify", saved(tmp_path, b"{}"), "--key", saved(tmp_path, data, "key"))
    assert code == 1
    assert "cannot be used" in said


def test_keys_are_listed_rotated_and_withdrawn(app: Flask, session: Session) -> None:
    assert "There is no key yet" in run(app, "credentials", "keys")[1]
    found = issued(session)
    assert "keys/2 from now on" in run(app, "credentials", "rotate", "--reason", "yearly")[1]
    code, said = run(app, "credentials", "withdraw", "1", "--from", "2026-11-20", "--reason", "why")
    assert code == 0, said
    assert "keys/1 z6Mk" in run(app, "credentials", "keys")[1]
    assert "withdrawn since 20 November 2026" in run(app, "credentials", "keys")[1]
    assert run(app, "credentials", "withdraw", "1", "--reason", "why") == (1, "Error: key 1 was withdrawn before.\n")
    assert run(app, "credentials", "withdraw", "7", "--reason", "why") == (1, "Error: there is no key 7.\n")
    assert run(app, "credentials", "sign-missing") == (0, "1 certificate signed.\n")
    assert queries.signed_credential(session, found.id) is not None
