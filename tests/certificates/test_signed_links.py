"""The certificate link opens a person's certificates without sign-in, also after the person has left."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth.rate_limits import RateLimiter
from course.certificates import views
from course.context import make_context
from course.organisation.actions import set_logo
from course.people.actions import end_employment
from course.people.models import Person
from course.signed_links import CertificateLink, sign_link
from tests.certificates.makers import TODAY, make_certificate
from tests.certificates.sheets import make_logo, pdf_text
from tests.conftest import NOW, SECRET
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


def test_the_link_opens_the_certificates_of_a_leaver_and_nothing_else(
    app: Flask, session: Session, client: Client
) -> None:
    found = make_certificate(session)
    other = make_certificate(session, "kim@example.org")
    signed_in = Client(app)
    sign_in(signed_in, make_person(session, "Ann Hill", "ann@example.org", "administrator"))
    end_employment(make_context(session, None, NOW), found.person_id, TODAY, "moved on")
    session.commit()
    assert "Give it to them if they ask" in signed_in.get(f"/people/{found.person_id}").text
    link = f"/kept/{sign_link(CertificateLink(found.person_id), SECRET)}"
    page = client.get(link)
    assert page.h1 == "Certificates of Sam Okafor"
    assert found.number in page.text
    assert other.number not in page.text
    assert "Sam Okafor" in pdf_text(client.flask.get(f"{link}/{found.number}.pdf").data)
    assert b"proofValue" in client.flask.get(f"{link}/{found.number}.json").data
    for path in (f"{link}/{other.number}.pdf", f"{link}/{other.number}.json"):
        client.get(path, 404)
    client.get("/certificate", 303)


def test_the_learner_is_asked_to_keep_the_link(session: Session, client: Client) -> None:
    make_certificate(session)
    sign_in(client, make_person(session, "Ann Hill", "ann@example.org"))
    assert "A link that stays yours" not in client.get("/certificate").text


def test_a_forged_link_opens_nothing_and_attempts_are_rate_limited(
    session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make_certificate(session)
    for token in (
        "nothing",
        sign_link(CertificateLink(found.person_id), "x" * 40),
        sign_link(CertificateLink(10**9), SECRET),
    ):
        client.get(f"/kept/{token}", 404)
    monkeypatch.setattr(views.certificates, "throttle", RateLimiter("test", 1, 60))
    good = f"/kept/{sign_link(CertificateLink(found.person_id), SECRET)}"
    client.get(good)
    client.get(good, 429)


def test_a_certificate_keeps_the_logo_of_the_day_on_which_it_was_issued(session: Session, client: Client) -> None:
    before, after = make_certificate(session, "before@example.org"), make_certificate(session, "after@example.org")
    before.issued_at, after.issued_at = NOW - timedelta(days=2), NOW
    set_logo(make_context(session, None, NOW - timedelta(days=1)), make_logo("RGB"))
    session.commit()
    pages = []
    for certificate, email in ((before, "before@example.org"), (after, "after@example.org")):
        person = session.execute(select(Person).where(Person.email == email)).scalar_one()
        data = sign_in(Client(client.app), person).get(f"/certificate/{certificate.number}.pdf").body
        pages.append(data)
    assert [len(PdfReader(io.BytesIO(data)).pages[0].images) for data in pages] == [0, 1]
    set_logo(make_context(session, None, NOW + timedelta(seconds=1)), None)
    session.commit()
    assert sign_in(Client(client.app), person).get(f"/certificate/{after.number}.pdf").body == pages[1]


def test_a_holder_ends_the_link_and_gets_a_new_one(app: Flask, session: Session, client: Client) -> None:
    found = make_certificate(session)
    holder, visitor = sign_in(Client(app), session.get_one(Person, found.person_id)), client
    first = f"/kept/{sign_link(CertificateLink(found.person_id), SECRET)}"
    visitor.get(first)
    page = holder.follow(holder.post("/certificate/link/end", {"number": "0"}))
    assert "The link was ended" in page.text
    for path in (first, f"{first}/{found.number}.pdf", f"{first}/{found.number}.json"):
        assert "was ended" in visitor.get(path, 410).text
    second = f"/kept/{sign_link(CertificateLink(found.person_id, 1), SECRET)}"
    assert second in page.html
    assert visitor.get(second).h1 == "Certificates of Sam Okafor"
    # Submitted again from the old page, the form ends nothing more.
    assert "had been ended before" in holder.follow(holder.post("/certificate/link/end", {"number": "0"})).text
    visitor.get(second)
    for wrong in ("", "x", "7", "9" * 30):
        holder.post("/certificate/link/end", {"number": wrong})
    visitor.get(second)


def test_only_an_administrator_ends_the_link_of_a_leaver(app: Flask, session: Session, client: Client) -> None:
    found = make_certificate(session)
    end_employment(make_context(session, None, NOW), found.person_id, TODAY, "moved on")
    session.commit()
    learner = sign_in(Client(app), make_person(session, "Kim Else", "kim@example.org"))
    learner.post(f"/certificate/of/{found.person_id}/link/end", {"number": "0"}, 403)
    boss = sign_in(Client(app), make_person(session, "Ann Hill", "ann@example.org", "administrator"))
    page = boss.get(f"/people/{found.person_id}")
    assert "End the link to their certificates" in page.text
    page = boss.follow(boss.post(f"/certificate/of/{found.person_id}/link/end", {"number": "0"}))
    client.get(f"/kept/{sign_link(CertificateLink(found.person_id), SECRET)}", 410)
    assert f"/kept/{sign_link(CertificateLink(found.person_id, 1), SECRET)}" in page.html
    boss.post("/certificate/of/999999/link/end", {"number": "0"}, 404)
