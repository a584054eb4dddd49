"""Anybody can verify a certificate; changes of a certificate are recorded and final."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.certificates import actions
from course.certificates.models import Certificate
from course.context import make_context
from course.dates import add_months, format_date
from course.people.models import Person
from tests.certificates.makers import make_certificate
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.days import this_day


def test_anybody_sees_that_a_certificate_is_valid_and_nothing_else(session: Session, client: Client) -> None:
    today = this_day()
    found = make_certificate(session, on=today)
    page = client.get(f"/verify/{found.number}")
    last_day = format_date(add_months(today, 12))
    for words in ("This certificate is valid", "Sam Okafor", "Early years", last_day, "Riverside Trust"):
        assert words in page.text
    assert "sam@example.org" not in page.html


def test_an_expired_certificate_shows_its_last_day(session: Session, client: Client) -> None:
    found = make_certificate(session, on=date(2020, 3, 31))
    assert "It was valid up to and including 31 March 2021." in client.get(f"/verify/{found.number}").text


def test_the_number_may_be_typed_in_any_way(session: Session, client: Client) -> None:
    found = make_certificate(session, on=this_day())
    typed = found.number.lower().replace("-", "%20")
    assert "This certificate is valid" in client.follow(client.get(f"/verify?number={typed}", 303)).text
    assert client.get("/verify").h1 == "Check a certificate"


def test_an_unknown_number_is_reported(client: Client) -> None:
    page = client.get("/verify/AAAA-BBBB-CCCC", 404)
    assert "There is no certificate with the number" in page.text
    assert page.title.startswith("Error: Check a certificate")


def test_a_reissue_under_another_name_replaces_the_certificate(session: Session, client: Client) -> None:
    old = make_certificate(session, on=this_day())
    number = actions.reissue(
        make_context(session, None, NOW + timedelta(days=1)), old.number, "Samira Okafor", "married"
    )
    session.commit()
    assert "This certificate has been replaced" in client.get(f"/verify/{old.number}").text
    assert "married" not in client.get(f"/verify/{old.number}").text
    page = client.get(f"/verify/{number}")
    assert "This certificate is valid" in page.text
    assert "Samira Okafor" in page.text
    old_row = session.get(Certificate, old.id)
    assert old_row is not None
    assert old_row.name == "Sam Okafor"


def test_only_the_holder_sees_why_a_certificate_was_revoked(session: Session, client: Client) -> None:
    found = make_certificate(session)
    actions.revoke(make_context(session, None, NOW), found.number, "issued by mistake")
    session.commit()
    assert "has been revoked" in client.get(f"/verify/{found.number}").text
    assert "issued by mistake" not in client.get(f"/verify/{found.number}").text
    holder = session.get(Person, found.person_id)
    assert holder is not None
    sign_in(client, holder)
    assert "issued by mistake" in client.get(f"/certificate/{found.number}").text


def test_a_change_of_a_certificate_is_final(session: Session) -> None:
    found = make_certificate(session)
    actions.revoke(make_context(session, None, NOW), found.number, "why")
    with pytest.raises(ValueError, match="was revoked before"):
        actions.revoke(make_context(session, None, NOW), found.number, "again")
    with pytest.raises(ValueError, match="was revoked before"):
        actions.reissue(make_context(session, None, NOW), found.number, "New", "again")
    with pytest.raises(LookupError):
        actions.revoke(make_context(session, None, NOW), "AAAA-BBBB-CCCC", "why")


def test_a_completion_has_one_first_certificate(session: Session) -> None:
    found = make_certificate(session)
    same = {column.name: getattr(found, column.name) for column in Certificate.__table__.columns}
    session.add(Certificate(**{**same, "id": None, "number": "AAAA-BBBB-CCCC"}))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
    assert session.execute(select(func.count()).select_from(Certificate)).scalar_one() == 1


def test_trying_many_numbers_is_rate_limited(client: Client) -> None:
    for number in range(60):
        client.get(f"/verify/AAAA-BBBB-{number:04d}", 404)
    assert "Too many checks" in client.get("/verify/AAAA-BBBB-9999", 429).text


def test_the_commands_reissue_and_revoke_and_say_what_is_wrong(app: Flask, session: Session) -> None:
    found = make_certificate(session)
    runner = app.test_cli_runner()
    done = runner.invoke(args=["certificates", "reissue", found.number.lower(), "--name", "New", "--reason", "why"])
    assert done.exit_code == 0, done.output
    assert f"{found.number} is replaced by" in done.output
    again = runner.invoke(args=["certificates", "revoke", found.number, "--reason", "why"])
    assert again.exit_code == 1
    assert "was replaced before" in again.output
    new = done.output.rsplit(" ", 1)[1].strip(".\n")
    assert runner.invoke(args=["certificates", "revoke", new, "--reason", "why"]).exit_code == 0


def test_an_administrator_reissues_certificates_in_the_current_name(session: Session, client: Client) -> None:
    old = make_certificate(session)
    holder = session.get_one(Person, old.person_id)
    holder.name = "Sam Lee"
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    path = f"/people/{holder.id}"
    assert f"{old.number}: Sam Okafor" in client.get(path).text
    page = client.follow(client.post(f"/certificate/of/{holder.id}/reissue", {}))
    assert "1 certificate issued in the name Sam Lee" in page.text
    assert "Certificates in another name" not in page.text
    assert "replaced" in client.get(f"/verify/{old.number}").text
