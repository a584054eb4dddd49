"""The pages and documents of the issuer, the holder's file, and the command that verifies one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfWriter
from sqlalchemy.orm import Session

from course.certificates import actions as certificates
from course.certificates.models import Certificate
from course.context import make_context
from course.credentials import actions, queries
from course.people.models import Person
from tests.certificates.makers import make_certificate
from tests.conftest import NOW
from tests.credentials.makers import Issuer
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client


def test_the_issuer_is_a_page_for_people_and_json_for_programs(session: Session, client: Client) -> None:
    make_certificate(session)
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
    make_certificate(session)
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


def test_a_status_list_is_sent_again_only_after_a_change(session: Session, client: Client) -> None:
    found = make_certificate(session)
    first = client.get("/issuer/status/1")
    assert first.headers["Content-Type"] == "application/vc"
    headers = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/issuer/status/1", 304, headers).body == b""
    certificates.revoke(make_context(session, None, NOW), found.number, "why")
    session.commit()
    assert client.get("/issuer/status/1", 200, headers).body != first.body


def sign_in_holder(session: Session, client: Client, found: Certificate) -> None:
    person = session.get(Person, found.person_id)
    assert person is not None
    sign_in(client, person)


def test_only_the_holder_downloads_a_credential(app: Flask, session: Session, client: Client) -> None:
    found = make_certificate(session)
    path = f"/certificate/{found.number}.json"
    assert "sign-in" in client.get(path, 303).location
    other = sign_in(Client(app), make_person(session, "Else", "else@example.org", "administrator"))
    other.get(path, 404)
    sign_in_holder(session, client, found)
    assert path in client.get(f"/certificate/{found.number}").html
    answer = client.get(path)
    assert answer.body == queries.signed_credential(session, found.id)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="certificate-{found.number}.json"'


def test_a_certificate_without_a_credential_offers_none(session: Session, client: Client) -> None:
    found = make_certificate(session)
    actions.withdraw_key(session, 1, NOW, "why", NOW)
    session.commit()
    sign_in_holder(session, client, found)
    assert "Download as PDF" in client.get(f"/certificate/{found.number}").text
    assert "Download for a wallet" not in client.get(f"/certificate/{found.number}").text
    client.get(f"/certificate/{found.number}.json", 404)


def run_command(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def save_file(folder: Path, data: bytes, name: str = "certificate.json") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_the_command_describes_the_state_of_a_file(app: Flask, session: Session, tmp_path: Path) -> None:
    found = make_certificate(session)
    data = queries.signed_credential(session, found.id) or b""
    file = save_file(tmp_path, data)
    code, output = run_command(app, "certificates", "verify", file, "--on", "2027-01-10")
    assert code == 0, output
    assert output.startswith("Valid. ")
    for words in ("Name: Sam Okafor", "Pathway: Early years", "Valid up to and including: 22 November 2027"):
        assert words in output
    code, output = run_command(app, "certificates", "verify", file, "--on", "2028-01-01")
    assert (code, output.split(".")[0]) == (3, "Expired")
    code, output = run_command(app, "certificates", "verify", save_file(tmp_path, data.replace(b"Okafor", b"Okafur")))
    assert (code, output.split(".")[0]) == (1, "Changed")
    assert "Okafur" not in output
    code, output = run_command(app, "certificates", "verify", save_file(tmp_path, b"hello"))
    assert (code, output.split(".")[0]) == (1, "No credential")
    code, output = run_command(app, "certificates", "verify", save_file(tmp_path, b"%PDF-1.7"))
    assert code == 1
    assert "a PDF without a readable credential" in output


def test_the_command_reads_the_credential_in_a_pdf(app: Flask, session: Session, tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("credential.json", queries.signed_credential(session, make_certificate(session).id) or b"")
    path = tmp_path / "certificate.pdf"
    writer.write(path)
    assert run_command(app, "certificates", "verify", str(path), "--on", "2027-01-10")[0] == 0


def test_the_command_knows_revocations_of_this_installation(app: Flask, session: Session, tmp_path: Path) -> None:
    found = make_certificate(session)
    file = save_file(tmp_path, queries.signed_credential(session, found.id) or b"")
    certificates.revoke(make_context(session, None, NOW), found.number, "why")
    session.commit()
    code, output = run_command(app, "certificates", "verify", file, "--on", "2027-01-10")
    assert (code, output.split(".")[0]) == (1, "Revoked on 22 November 2026")


def test_another_organisations_certificate_needs_its_key(app: Flask, session: Session, tmp_path: Path) -> None:
    make_organisation(session)
    other = Issuer()
    file = save_file(tmp_path, json.dumps(other.credential()).encode())
    code, output = run_command(app, "certificates", "verify", file, "--on", "2027-01-10")
    assert (code, output.split(".")[0]) == (1, "Other issuer")
    served = other.served()
    for option, address in (("--issuer", "/issuer"), ("--key", "/issuer/keys/1")):
        known = save_file(tmp_path, json.dumps(served[other.settings.base_url + address]).encode(), "key.json")
        code, output = run_command(app, "certificates", "verify", file, option, known, "--on", "2027-01-10")
        assert code == 0, output
        assert "revoked since is said at https://training.example.org/verify/K7QM-2FXA-9TRC" in output
    code, output = run_command(app, "certificates", "verify", file, "--key", save_file(tmp_path, b"x", "key.json"))
    assert code == 1
    assert "cannot be used: there is no Ed25519 key in it" in output


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"%PDF"])
def test_a_malformed_key_file_is_refused_with_a_message(app: Flask, tmp_path: Path, data: bytes) -> None:
    code, output = run_command(
        app, "certificates", "verify", save_file(tmp_path, b"{}"), "--key", save_file(tmp_path, data, "key")
    )
    assert code == 1
    assert "cannot be used" in output


def test_keys_are_listed_rotated_and_withdrawn(app: Flask, session: Session) -> None:
    assert "There is no key yet" in run_command(app, "credentials", "keys")[1]
    found = make_certificate(session)
    assert "keys/2 from now on" in run_command(app, "credentials", "rotate", "--reason", "yearly")[1]
    code, output = run_command(app, "credentials", "withdraw", "1", "--from", "2026-11-20", "--reason", "why")
    assert code == 0, output
    assert "keys/1 z6Mk" in run_command(app, "credentials", "keys")[1]
    assert "withdrawn since 20 November 2026" in run_command(app, "credentials", "keys")[1]
    assert run_command(app, "credentials", "withdraw", "1", "--reason", "why") == (
        1,
        "Error: key 1 was withdrawn before.\n",
    )
    assert run_command(app, "credentials", "withdraw", "7", "--reason", "why") == (1, "Error: there is no key 7.\n")
    assert run_command(app, "credentials", "sign-missing") == (0, "1 certificate signed.\n")
    assert queries.signed_credential(session, found.id) is not None
