"""The pages for one-time codes, for people without an address, and for an address that they add."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.auth import actions, queries
from course.auth.actions import SignInGranted
from course.auth.models import SignInToken
from course.auth.rules import (
    parse_code,
)
from course.clock import now
from course.context import make_context
from course.dates import format_moment
from course.mail.models import OutboxMail
from course.people.actions import delegate, grant_role
from course.people.models import Deputy, Person, PersonChange, Team
from tests.auth.test_codes import PIN, issue, make_cook, redeem
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import ZONE
from tests.support.outbox import rendered_mails


@pytest.fixture
def kitchen(session: Session) -> Team:
    return make_team(session, "Kitchen")


@pytest.fixture
def boss(session: Session, kitchen: Team) -> Person:
    return make_person(session, "Priya Shah", "priya@example.org", "manager", kitchen)


def code_on(page_text: str) -> str:
    (code,) = re.findall(r"\d{4} \d{4} \d{4}", page_text)
    return str(code)


def test_from_the_strip_to_the_course(
    app: Flask, session: Session, client: Client, kitchen: Team, boss: Person
) -> None:
    cook = make_cook(session, kitchen)
    path = f"/people/{cook.id}/code"
    sign_in(client, boss)
    assert "K-17" in client.get(path).text
    strip = client.post(path, {"sheet": "s1"}, 200)
    code = code_on(strip.text)
    assert code_on(client.post(path, {"sheet": "s1"}, 200).text) == code, "a second press shows the same"
    assert strip.headers["Cache-Control"] == "no-store"
    own = Client(app)
    form = {"login": "k-17", "code": code, "password": PIN}
    assert "12 digits" in own.post("/code", form | {"code": "4821"}, 422).text
    assert "no longer works" in own.post("/code", form | {"code": "0000 0000 0000"}, 422).text
    assert "not a date" in own.post("/code", form | {"password": "17111983"}, 422).text
    assert own.post("/code", form).location == "/"
    me = own.get("/me").text
    assert "No address" in me
    assert "K-17" in me
    assert "no longer works" in Client(app).post("/code", form, 422).text
    assert Client(app).post("/sign-in", {"email": "K-17", "password": PIN}).location == "/"
    words = " ".join(session.execute(select(AuditEntry.details)).scalars())
    assert code not in words
    assert parse_code(code) not in words
    assert session.execute(select(func.count()).select_from(OutboxMail)).scalar_one() == 0


@pytest.mark.both_engines
def test_no_manager_gets_into_the_account_of_a_deputy_who_sees_another_team(
    session: Session, client: Client, kitchen: Team, boss: Person
) -> None:
    cook = make_cook(session, kitchen)
    other = make_person(session, "Sam Okafor", "sam@example.org", "manager", make_team(session, "Office"))
    at = now()
    context = make_context(session, other.id, at)
    assert delegate(context, "K-17", context.today, "holiday") is None
    session.commit()
    sign_in(client, boss)
    assert "Dana Bell" not in client.get("/people/codes").text
    refusal = "Only an administrator can make a code for someone who has a role."
    assert refusal in client.follow(client.post(f"/people/{cook.id}/code", {"sheet": "s"})).text
    found = queries.code_person(session, cook.id, context.today)
    assert found is not None
    assert not found.may_use_pin
    session.execute(update(Deputy).values(until=context.today - timedelta(days=1)))
    session.commit()
    assert "Dana Bell" in client.get("/people/codes").text
    client.post(f"/people/{cook.id}/code", {"sheet": "s"}, 200)


def test_a_manager_makes_codes_for_their_own_people_only(
    session: Session, client: Client, kitchen: Team, boss: Person
) -> None:
    other = make_cook(session, make_team(session, "Elsewhere"), "E-1", "Robin Ray")
    mailed = make_person(session, "Sam Okafor", "sam@example.org", team=kitchen)
    lead = make_cook(session, kitchen, "L-1", "Lee Moss")
    grant_role(make_context(session, None, NOW), lead.id, "manager", kitchen.id)
    session.commit()
    sign_in(client, boss)
    for person in (other, boss):
        client.get(f"/people/{person.id}/code", 404)
        client.post(f"/people/{person.id}/code", {"sheet": "s"}, 404)
    for person, words in ((mailed, "They have an e-mail address"), (lead, "Only an administrator can make a code")):
        page = client.get(f"/people/{person.id}/code")
        assert words in page.text
        assert "Make a code" not in page.text
        assert words in client.follow(client.post(f"/people/{person.id}/code", {"sheet": "s"})).text
    assert session.execute(select(func.count()).select_from(SignInToken)).scalar_one() == 0


def test_a_sheet_has_a_strip_for_each_who_was_chosen(
    session: Session, client: Client, kitchen: Team, boss: Person
) -> None:
    cooks = [make_cook(session, kitchen, f"K-{number}", f"Cook {number}") for number in ("20", "21", "22")]
    stranger = make_cook(session, make_team(session, "Elsewhere"), "E-1", "Robin Ray")
    sign_in(client, boss)
    page = client.get("/people/codes")
    assert "Cook 20" in page.text
    assert "Robin Ray" not in page.text
    chosen = [str(one.id) for one in (*cooks[:2], stranger)]
    strips = client.post("/people/codes", {"sheet": "s1", "person": chosen}, 200).text
    assert len(set(re.findall(r"\d{4} \d{4} \d{4}", strips))) == 2
    assert "Cook 22" not in strips
    ends = session.execute(select(SignInToken.expires_at)).scalars().first()
    assert ends is not None
    assert f"Works until {format_moment(ends, ZONE)}" in client.get("/people/codes").text
    assert "Choose at least one person" in client.follow(client.post("/people/codes", {"sheet": "s2"})).text


def test_an_administrator_makes_the_sheet_of_one_site(app: Flask, session: Session, kitchen: Team) -> None:
    below = make_team(session, "Bakery", kitchen)
    for team, number, name in ((below, "B-1", "Noor Azar"), (make_team(session, "Elsewhere"), "E-1", "Robin Ray")):
        make_cook(session, team, number, name)
    office = Client(app)
    sign_in(office, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    assert "Robin Ray" in office.get("/people/codes").text
    page = office.get(f"/people/codes?team={kitchen.id}")
    assert "Noor Azar" in page.text
    assert "Robin Ray" not in page.text
    assert "Robin Ray" not in office.get("/people/codes?team=999").text


def test_a_person_who_has_an_address_or_a_role_needs_a_password(session: Session, app: Flask) -> None:
    person = make_person(session, password=None)
    issued = actions.issue_code(make_context(session, None, NOW), person.id, app.config["SECRET_KEY"])
    assert issued is not None
    session.commit()
    form = {"login": "sam@example.org", "code": issued.code, "password": PIN}
    page = Client(app).post("/code", form, 422)
    assert "at least 10 characters" in page.text


def test_somebody_adds_their_own_address_by_a_link(app: Flask, session: Session, client: Client) -> None:
    cook = make_cook(session)
    assert isinstance(redeem(session, "K-17", issue(session, cook)), SignInGranted)
    session.commit()
    client.post("/sign-in", {"email": "K-17", "password": PIN})
    client.post("/me/address", {"address": "Dana@Example.org"})
    mail = rendered_mails(app, session, "own-address:")[-1]
    assert mail.recipient == "dana@example.org"
    (path,) = re.findall(r"http://127\.0\.0\.1:8000(/me/address/\S+)", mail.text)
    session.refresh(cook)
    assert cook.email is None, "asking alone changes nothing"
    make_person(session, "Kim Lee", "kim@example.org")
    other = Client(app)
    other.post("/sign-in", {"email": "kim@example.org", "password": PASSWORD})
    other.get(path, 410)
    assert "dana@example.org" in client.get(path).text
    session.refresh(cook)
    assert cook.email is None, "a program that opens links changes nothing"
    client.post(path, {})
    session.refresh(cook)
    assert [cook.email, cook.sign_in_name] == ["dana@example.org", "K-17"]
    client.get(path, 410)
    for login in ("K-17", "dana@example.org"):
        assert Client(app).post("/sign-in", {"email": login, "password": PIN}).location == "/"


def test_the_mail_to_their_own_address_is_in_the_language_of_whoever_asked_for_it(
    app: Flask, session: Session, client: Client
) -> None:
    cook = make_cook(session)
    cook.language = "cy"
    make_person(session, "Kim Lee", "kim@example.org")
    assert isinstance(redeem(session, "K-17", issue(session, cook)), SignInGranted)
    session.commit()
    client.post("/sign-in", {"email": "K-17", "password": PIN})
    for address in ("dana@example.org", "kim@example.org"):
        client.post("/me/address", {"address": address})
    mails = {mail.recipient: mail for mail in rendered_mails(app, session, "own-address:")}
    assert mails["dana@example.org"].text.startswith("Helo,")
    assert mails["kim@example.org"].text.startswith("Hello,"), "it is the address of somebody else"
    (path,) = re.findall(r"(/me/address/\S+)", mails["dana@example.org"].text)
    client.post(path, {})
    reason = select(PersonChange.reason).where(PersonChange.person_id == cook.id)
    assert session.execute(reason).scalar_one() == "Added and confirmed by themselves"


def test_an_address_that_somebody_else_took_meanwhile_is_not_given_twice(
    app: Flask, session: Session, client: Client
) -> None:
    cook = make_cook(session)
    assert isinstance(redeem(session, "K-17", issue(session, cook)), SignInGranted)
    session.commit()
    client.post("/sign-in", {"email": "K-17", "password": PIN})
    client.post("/me/address", {"address": "dana@example.org"})
    (path,) = re.findall(r"(/me/address/\S+)", rendered_mails(app, session, "own-address:")[-1].text)
    make_person(session, "Dana Other", "dana@example.org")
    assert "already has this e-mail address" in client.follow(client.post(path, {})).text
    session.refresh(cook)
    assert cook.email is None


def test_an_administrator_adds_somebody_without_an_address(session: Session, client: Client) -> None:
    make_cook(session)
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    form = {
        "name": "Noor Azar",
        "email": "",
        "staff_number": "",
        "sign_in_name": "",
        "team": "",
        "role": "learner",
        "pathway": "",
    }
    assert "Without one, enter a staff number" in client.post("/people/add", form, 422).text
    assert "sign-in name of 2 to 50" in client.post("/people/add", form | {"sign_in_name": "a@b"}, 422).text
    taken = client.post("/people/add", form | {"sign_in_name": "k-17"}, 422)
    assert "Someone else already has this sign-in name" in taken.text
    assert taken.fields()["name"] == "Noor Azar"
    assert "already has this staff number" in client.post("/people/add", form | {"staff_number": "K-17"}, 422).text
    added = client.post("/people/add", form | {"staff_number": "N-5"})
    person = session.execute(select(Person).where(Person.name == "Noor Azar")).scalar_one()
    assert added.location == f"/people/{person.id}/code"
    assert (person.email, person.sign_in_name, person.invited_at) == (None, "N-5", None)
    listed = client.get("/people?q=n-5").text
    assert "Noor Azar" in listed
    assert "No address" in listed
    assert "No address" in client.get(f"/people/{person.id}").text
