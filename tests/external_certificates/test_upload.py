"""An external certificate is accepted if its signature, validity and age satisfy the policy."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth.rate_limits import RateLimiter
from course.certificates.pdf import certificate_pdf
from course.clock import now
from course.context import make_context
from course.credentials.rules.documents import STATUS_LIST_SIZE, document_bytes, encode_bits, is_bit_set
from course.external_certificates import views
from course.external_certificates.revocation_fetch import fetch
from course.external_certificates.rules import is_same_name, read_profile
from course.recertification.actions import add_policy_version
from course.recertification.models import RenewalImport
from course.recertification.queries import policies
from tests.certificates.sheets import PRINTED
from tests.credentials.makers import SIGNING_SETTINGS, Issuer
from tests.makers import make_person, sign_in
from tests.pages import Client, Page
from tests.support.days import this_day


def dates() -> dict[str, Any]:
    """Those of a certificate that counts."""
    return {"completed_on": this_day(-60), "valid_until": this_day(300), "issued_at": now() - timedelta(days=60)}


class OtherInstallation:
    """Another installation on loopback: its profile and its status list."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                body = outer.answers.get(self.path)
                self.send_response(302 if body == b"away" else 200 if body is not None else 404)
                if body == b"away":
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.issuer = Issuer(replace(SIGNING_SETTINGS, base_url=self.address))
        self.serve()

    def serve(self, revoked: tuple[int, ...] = ()) -> None:
        for address, document in self.issuer.served(revoked).items():
            self.answers[address.removeprefix(self.address)] = document_bytes(document)

    @property
    def profile(self) -> str:
        return self.answers["/issuer"].decode()

    def credential(self, **changes: Any) -> bytes:
        return document_bytes(self.issuer.credential(**{**dates(), **changes}))


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[OtherInstallation]:
    monkeypatch.setattr(views, "_throttle", RateLimiter("test", 100, 600))
    found = OtherInstallation()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def learner(app: Flask, session: Session, other: OtherInstallation) -> Client:
    """A learner of an organisation that trusts the other one."""
    admin = sign_in(Client(app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    page = admin.follow(admin.post("/passport/issuers", {"profile": other.profile, "reason": "sister trust"}))
    assert "Certificates from Riverside Trust now count." in page.text
    return sign_in(Client(app), make_person(session))


def upload(client: Client, data: bytes, status: int = 303, name: str = "certificate.json") -> Page:
    form = {"csrf_token": client.token(), "file": (io.BytesIO(data), name)}
    answer = client.flask.post("/passport", data=form, content_type="multipart/form-data")
    assert answer.status_code == status, answer.text
    return Page(answer)


def imported(session: Session) -> list[RenewalImport]:
    session.expire_all()
    return list(session.execute(select(RenewalImport)).scalars())


@pytest.mark.both_engines
def test_a_signed_certificate_is_accepted_at_once_with_its_proof(
    session: Session, learner: Client, other: OtherInstallation
) -> None:
    document = other.credential()
    page = learner.follow(upload(learner, document))
    assert "Your certificate from Riverside Trust counts here until" in page.text
    (row,) = imported(session)
    assert (row.day, row.valid_until, row.issuer) == (
        dates()["completed_on"],
        dates()["valid_until"],
        "Riverside Trust",
    )
    assert row.proof == document.decode()
    assert "Up to date" in learner.get("/").text
    assert other.asked == ["/issuer/status/1"]
    last = session.execute(select(AuditEntry).order_by(AuditEntry.number.desc())).scalars().first()
    assert last is not None
    assert last.what == "certificate.brought"
    # A second upload of the same file changes nothing.
    assert "already counts" in learner.follow(upload(learner, document)).text
    assert len(imported(session)) == 1


def test_the_credential_in_a_pdf_is_accepted(session: Session, learner: Client, other: OtherInstallation) -> None:
    upload(learner, certificate_pdf(PRINTED, other.credential()), name="certificate.pdf")
    assert len(imported(session)) == 1


@pytest.mark.parametrize(
    ("changes", "why"),  # whole numbers are days from now
    [
        ({"name": "Somebody Else"}, "It is in the name Somebody Else"),
        ({"course": "Fire safety"}, "It is a certificate for another course: Fire safety."),
        ({"valid_until": -1}, "and has expired."),
        ({"completed_on": 2}, "which is in the future."),
        ({"valid_until": date(2099, 1, 1)}, "at most ten years"),
    ],
)
def test_a_refused_certificate_gets_a_reason(
    session: Session, learner: Client, other: OtherInstallation, changes: dict[str, Any], why: str
) -> None:
    as_dates = {name: this_day(value) if isinstance(value, int) else value for name, value in changes.items()}
    assert why in upload(learner, other.credential(**as_dates), 422).text
    assert imported(session) == []


def test_a_certificate_older_than_the_policy_allows_is_refused(
    app: Flask, session: Session, learner: Client, other: OtherInstallation
) -> None:
    zone = app.extensions["course"].config.time_zone
    rule = replace(policies(session, zone)[-1], since=this_day(), import_age_months=1)
    add_policy_version(make_context(session, None, now()), rule, "only fresh ones")
    session.commit()
    assert "only if it is at most 1 month old" in upload(learner, other.credential(), 422).text


def test_changed_unknown_and_malformed_certificates_are_refused(
    session: Session, learner: Client, other: OtherInstallation
) -> None:
    changed = other.credential().replace(b"Early years", b"Early yearz")
    assert "The signature is wrong." in upload(learner, changed, 422).text
    stranger = document_bytes(Issuer().credential(**dates()))
    assert "does not accept certificates from this issuer" in upload(learner, stranger, 422).text
    assert "This is not a credential of this course." in upload(learner, b"{}", 422).text
    assert "This file has no signed certificate" in upload(learner, certificate_pdf(PRINTED), 422, "plain.pdf").text
    assert "Choose the file." in learner.post("/passport", {}, 422).text
    assert imported(session) == []


def test_a_certificate_that_is_revoked_or_cannot_be_checked_is_refused(
    session: Session, learner: Client, other: OtherInstallation
) -> None:
    other.serve(revoked=(77,))
    assert "has revoked or replaced it" in upload(learner, other.credential(list_index=77), 422).text
    list_ = other.answers["/issuer/status/1"]
    for answer, why in (
        (None, "We could not ask"),
        (b"away", "We could not ask"),
        (b"x" * 70_000, "We could not ask"),
        (b"{}", "We cannot tell if it was revoked"),
        (list_.replace(b"revocation", b"suspension"), "We cannot tell if it was revoked"),
        (
            document_bytes(Issuer().served()[f"{SIGNING_SETTINGS.base_url}/issuer/status/1"]),
            "We cannot tell if it was revoked",
        ),
    ):
        other.answers.pop("/issuer/status/1", None)
        if answer is not None:
            other.answers["/issuer/status/1"] = answer
        assert why in upload(learner, other.credential(list_index=5), 422).text, answer
    assert "/elsewhere" not in other.asked
    assert imported(session) == []


def test_after_the_end_of_trust_no_new_certificate_is_accepted(
    app: Flask, session: Session, learner: Client, other: OtherInstallation
) -> None:
    admin = sign_in(Client(app), make_person(session, "Kim Else", "kim@example.org", "administrator"))
    admin.post("/passport/issuers/1/end", {"reason": ""})
    assert "Riverside Trust" in learner.get("/passport").text.split("certificates from:")[1]
    found = admin.get("/passport/issuers").html
    number = found.split("/passport/issuers/")[1].split("/")[0]
    admin.post(f"/passport/issuers/{number}/end", {"reason": "they closed"})
    assert "does not accept certificates from elsewhere yet" in learner.get("/passport").text
    assert "does not accept certificates from this issuer" in upload(learner, other.credential(), 422).text


def test_a_certificate_of_this_installation_need_not_be_uploaded(app: Flask, session: Session, learner: Client) -> None:
    own_issuer = Issuer(replace(SIGNING_SETTINGS, base_url=app.extensions["course"].config.public_url))
    admin = sign_in(Client(app), make_person(session, "Kim Else", "kim@example.org", "administrator"))
    profile = json.dumps(own_issuer.served()[own_issuer.key.issuer])
    admin.post("/passport/issuers", {"profile": profile, "reason": "by mistake"})
    assert "was issued here" in upload(learner, document_bytes(own_issuer.credential(**dates())), 422).text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "http://training.example.org/issuer"}, "does not begin with https://"),
        ({"id": 5}, "no name or address"),
        ({"name": " "}, "no name or address"),
        ({"verificationMethod": []}, "has no keys"),
        ({"id": "https://other.example.org/issuer"}, "belongs to another issuer"),
        ({"url": "x" * 20_000}, "too long"),
    ],
)
def test_an_unusable_profile_gets_a_reason(change: dict[str, Any], why: str) -> None:
    profile = Issuer().served()[Issuer().key.issuer] | change
    with pytest.raises(ValueError, match=why):
        read_profile(json.dumps(profile))


