"""Every certificate has a signed credential; changes of certificates and keys are visible to verifiers."""

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
from course.context import make_context
from course.credentials import actions, queries
from course.credentials.models import CredentialRevocation, SignedCredential, SigningKey, StatusList
from course.credentials.rules.checking import check_credential
from course.credentials.rules.keys import KeyLockedError
from tests.certificates.makers import make_certificate
from tests.conftest import NOW
from tests.pages import Client
from tests.support.asked import asked
from tests.support.verifiers import VERIFIERS, verdicts

pytestmark = pytest.mark.both_engines

LATER = NOW + timedelta(days=1)
BASE_URL = "http://127.0.0.1:8000"


def credential(session: Session, certificate: Certificate) -> Any:
    found = queries.signed_credential(session, certificate.id)
    assert found is not None
    return json.loads(found)


def credential_state(session: Session, certificate: Certificate) -> str:
    found = queries.signed_credential(session, certificate.id)
    assert found is not None
    return check_credential(found, queries.keys(session), LATER).state


def revoked_indexes(session: Session, number: int = 1) -> set[int]:
    """The indexes that a status list marks as revoked, decoded as its specification says."""
    found = queries.status_list(session, number)
    assert found is not None
    text = json.loads(found)["credentialSubject"]["encodedList"]
    assert text.startswith("u")
    data = gzip.decompress(base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))
    assert len(data) == 16384
    return {index for index in range(131072) if data[index // 8] >> (7 - index % 8) & 1}


def list_index(session: Session, certificate: Certificate) -> int:
    return int(credential(session, certificate)["credentialStatus"]["statusListIndex"])


def test_a_certificate_and_its_credential_say_the_same(session: Session) -> None:
    certificate = make_certificate(session)
    claims = check_credential(
        queries.signed_credential(session, certificate.id) or b"", queries.keys(session), LATER
    ).claims
    assert claims is not None
    assert (claims.holder_name, claims.course, claims.organisation) == (
        certificate.name,
        certificate.course,
        certificate.organisation,
    )
    assert (claims.completed_on, claims.last_day, claims.pathway) == (
        certificate.completed_on,
        certificate.valid_until,
        "Early years",
    )
    assert claims.url == f"{BASE_URL}/verify/{certificate.number}"
    assert "sam@example.org" not in json.dumps(credential(session, certificate))
    assert revoked_indexes(session) == set()


def test_indexes_in_the_status_list_reveal_neither_order_nor_number(session: Session) -> None:
    found = [list_index(session, make_certificate(session, f"p{n}@example.org")) for n in range(12)]
    assert len(set(found)) == 12
    assert found != sorted(found)
    assert max(found) > 1000


def test_a_revoked_or_replaced_certificate_is_marked_in_the_status_list(session: Session) -> None:
    unchanged, revoked, replaced = (make_certificate(session, f"{name}@example.org") for name in ("a", "b", "c"))
    certificates.revoke(make_context(session, None, LATER), revoked.number, "why")
    number = certificates.reissue(make_context(session, None, LATER), replaced.number, "Samira Okafor", "married")
    assert revoked_indexes(session) == {list_index(session, revoked), list_index(session, replaced)}
    after = session.execute(select(Certificate).where(Certificate.number == number)).scalar_one()
    assert credential(session, after)["credentialSubject"]["identifier"][0]["identityHash"] == "Samira Okafor"
    assert list_index(session, unchanged) not in revoked_indexes(session)


def test_a_half_full_status_list_is_followed_by_another(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_certificate(session, "a@example.org")
    taken = list_index(session, first)
    monkeypatch.setattr("secrets.randbelow", lambda _: taken)
    second = make_certificate(session, "b@example.org")
    status = credential(session, second)["credentialStatus"]
    assert status["statusListCredential"] == f"{BASE_URL}/issuer/status/2"
    certificates.revoke(make_context(session, None, LATER), second.number, "why")
    assert (revoked_indexes(session, 1), revoked_indexes(session, 2)) == (set(), {taken})


def test_signatures_of_an_earlier_key_stay_valid(session: Session) -> None:
    before = make_certificate(session, "a@example.org")
    assert actions.rotate_key(session, "yearly", LATER) == f"{BASE_URL}/issuer/keys/2"
    after = make_certificate(session, "b@example.org")
    assert credential(session, before)["proof"][0]["verificationMethod"] == f"{BASE_URL}/issuer/keys/1"
    assert credential(session, after)["proof"][0]["verificationMethod"] == f"{BASE_URL}/issuer/keys/2"
    assert (credential_state(session, before), credential_state(session, after)) == ("valid", "valid")
    signed_list = json.loads(queries.status_list(session, 1) or b"")
    assert signed_list["proof"][0]["verificationMethod"] == f"{BASE_URL}/issuer/keys/2"


def test_credentials_of_a_withdrawn_key_are_signed_again(session: Session) -> None:
    found, revoked = make_certificate(session, "a@example.org"), make_certificate(session, "b@example.org")
    certificates.revoke(make_context(session, None, NOW), revoked.number, "why")
    old = queries.signed_credential(session, found.id) or b""
    actions.withdraw_key(session, 1, NOW, "the server was broken into", NOW)
    assert check_credential(old, queries.keys(session), LATER).state == "withdrawn"
    assert queries.signed_credential(session, found.id) is None
    assert json.loads(queries.status_list(session, 1) or b"")["proof"][0]["verificationMethod"].endswith("/2")
    assert certificates.sign_missing_credentials(session, LATER) == (1, 0)
    assert credential_state(session, found) == "valid"
    assert certificates.sign_missing_credentials(session, LATER) == (0, 0)
    # Both credentials of the certificate are revoked.
    certificates.revoke(make_context(session, None, LATER), found.number, "why")
    assert len(revoked_indexes(session)) == 3


def test_a_key_can_be_withdrawn_only_once(session: Session) -> None:
    make_certificate(session)
    actions.withdraw_key(session, 1, NOW, "why", NOW)
    with pytest.raises(ValueError, match="was withdrawn before"):
        actions.withdraw_key(session, 1, NOW, "why", NOW)
    with pytest.raises(LookupError):
        actions.withdraw_key(session, 9, NOW, "why", NOW)


def test_with_another_secret_a_certificate_is_issued_and_signed_later(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    before = make_certificate(session, "a@example.org")
    original = session.info["signing_settings"]
    session.info["signing_settings"] = replace(original, secret="another-secret-0123456789abcdef0123456789")
    with caplog.at_level(logging.WARNING, "course"):
        found = make_certificate(session, "b@example.org")
        certificates.revoke(make_context(session, None, NOW), before.number, "why")
    assert queries.signed_credential(session, found.id) is None
    assert "SECRET_KEY is another" in caplog.text
    assert f"certificate {found.number} has no signed credential yet" in caplog.text
    assert "status list 1 does not say yet" in caplog.text
    assert certificates.sign_missing_credentials(session, NOW) == (0, 1)
    assert revoked_indexes(session) == set()
    actions.rotate_key(session, "the secret was lost", NOW)
    assert certificates.sign_missing_credentials(session, NOW) == (1, 0)
    assert credential_state(session, found) == "valid"
    assert revoked_indexes(session) == {list_index(session, before)}
    session.info["signing_settings"] = original
    with pytest.raises(KeyLockedError):
        actions._current_key(session, original, NOW)


def test_another_url_of_the_course_gets_its_own_key(session: Session) -> None:
    before = make_certificate(session, "a@example.org")
    session.info["signing_settings"] = replace(session.info["signing_settings"], base_url="https://new.example.org")
    after = make_certificate(session, "b@example.org")
    assert credential(session, after)["issuer"]["id"] == "https://new.example.org/issuer"
    assert (credential_state(session, before), credential_state(session, after)) == ("valid", "valid")


def test_a_name_that_cannot_be_signed_leaves_the_certificate_without_a_credential(session: Session) -> None:
    found = make_certificate(session)
    number = certificates.reissue(make_context(session, None, NOW), found.number, "Sam\x07", "why")
    after = session.execute(select(Certificate).where(Certificate.number == number)).scalar_one()
    assert queries.signed_credential(session, after.id) is None


def test_a_private_key_is_not_in_the_database(session: Session) -> None:
    make_certificate(session)
    key = session.execute(select(SigningKey)).scalar_one()
    private = actions._current_key(session, session.info["signing_settings"], NOW).private.private_bytes_raw()
    assert private not in key.locked
    assert key.public not in key.locked


def test_signing_again_changes_nothing(session: Session) -> None:
    found = make_certificate(session)
    first = queries.signed_credential(session, found.id)
    assert actions.sign_credential(session, certificates._certificate_data(found), LATER)
    actions.revoke_credential(session, found.id, NOW)
    actions.revoke_credential(session, found.id, LATER)
    assert queries.signed_credential(session, found.id) == first
    for table in (SignedCredential, CredentialRevocation):
        assert session.execute(select(func.count()).select_from(table)).scalar_one() == 1


def test_signing_needs_few_queries(app: Flask, session: Session) -> None:
    make_certificate(session, "a@example.org")
    found = make_certificate(session, "b@example.org")
    session.execute(delete(SignedCredential).where(SignedCredential.certificate_id == found.id))
    with asked(app) as statements:
        actions.sign_credential(session, certificates._certificate_data(found), NOW)
    assert len(statements) <= 5, statements
    assert session.execute(select(func.count()).select_from(StatusList)).scalar_one() == 1


def test_independent_verifiers_accept_the_documents_that_the_course_serves(session: Session, client: Client) -> None:
    unchanged, revoked = make_certificate(session, "a@example.org"), make_certificate(session, "b@example.org")
    certificates.revoke(make_context(session, None, NOW), revoked.number, "why")
    actions.rotate_key(session, "yearly", NOW)
    after = make_certificate(session, "c@example.org")
    session.commit()
    documents = [json.dumps(credential(session, certificate)) for certificate in (unchanged, revoked, after)]
    served = {}
    for path in ("/issuer", "/issuer/keys/1", "/issuer/keys/2", "/issuer/status/1"):
        served[BASE_URL + path] = json.loads(client.get(path).body)
        assert served[BASE_URL + path]["id"] == BASE_URL + path
    for verifier in VERIFIERS:
        found = verdicts(verifier, documents, served, LATER.isoformat())
        assert [certificate["verified"] for certificate in found] == [True, False, True], found
        assert "revoked" in found[1]["error"]
