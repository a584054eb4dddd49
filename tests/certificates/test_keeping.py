"""The link that opens somebody's certificates without signing in, also after they have left."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.certificates import views
from course.certificates.signed_links import create_link_token, read_person_id
from course.organisation.actions import set_logo
from course.people.actions import end_employment
from course.people.models import Person
from course.web.rate_limit import RateLimiter
from tests.certificates.makers import TODAY, issued
from tests.certificates.sheets import picture, text
from tests.conftest import NOW, SECRET
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


@pytest.fixture(autouse=True)
def fresh_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_throttle", RateLimiter(60, 60))


def test_a_leaver_opens_their_certificates_by_the_link_and_nothing_else(
    app: Flask, session: Session, client: Client
) -> None:
    found = issued(session)
    other = issued(session, "kim@example.org")
    signed_in = Client(app)
    sign_in(signed_in, make_person(session, "Ann Hill", "ann@example.org", "administrator"))
    end_employment(session, found.person_id, TODAY, "moved on", "Europe/London", None, NOW)
    session.commit()
    assert "give it to them if they ask" in signed_in.get(f"/people/{found.person_id}").text
    where = f"/kept/{create_link_token(found.person_id, SECRET)}"
    page = client.get(where)
    assert page.h1 == "Certificates of Sam Okafor"
    assert found.number in page.text
    assert other.number not in page.text
    assert "Sam Okafor" in text(client.flask.get(f"{where}/{found.number}.pdf").data)
    assert b"proofValue" in client.flask.get(f"{where}/{found.number}.json").data
    for path in (f"{where}/{other.number}.pdf", f"{where}/{other.number}.json"):
        client.get(path, 404)
    client.get("/certificate", 303)


def test_the_learner_is_told_to_keep_the_link(session: Session, client: Client) -> None:
    found = issued(session)
    sign_in(client, make_person(session, "Ann Hill", "ann@example.org"))
    assert "Keep this link" not in client.get("/certificate").text
    assert read_person_id(create_link_token(found.person_id, SECRET), SECRET) == found.person_id


def test_a_link_that_was_made_up_opens_nothing_and_trying_is_slowed_down(
    session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = issued(session)
    for token in ("nothing", create_link_token(found.person_id, "x" * 40), create_link_token(10**9, SECRET)):
        client.get(f"/kept/{token}", 404)
    monkeypatch.setattr(views, "_throttle", RateLimiter(1, 60))
    good = f"/kept/{create_link_token(found.person_id, SECRET)}"
    client.get(good)
    client.get(good, 429)


def test_a_certificate_keeps_the_logo_of_the_day_on_which_it_was_issued(session: Session, client: Client) -> None:
    before, after = issued(session, "before@example.org"), issued(session, "after@example.org")
    before.issued_at, after.issued_at = NOW - timedelta(days=2), NOW
    set_logo(session, picture("RGB"), None, NOW - timedelta(days=1))
    session.commit()
    pages = []
    for certificate, email in ((before, "before@example.org"), (after, "after@example.org")):
        person = session.execute(select(Person).where(Person.email == email)).scalar_one()
        data = sign_in(Client(client.app), person).get(f"/certificate/{certificate.number}.pdf").body
        pages.append(data)
    assert [len(PdfReader(io.BytesIO(data)).pages[0].images) for data in pages] == [0, 1]
    set_logo(session, None, None, NOW + timedelta(seconds=1))
    session.commit()
    assert sign_in(Client(client.app), person).get(f"/certificate/{after.number}.pdf").body == pages[1]


def test_a_holder_ends_their_link_and_gets_a_new_one(app: Flask, session: Session, client: Client) -> None:
    found = issued(session)
    holder, nobody = sign_in(Client(app), session.get_one(Person, found.person_id)), client
    first = f"/kept/{create_link_token(found.person_id, SECRET)}"
    nobody.get(first)
    page = holder.follow(holder.post("/certificate/link/end", {"number": "0"}))
    assert "The link was ended" in page.text
    for path in (first, f"{first}/{found.number}.pdf", f"{first}/{found.number}.json"):
        assert "was ended" in nobody.get(path, 410).text
    second = f"/kept/{create_link_token(found.person_id, SECRET, 1)}"
    assert second in page.html
    assert nobody.get(second).h1 == "Certificates of Sam Okafor"
    # Pressed again on the page as it was, it ends nothing more.
    assert "had been ended before" in holder.follow(holder.post("/certificate/link/end", {"number": "0"})).text
    nobody.get(second)
    for wrong in ("", "x", "7", "9" * 30):
        holder.post("/certificate/link/end", {"number": wrong})
    nobody.get(second)


def test_an_administrator_ends_the_link_of_somebody_who_has_left_and_nobody_else_does(
    app: Flask, session: Session, client: Client
) -> None:
    found = issued(session)
    end_employment(session, found.person_id, TODAY, "moved on", "Europe/London", None, NOW)
    session.commit()
    learner = sign_in(Client(app), make_person(session, "Kim Else", "kim@example.org"))
    learner.post(f"/certificate/of/{found.person_id}/link/end", {"number": "0"}, 403)
    boss = sign_in(Client(app), make_person(session, "Ann Hill", "ann@example.org", "administrator"))
    page = boss.get(f"/people/{found.person_id}")
    assert "End the link to their certificates" in page.text
    page = boss.follow(boss.post(f"/certificate/of/{found.person_id}/link/end", {"number": "0"}))
    client.get(f"/kept/{create_link_token(found.person_id, SECRET)}", 410)
    assert f"/kept/{create_link_token(found.person_id, SECRET, 1)}" in page.html
    boss.post("/certificate/of/999999/link/end", {"number": "0"}, 404)
