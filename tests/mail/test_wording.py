"""How the organisation words its mails: its own name as the sender, and a sentence at the top."""

from __future__ import annotations

from email.headerregistry import Address

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.mail import queries
from course.mail.delivery import SenderSettings, deliver
from course.mail.jobs import render_waiting_mail
from course.mail.models import MailWording
from course.mail.rules import opening_fault, sender_fault, sender_header
from course.reminders.actions import change_mail_wording
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.outbox import rendered_mails
from tests.support.racing import at_once
from tests.support.smtp import smtp_server

PAGE = "/reminders/wording"


@pytest.mark.parametrize(
    ("typed", "is_good"),
    [
        ("", True),
        ("Riverside Trust Training", True),
        ("Ymddiriedolaeth Glan-yr-afon & Ffrindiau (hyfforddiant)", True),
        ("Łódź Zespół", True),
        ("x" * 100, True),
        ("x" * 101, False),
        ("Riverside\r\nBcc: all@example.org", False),
        ("Riverside\nTrust", False),
        ("Riverside\u2028Trust", False),
        ("Riverside\x00", False),
        ("Head <head@example.org>", False),
        ("head@example.org", False),
        ("Riverside, Trust", False),
        ('Riverside "Trust"', False),
    ],
)
def test_a_name_of_a_sender_is_one_line_and_no_address(typed: str, is_good: bool) -> None:
    assert (sender_fault(typed) is None) is is_good


@pytest.mark.parametrize(
    ("typed", "is_good"),
    [
        ("", True),
        ("Questions? Ring Priya on 01632 960100, or ask.", True),
        ("x" * 300, True),
        ("x" * 301, False),
        ("a\nb", False),
    ],
)
def test_a_first_sentence_is_one_line_of_a_few_words(typed: str, is_good: bool) -> None:
    assert (opening_fault(typed) is None) is is_good


def test_the_address_stays_that_of_the_setting() -> None:
    assert sender_header("Course <course@example.org>", "") == "Course <course@example.org>"
    found = sender_header("Course <course@example.org>", "Riverside Training")
    assert isinstance(found, Address)
    assert str(found) == "Riverside Training <course@example.org>"


@pytest.mark.both_engines
def test_mails_that_leave_bear_the_name_and_the_sentence_in_both_parts(
    app: Flask, session: Session, client: Client
) -> None:
    boss = make_person(session, "Ada Vale", "ada@example.org", "administrator")
    sign_in(client, boss)
    page = client.follow(
        client.post(PAGE, client.get(PAGE).fields() | {"sender": "Łódź Training", "opening": "Ring <Priya> & co."})
    )
    assert "Łódź Training" in page.text
    client.post("/system/test-mail", {})
    with smtp_server() as inbox, app.app_context():
        render_waiting_mail()
        sender = SenderSettings(f"smtp://{inbox.host}:{inbox.port}", "course@example.org", "https://training.example.org",
                                "Europe/London", queries.mail_wording(session).sender)  # fmt: skip
        assert deliver(unit_of_work, sender, now()) == 1
        (message,) = inbox.messages
    assert message["From"] == "Łódź Training <course@example.org>"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    text = plain.get_content()
    assert text.startswith("Hello Ada Vale,\n\nRing <Priya> & co.\n\n")
    assert "Ring &lt;Priya&gt; &amp; co." in html.get_content()
    said = session.execute(select(AuditEntry.details).where(AuditEntry.what == "mail.wording_changed")).scalars().all()
    assert len(said) == 1


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Ada Vale", "ada@example.org", "administrator"))
    form = client.get(PAGE).fields() | {"sender": "Trust\r\nBcc: x@example.org", "opening": "A good sentence."}
    page = client.post(PAGE, form, 422)
    assert "without line breaks" in page.text
    assert 'value="A good sentence."' in page.html
    assert session.execute(select(MailWording)).first() is None


@pytest.mark.both_engines
def test_of_two_windows_the_second_is_told_what_the_first_saved(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Ada Vale", "ada@example.org", "administrator"))
    first, second = client.get(PAGE).fields(), client.get(PAGE).fields()
    client.post(PAGE, first | {"sender": "First"})
    page = client.post(PAGE, second | {"sender": "Second"}, 422)
    assert "It now says “First”" in page.text
    assert queries.mail_wording(session).sender == "First"
    client.post(PAGE, page.fields())
    session.expire_all()
    assert queries.mail_wording(session).sender == "Second"


def test_of_two_administrators_who_save_at_once_one_is_asked_again(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        boss = make_person(session, "Ada Vale", "ada@example.org", "administrator").id

    def save(name: str) -> int:
        with committed.app_context(), unit_of_work() as session:
            return {True: 1, False: 10, None: 100}[change_mail_wording(make_context(session, boss, now()), name, "", 0)]

    assert sorted(at_once([lambda: save("First"), lambda: save("Second")])) == [1, 100]


def test_without_a_wording_mails_are_as_before(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Ada Vale", "ada@example.org", "administrator"))
    client.post("/system/test-mail", {})
    (mail,) = rendered_mails(app, session)
    assert mail.text.startswith("Hello Ada Vale,\n\nThis mail shows")
