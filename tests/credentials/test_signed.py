"""Every certificate has a signed credential; what becomes of certificates and keys is seen from outside."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from course.certificates import actions as certificates
from course.certificates.models import Certificate
from course.credentials import actions, queries
from course.credentials.models import CredentialRevocation, SignedCredential, SigningKey, StatusList
from course.credentials.rules.checking import check_credential
from course.credentials.rules.keys import KeyLockedError
from tests.certificates.makers import issued
from tests.conftest import NOW
from tests.pages import Client
from tests.support.asked import asked
from tests.support.verifiers import VERIFIERS, verdicts

pytestmark = pytest.mark.both_engines

LATER = NOW + timedelta(days=1)
HERE = "http://127.0.0.1:8000"


def credential(session: Session, certificate: Certificate) -> Any:
    found = queries.signed_credential(session, certificate.id)
    assert found is not None
    return json.loads(found)


def state(session: Session, certificate: Certificate) -> str:
    found = queries.signed_credential(session, certificate.id)
    assert found is not None
    return check_credential(found, queries.keys(session), LATER).state


def places(session: Session, number: int = 1) -> set[int]:
    """The places that a status list says are revoked, read as its specification says."""
    found = queries.status_list(session, number)
    assert found is not None
    text = json.loads(found)["credentialSubject"]["encodedList"]
    assert text.startswith("u")
    data = gzip.decompress(base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))
    assert len(data) == 16384
    return {place for place in range(131072) if data[place // 8] >> (7 - place % 8) & 1}


def place(session: Session, certificate: Certificate) -> int:
    return int(credential(session, certificate)["credentialStatus"]["statusListIndex"])


def test_a_certificate_comes_with_a_credential_that_says_the_same(session: Session) -> None:
    found = issued(session)
    said = check_credential(queries.signed_credential(session, found.id) or b"", queries.keys(session), LATER).stated
    assert said is not None
    assert (said.name, said.course, said.organisation) == (found.name, found.course, found.organisation)
    assert (said.completed_on, said.last_day, said.pathway) == (found.completed_on, found.valid_until, "Early years")
    assert said.address == f"{HERE}/verify/{found.number}"
    assert "sam@example.org" not in json.dumps(credential(session, found))
    assert places(session) == set()


def test_places_in_the_status_list_tell_neither_order_nor_number(session: Session) -> None:
    found = [place(session, issued(session, f"p{n}@example.org")) for n in range(12)]
    assert len(set(found)) == 12
    assert found != sorted(found)
    assert max(found) > 1000


def test_a_revoked_or_replaced_certificate_stands_in_the_list(session: Session) -> None:
    kept, revoked, replaced = (issued(session, f"{name}@example.org") for name in ("a", "b", "c"))
    certificates.revoke(session, revoked.number, "why", None, LATER)
    number = certificates.reissue(session, replaced.number, "Samira Okafor", "married", None, LATER)
    assert places(session) == {place(session, revoked), place(session, replaced)}
    after = session.execute(select(Certificate).where(Certificate.number == number)).scalar_one()
    assert credential(session, after)["credentialSubject"]["identifier"][0]["identityHash"] == "Samira Okafor"
    assert place(session, kept) not in places(session)


def test_a_list_that_is_half_full_is_followed_by_another(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    first = issued(session, "a@example.org")
    taken = place(session, first)
    monkeypatch.setattr("secrets.randbelow", lambda _: taken)
    second = issued(session, "b@example.org")
    status = credential(session, second)["credentialStatus"]
    assert status["statusListCredential"] == f"{HERE}/issuer/status/2"
    certificates.revoke(session, second.number, "why", None, LATER)
    assert (places(session, 1), places(session, 2)) == (set(), {taken})


def test_what_an_earlier_key_signed_stays_valid(session: Session) -> None:
    before = issued(session, "a@example.org")
    assert actions.rotate_key(session, "yearly", LATER) == f"{HERE}/issuer/keys/2"
    after = issued(session, "b@example.org")
    assert credential(session, before)["proof"][0]["verificationMethod"] == f"{HERE}/issuer/keys/1"
    assert credential(session, after)["proof"][0]["verificationMethod"] == f"{HERE}/issuer/keys/2"
    assert (state(session, before), state(session, after)) == ("valid", "valid")
    signed_list = json.loads(queries.status_list(session, 1) or b"")
    assert signed_list["proof"][0]["verificationMethod"] == f"{HERE}/issuer/keys/2"


def test_what_a_withdrawn_key_signed_is_signed_anew(session: Session) -> None:
    found, revoked = issued(session, "a@example.org"), issued(session, "b@example.org")
    certificates.revoke(session, revoked.number, "why", None, NOW)
    old = queries.signed_credential(session, found.id) or b""
    actions.withdraw_key(session, 1, NOW, "the server was broken into", NOW)
    assert check_credential(old, queries.keys(session), LATER).state == "withdrawn"
    assert queries.signed_credential(session, found.id) is None
    assert json.loads(queries.status_list(session, 1) or b"")["proof"][0]["verificationMethod"].endswith("/2")
    assert certificates.sign_missing_credentials(session, LATER) == (1, 0)
    assert state(session, found) == "valid"
    assert certificates.sign_missing_credentials(session, LATER) == (0, 0)
    # Both of its credentials are revoked with it.
    certificates.revoke(session, found.number, "why", None, LATER)
    assert len(places(session)) == 3


def test_a_key_is_withdrawn_once(session: Session) -> None:
    issued(session)
    actions.withdraw_key(session, 1, NOW, "why", NOW)
    with pytest.raises(ValueError, match="was withdrawn before"):
        actions.withdraw_key(session, 1, NOW, "why", NOW)
    with pytest.raises(LookupError):
        actions.withdraw_key(session, 9, NOW, "why", NOW)


def test_with_another_secret_a_certificate_is_issued_and_signed_later(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    before = issued(session, "a@example.org")
    kept = session.info["seal"]
    session.info["seal"] = replace(kept, secret="another-secret-0123456789abcdef0123456789")
    with caplog.at_level(logging.WARNING, "course"):
        found = issued(session, "b@example.org")
        certificates.revoke(session, before.number, "why", None, NOW)
    assert queries.signed_credential(session, found.id) is None
    assert "SECRET_KEY is another" in caplog.text
    assert f"certificate {found.number} has no signed credential yet" in caplog.text
    assert "status list 1 does not say yet" in caplog.text
    assert certificates.sign_missing_credentials(session, NOW) == (0, 1)
    assert places(session) == set()
    actions.rotate_key(session, "the secret was lost", NOW)
    assert certificates.sign_missing_credentials(session, NOW) == (1, 0)
    assert state(session, found) == "valid"
    assert places(session) == {place(session, before)}
    session.info["seal"] = kept
    with pytest.raises(KeyLockedError):
        actions._current_key(session, kept, NOW)


def test_another_address_of_the_course_gets_a_key_of_its_own(session: Session) -> None:
    before = issued(session, "a@example.org")
    session.info["seal"] = replace(session.info["seal"], address="https://new.example.org")
    after = issued(session, "b@example.org")
    assert credential(session, after)["issuer"]["id"] == "https://new.example.org/issuer"
    assert (state(session, before), state(session, after)) == ("valid", "valid")


def test_a_name_that_cannot_be_signed_leaves_the_certificate_without_a_credential(session: Session) -> None:
    found = issued(session)
    number = certificates.reissue(session, found.number, "Sam\x07", "why", None, NOW)
    after = session.execute(select(Certificate).where(Certificate.number == number)).scalar_one()
    assert queries.signed_credential(session, after.id) is None


def test_a_private_key_is_not_in_the_database(session: Session) -> None:
    issued(session)
    key = session.execute(select(SigningKey)).scalar_one()
    private = actions._current_key(session, session.info["seal"], NOW).private.private_bytes_raw()
    assert private not in key.locked
    assert key.public not in key.locked


def test_signing_twice_signs_once(session: Session) -> None:
    found = issued(session)
    first = queries.signed_credential(session, found.id)
    assert actions.sign_credential(session, certificates._certificate_data(found), LATER)
    actions.revoke_credential(session, found.id, NOW)
    actions.revoke_credential(session, found.id, LATER)
    assert queries.signed_credential(session, found.id) == first
    for table in (SignedCredential, CredentialRevocation):
        assert session.execute(select(func.count()).select_from(table)).scalar_one() == 1


def test_signing_asks_little_of_the_database(app: Flask, session: Session) -> None:
    issued(session, "a@example.org")
    found = issued(session, "b@example.org")
    session.execute(delete(SignedCredential).where(SignedCredential.certificate_id == found.id))
    with asked(app) as statements:
        actions.sign_credential(session, certificates._certificate_data(found), NOW)
    assert len(statements) <= 5, statements
    assert session.execute(select(func.count()).select_from(StatusList)).scalar_one() == 1


def test_independent_verifiers_follow_what_this_course_serves(session: Session, client: Client) -> None:
    kept, revoked = issued(session, "a@example.org"), issued(session, "b@example.org")
    certificates.revoke(session, revoked.number, "why", None, NOW)
    actions.rotate_key(session, "yearly", NOW)
    after = issued(session, "c@example.org")
    session.commit()
    documents = [json.dumps(credential(session, one)) for one in (kept, revoked, after)]
    served = {}
    for path in ("/issuer", "/issuer/keys/1", "/issuer/keys/2", "/issuer/status/1"):
        served[HERE + path] = json.loads(client.get(path).body)
        assert served[HERE + path]["id"] == HERE + path
    for verifier in VERIFIERS:
        found = verdicts(verifier, documents, served, LATER.isoformat())
        assert [one["verified"] for one in found] == [True, False, True], found
        assert "revoked" in found[1]["error"]
