"""The issuer as did:web: a second name for the same keys, for what is issued from then on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.certificates import actions as certificates
from course.certificates.models import Certificate
from course.context import make_context
from course.credentials import actions, queries
from course.credentials.rules.checking import check_credential, is_revoked, status_list_entry
from course.credentials.rules.did_web import did_web, follows_as_did, plain_address
from course.credentials.rules.documents import document_bytes
from course.credentials.rules.keys import read_keys
from course.external_certificates.actions import revocation_refusal
from course.external_certificates.rules import read_profile
from tests.certificates.makers import make_certificate
from tests.conftest import NOW
from tests.credentials.makers import LATER, SIGNING_SETTINGS, DidIssuer, Issuer
from tests.makers import make_organisation
from tests.pages import Client

SITE = "https://course.example.org"
DID = "did:web:course.example.org"
NEW_SITE = "https://lms.example.net:8443"
NEW_DID = "did:web:lms.example.net%3A8443"


@pytest.mark.parametrize(
    ("address", "did"),
    [
        ("https://course.example.org", DID),
        (NEW_SITE, NEW_DID),
        ("https://xn--caf-dma.example", "did:web:xn--caf-dma.example"),
        ("http://127.0.0.1:8000", None),
    ],
)
def test_a_did_web_is_made_of_the_host_and_port_of_an_https_address_and_read_back(
    address: str, did: str | None
) -> None:
    assert did_web(address) == did
    if did is not None:
        assert plain_address(did) == f"{address}/issuer"
        assert plain_address(f"{did}#key-12") == f"{address}/issuer/keys/12"


@pytest.mark.parametrize(
    "name",
    [
        "https://course.example.org/issuer", "did:key:z6Mk", "did:web:a.example:people", "did:web:a.example#other",
        "did:web:a.example/../b", "did:web:a.example%2Fb", "did:web:a@b.example", "did:web:", "", "did:web:a.example#key-",
    ],
)  # fmt: skip
def test_no_other_name_is_taken_for_an_address(name: str) -> None:
    assert plain_address(name) == name


@pytest.mark.parametrize(("last", "expected"), [(None, True), (DID, True), (f"{SITE}/issuer", False)])
def test_the_name_stays_as_it_was_and_a_new_installation_begins_with_its_did_web(
    last: str | None, expected: bool
) -> None:
    assert follows_as_did(last) is expected


def test_who_trusts_the_profile_or_the_did_document_accepts_both_names_and_no_other_host() -> None:
    issuer = DidIssuer()
    served = issuer.served((5,))
    profile = read_profile(json.dumps(served[f"{SIGNING_SETTINGS.base_url}/issuer"]))
    did_keys = read_keys(json.dumps(served[issuer.did]))
    by_did, by_address = issuer.credential(list_index=5), issuer.by_address.credential(list_index=6)
    bare = {key: value for key, value in by_did.items() if key != "proof"}
    for keys in (profile.keys, did_keys):
        for document in (by_did, by_address):
            verdict = check_credential(document_bytes(document), keys, LATER)
            assert verdict.state == "valid"
            # One organisation, whatever it is called.
            assert verdict.claims is not None
            assert verdict.claims.issuer == profile.address
        assert check_credential(document_bytes(Issuer().credential()), keys, LATER).state == "changed"
        other = DidIssuer(replace(SIGNING_SETTINGS, base_url="https://other.example.org"))
        assert check_credential(document_bytes(other.credential()), keys, LATER).state == "other issuer"
        # A key of the one host under the name of the other is no key of it.
        borrowed = issuer.sign({**bare, "issuer": {**bare["issuer"], "id": other.did}})
        assert check_credential(document_bytes(borrowed), keys, LATER).state == "other issuer"
    address, _index = status_list_entry(document_bytes(by_did))
    assert is_revoked(document_bytes(served[address]), profile.keys, address, 5)
    fetched = document_bytes(served[address])
    assert revocation_refusal(document_bytes(by_address), profile, lambda _address: fetched) is None
    assert "revoked" in str(revocation_refusal(document_bytes(by_did), profile, lambda _address: fetched))


def signed(session: Session, certificate: Certificate) -> Any:
    return json.loads(queries.signed_credential(session, certificate.id) or b"")


def names(session: Session, certificate: Certificate) -> tuple[str, str, str, int]:
    """Issuer, key, issuer of the status list, and the number of that list."""
    found = signed(session, certificate)
    number = int(found["credentialStatus"]["statusListCredential"].rpartition("/")[2])
    listed = json.loads(queries.status_list(session, number) or b"")
    return found["issuer"]["id"], found["proof"][0]["verificationMethod"], listed["issuer"], number


def at_site(session: Session, address: str) -> None:
    session.info["signing_settings"] = replace(session.info["signing_settings"], base_url=address)


def states(session: Session, *found: Certificate) -> list[str]:
    keys = queries.keys(session)
    return [
        check_credential(queries.signed_credential(session, one.id) or b"", keys, NOW + timedelta(days=1)).state
        for one in found
    ]


@pytest.mark.both_engines
def test_a_present_issuer_keeps_its_name_until_somebody_changes_it_and_both_names_live_on(session: Session) -> None:
    at_site(session, SITE)
    assert actions.name_issuer(session, False, NOW)
    old, kept = make_certificate(session, "a@example.org"), make_certificate(session, "e@example.org")
    assert names(session, old) == (f"{SITE}/issuer", f"{SITE}/issuer/keys/1", f"{SITE}/issuer", 1)
    assert actions.name_issuer(session, True, NOW)
    assert not actions.name_issuer(session, True, NOW)
    new = make_certificate(session, "b@example.org")
    assert names(session, new) == (DID, f"{DID}#key-1", DID, 2)
    actions.rotate_key(session, "yearly", NOW)
    third = make_certificate(session, "c@example.org")
    # The lists of both names are signed with the new key, each under its own name.
    assert names(session, third) == (DID, f"{DID}#key-2", DID, 2)
    assert names(session, old) == (f"{SITE}/issuer", f"{SITE}/issuer/keys/1", f"{SITE}/issuer", 1)
    first_list = json.loads(queries.status_list(session, 1) or b"")
    assert first_list["proof"][0]["verificationMethod"] == f"{SITE}/issuer/keys/2"
    for found in (old, new):
        certificates.revoke(make_context(session, None, NOW), found.number, "why")
    for found in (old, new, kept, third):
        document = document_bytes(signed(session, found))
        address, index = status_list_entry(document)
        listed = queries.status_list(session, int(address.rpartition("/")[2])) or b""
        assert is_revoked(listed, queries.keys(session), address, index) == (found in (old, new))
    assert states(session, old, new, kept, third) == ["valid"] * 4
    actions.withdraw_key(session, 1, NOW, "stolen", NOW)
    assert certificates.sign_missing_credentials(session, NOW) == (1, 0)
    assert names(session, kept) == (DID, f"{DID}#key-2", DID, 2)
    # Back again: what bears the did:web keeps it.
    assert actions.name_issuer(session, False, NOW)
    fourth = make_certificate(session, "d@example.org")
    assert names(session, fourth)[::3] == (f"{SITE}/issuer", 3)
    assert names(session, third)[2:] == (DID, 2)
    assert states(session, third, fourth) == ["valid"] * 2


@pytest.mark.both_engines
def test_a_new_installation_issues_by_did_web_and_a_new_address_has_another_one(
    app: Flask, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use_site(address: str) -> None:
        state = app.extensions["course"]
        monkeypatch.setitem(app.extensions, "course", replace(state, config=replace(state.config, public_url=address)))

    use_site(SITE)
    assert client.get("/.well-known/did.json", 404)
    make_organisation(session)
    at_site(session, SITE)
    first = make_certificate(session, "a@example.org")
    assert names(session, first)[:3] == (DID, f"{DID}#key-1", DID)
    answer = client.get("/.well-known/did.json")
    assert answer.headers["Content-Type"] == "application/did+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    document = json.loads(answer.body)
    assert (document["id"], document["alsoKnownAs"]) == (DID, [f"{SITE}/issuer"])
    assert [one["id"] for one in document["verificationMethod"]] == [f"{DID}#key-1"] == document["assertionMethod"]
    assert {one["controller"] for one in document["verificationMethod"]} == {DID}
    assert DID in client.get("/issuer", headers={"Accept": "text/html"}).text
    at_site(session, NEW_SITE)
    use_site(NEW_SITE)
    second = make_certificate(session, "b@example.org")
    assert names(session, second)[:3] == (NEW_DID, f"{NEW_DID}#key-2", NEW_DID)
    document = json.loads(client.get("/.well-known/did.json").body)
    # What was signed for the old host is looked up there.
    assert [one["id"] for one in document["verificationMethod"]] == [f"{NEW_DID}#key-2"]
    actions.withdraw_key(session, 2, NOW, "stolen", NOW)
    session.commit()
    document = json.loads(client.get("/.well-known/did.json").body)
    assert document["assertionMethod"] == [f"{NEW_DID}#key-3"]
    assert document["verificationMethod"][0]["revoked"] == "2026-11-22T09:30:00Z"


def test_the_command_changes_the_name_and_refuses_where_there_is_none(app: Flask, session: Session) -> None:
    run = app.test_cli_runner().invoke
    refused = run(args=["credentials", "issuer", "did:web"])
    assert refused.exit_code == 1
    assert "did:web needs a PUBLIC_URL that begins with https://" in refused.output
    done = run(args=["credentials", "issuer", "address"])
    assert done.output == "New certificates are issued by http://127.0.0.1:8000/issuer from now on.\n"
    assert (
        run(args=["credentials", "issuer", "address"]).output
        == "New certificates are issued by http://127.0.0.1:8000/issuer already.\n"
    )
    session.expire_all()
    assert json.loads(queries.status_list(session, 1) or b"")["issuer"] == "http://127.0.0.1:8000/issuer"
