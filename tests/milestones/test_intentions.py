"""Sentences that are mailed back to their writers, and the reply to the question whether it came up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.mail.actions import suppress_address
from course.mail.delivery import SenderSettings, deliver
from course.milestones import actions, queries
from course.milestones.jobs import find_due_intentions, mail_intentions
from course.milestones.models import Intention
from course.people.models import Person
from course.privacy.actions import delete_notes
from course.recertification.models import RenewalPause
from course.signed_links import IntentionLink, sign_link
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.outbox import rendered_mails
from tests.support.racing import at_once
from tests.support.smtp import Inbox, smtp_server

pytestmark = pytest.mark.both_engines

TEXT = "When Noah shows me a picture, I will put my own phone away."
TWO_WEEKS = timedelta(days=14)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp_server() as found:
        yield found


def write(session: Session, person: Person, text: str = TEXT, ago: timedelta = TWO_WEEKS) -> bool:
    context = make_context(session, person.id, now() - ago)
    saved = actions.save_intention(context, "images-and-networks", text)
    session.commit()
    return saved


def mail_now(app: Flask) -> int:
    with app.app_context():
        return mail_intentions(now())


def due(app: Flask) -> int:
    with app.app_context():
        return len(find_due_intentions(now()))


def only(session: Session) -> Intention:
    session.expire_all()
    return session.execute(select(Intention)).scalar_one()


@pytest.mark.parametrize(
    ("ago", "mailed", "expected"),
    [
        (timedelta(days=13, hours=23), False, 0),
        (TWO_WEEKS, False, 1),
        (timedelta(days=30), True, 0),
    ],
)
def test_a_sentence_is_due_once_after_two_weeks(session: Session, ago: timedelta, mailed: bool, expected: int) -> None:
    person, at = make_person(session), now()
    actions.save_intention(make_context(session, person.id, at - ago), "images-and-networks", TEXT)
    only(session).mailed_at = at if mailed else None
    session.flush()
    assert len(queries.due_intentions(session, at)) == expected


def test_after_two_weeks_a_sentence_is_mailed_once_to_its_writer(app: Flask, session: Session) -> None:
    person = make_person(session)
    make_person(session, "Alex Morgan", "boss@example.org", "administrator")
    write(session, person, ago=TWO_WEEKS - timedelta(hours=1))
    assert mail_now(app) == 0
    write(session, person, TEXT + " Then I listen.")
    assert mail_now(app) == 1
    assert mail_now(app) == 0
    (mail,) = rendered_mails(app, session, "intention:")
    assert mail.recipient == person.email
    assert f"“{TEXT} Then I listen.”" in " ".join(mail.text.split())
    assert "at the end of “Images, networks and communities”" in " ".join(mail.text.split())
    assert len(set(re.findall(r"\?reply=([a-z-]+)", mail.text))) == 3


def test_a_real_server_gets_the_mail_and_its_text_is_then_forgotten(app: Flask, session: Session, inbox: Inbox) -> None:
    person = make_person(session)
    write(session, person)
    mail_now(app)
    rendered_mails(app, session)
    sender = SenderSettings(f"smtp://127.0.0.1:{inbox.port}", "course@example.org", "http://localhost", "Europe/London")
    with app.app_context():
        deliver(unit_of_work, sender, now() + timedelta(days=4))
    (message,) = inbox.wait_for(1)
    assert message["To"] == person.email
    assert message["Subject"] == "Did it come up?"
    (mail,) = rendered_mails(app, session, "intention:")
    assert mail.sent_at is not None
    assert TEXT not in f"{mail.text}{mail.html}{mail.template_values}"


def test_an_address_that_takes_no_mail_is_not_written_to(app: Flask, session: Session, inbox: Inbox) -> None:
    person = make_person(session)
    write(session, person)
    suppress_address(session, str(person.email), "bounced", "no such mailbox", now())
    session.commit()
    mail_now(app)
    rendered_mails(app, session)
    sender = SenderSettings(f"smtp://127.0.0.1:{inbox.port}", "course@example.org", "http://localhost", "Europe/London")
    with app.app_context():
        assert deliver(unit_of_work, sender, now() + timedelta(days=4)) == 0


@pytest.mark.parametrize("case", ["left", "deleted", "another address", "as before"])
def test_a_sentence_that_waits_for_working_hours_goes_to_its_writer_alone(
    app: Flask, session: Session, inbox: Inbox, case: str
) -> None:
    person = make_person(session)
    write(session, person)
    assert mail_now(app) == 1
    if case == "left":
        person.left_at = now()
    elif case == "deleted":
        delete_notes(session, person.id)
    elif case == "another address":
        person.email = "sam.new@example.org"
    session.commit()
    rendered_mails(app, session)
    sender = SenderSettings(f"smtp://127.0.0.1:{inbox.port}", "course@example.org", "http://localhost", "Europe/London")
    with app.app_context():
        assert deliver(unit_of_work, sender, now() + timedelta(days=5)) == (case == "as before")
    (mail,) = rendered_mails(app, session, "intention:")
    assert (mail.withheld is None) == (case == "as before")
    assert TEXT not in f"{mail.text}{mail.html}{mail.template_values}"


@pytest.mark.parametrize("case", ["left", "on leave", "deleted", "back from leave"])
def test_nobody_is_mailed_who_has_left_is_on_leave_or_took_it_back(app: Flask, session: Session, case: str) -> None:
    person = make_person(session)
    write(session, person)
    if case == "left":
        person.left_at = now()
    elif case == "deleted":
        assert delete_notes(session, person.id) == 1
    else:
        until = date(2020, 1, 31) if case == "back from leave" else None
        session.add(RenewalPause(person_id=person.id, recorded=date(2020, 1, 1), since=date(2020, 1, 1), until=until,
                                 re_enter_days=28, reason="leave", made_at=NOW))  # fmt: skip
    session.commit()
    assert due(app) == (case == "back from leave")
    assert mail_now(app) == (case == "back from leave")


def test_a_sentence_that_was_mailed_stays_as_it_was(app: Flask, session: Session) -> None:
    person = make_person(session)
    write(session, person)
    mail_now(app)
    assert not write(session, person, "Something else")
    assert not write(session, person, "")
    assert only(session).text == TEXT


def test_a_change_starts_the_two_weeks_again_and_saving_the_same_does_not(app: Flask, session: Session) -> None:
    person = make_person(session)
    write(session, person)
    write(session, person, ago=timedelta())
    assert due(app) == 1
    write(session, person, "When it comes up, I will ask.", ago=timedelta())
    assert due(app) == 0


@pytest.mark.parametrize("committed", ["sqlite", "postgresql"], indirect=True)
def test_of_two_workers_one_mails_the_sentence(committed: Flask) -> None:
    with committed.extensions["course.sessions"].writing() as session:
        write(session, make_person(session))
    assert sorted(at_once([partial(mail_now, committed)] * 2)) == [0, 1]


def test_the_link_asks_before_it_keeps_an_answer_and_the_first_answer_stays(
    app: Flask, session: Session, client: Client
) -> None:
    person = make_person(session)
    write(session, person)
    mail_now(app)
    (mail,) = rendered_mails(app, session, "intention:")
    link = next(re.finditer(r"http://[^/\s]+(/when-then/[^\s?]+\?reply=did)", mail.text))[1]
    # A mail program opens the link by itself: that answers nothing.
    page = client.get(link)
    assert page.h1 == "Did it come up?"
    assert TEXT in page.text
    lit = [one.get("value") for one in page.all("button") if "turn" in str(one.get("class"))]
    assert lit == ["did"]
    assert only(session).reply is None
    address = link.partition("?")[0]
    page = client.follow(client.post(address, {"reply": "missed"}))
    assert "Yes, but I did not do it" in page.text
    client.post(address, {"reply": "did"})
    assert only(session).reply == "missed"
    client.post(address, {"reply": "often"}, 400)


def test_a_link_that_was_made_up_or_is_old_or_of_a_leaver_opens_nothing(
    app: Flask, session: Session, client: Client
) -> None:
    person = make_person(session)
    write(session, person)
    mail_now(app)
    secret = app.extensions["course"].config.secret_key
    address = f"/when-then/{sign_link(IntentionLink(only(session).id), secret)}"
    client.get(address)
    client.get(f"/when-then/{sign_link(IntentionLink(only(session).id), 'another secret')}", 410)
    only(session).mailed_at = now() - timedelta(days=91)
    session.commit()
    client.get(address, 410)
    client.post(address, {"reply": "did"})
    only(session).mailed_at = now()
    person.left_at = now()
    session.commit()
    client.get(address, 410)
    assert only(session).reply is None


def test_a_sentence_that_follows_deleted_ones_is_mailed_and_no_earlier_link_opens_it(
    app: Flask, session: Session, client: Client
) -> None:
    # SQLite gives the number of the newest row again once that row is deleted.
    first, second = make_person(session), make_person(session, "Priya Shah", "priya@example.org")
    write(session, first)
    assert mail_now(app) == 1
    (mail,) = rendered_mails(app, session, "intention:")
    link = next(re.finditer(r"http://[^/\s]+(/when-then/[^\s?]+)", mail.text))[1]
    client.get(link)
    assert delete_notes(session, first.id) == 1
    session.commit()
    write(session, second, "When it comes up, I will ask.")
    assert mail_now(app) == 1
    assert [one.recipient for one in rendered_mails(app, session, "intention:")] == [first.email, second.email]
    client.get(link, 410)
    client.post(link, {"reply": "did"})
    assert only(session).reply is None


def test_a_sentence_is_shown_to_its_writer_alone(session: Session, client: Client) -> None:
    person = make_person(session)
    boss = make_person(session, "Alex Morgan", "boss@example.org", "administrator")
    write(session, person)
    assert [one.text for one in queries.intentions(session, person.id)] == [TEXT]
    assert TEXT in sign_in(client, person).get("/me/data").text
    assert TEXT in client.get("/what-i-know").text
    client.post("/sign-out", {})
    sign_in(client, boss)
    for path in (f"/people/{person.id}", f"/report/people/{person.id}", "/what-i-know"):
        assert TEXT not in client.get(path).text


def test_the_mail_names_the_module_in_the_language_of_its_writer(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = app.extensions["course"].library
    module = english.modules["images-and-networks"].model_copy(update={"title": "Delweddau a rhwydweithiau"})
    modules = {**english.modules, module.id: module}
    welsh = replace(english, modules=modules, language="cy", english=english, translations={}, _variants={})
    monkeypatch.setitem(english.translations, "cy", welsh)
    person = make_person(session)
    person.language = "cy"
    assert write(session, person)
    assert mail_now(app) == 1
    [mail] = rendered_mails(app, session, "intention:")
    assert "“Delweddau a rhwydweithiau”" in " ".join(mail.text.split())