def test_the_page_of_issuers_keeps_the_entries(app: Flask, session: Session) -> None:
    admin = sign_in(Client(app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    page = admin.post("/passport/issuers", {"profile": "nonsense", "reason": "sister trust"}, 422)
    assert "This cannot be used: there is no Ed25519 key in it" in page.text
    assert page.fields()["reason"] == "sister trust"
    assert "nonsense" in page.html


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Sam Okafor", "sam  OKAFOR", True),
        ("Zoë", "Zoe\u0308", True),
        ("Sam Okafor", "Sam O", False),
        ("Ann O'Neill", "Ann O’Neill", True),
        ("Ann O´Neill", "Ann O’Neill", True),
        ("Ann Lee-Fox", "Ann Lee–Fox", True),
        ("Ann Neill", "Ann O’Neill", False),
        ("Zoe Lee", "Zoë Lee", False),
    ],
)
def test_names_are_compared_without_case_spaces_and_unicode_forms(one: str, other: str, same: bool) -> None:
    assert is_same_name(one, other) is same


def test_a_bit_is_read_at_its_index_and_nowhere_else() -> None:
    encoded = encode_bits([0, 77, STATUS_LIST_SIZE - 1])
    assert [index for index in range(STATUS_LIST_SIZE) if is_bit_set(encoded, index)] == [0, 77, STATUS_LIST_SIZE - 1]
    for wrong in ("", "u", "uAAAA", encoded[1:], "z" + encoded[1:]):
        with pytest.raises(ValueError, match=r"unpacked|not in the list"):
            is_bit_set(wrong, 0)
    with pytest.raises(ValueError, match="not in the list"):
        is_bit_set(encoded, STATUS_LIST_SIZE)


def test_only_permitted_addresses_are_contacted(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    for address in (f"file://{tmp_path}/secret", "http://training.example.org/", "ftp://127.0.0.1/"):
        with pytest.raises(OSError, match="cannot be asked"):
            fetch(address)
