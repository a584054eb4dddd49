"""Administrators are told in words that mail does not leave, and have it sent again with one press."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.mail import actions, queries
from course.mail.actions import record_outage
from course.mail.models import OutboxMail
from course.mail.rules import RenderedMail, ServerFault
from tests.conftest import make_config
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.outbox import queue_text

pytestmark = pytest.mark.both_engines

SERVER = "mail.example.org:587"


@pytest.fixture
def mailing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with a mail server of its own in the settings."""
    here = app.extensions["course"]
    config = make_config(here.config.database_url, MAIL_URL="smtp://user:kept-password@mail.example.org")
    monkeypatch.setitem(app.extensions, "course", replace(here, config=config))
    return app


def boss(app: Flask, session: Session) -> Client:
    return sign_in(Client(app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def test_administrators_are_told_on_their_first_page_and_others_are_not(mailing: Flask, session: Session) -> None:
    client = boss(mailing, session)
    for number in range(3):
        queue_text(session, f"k{number}", "kim@example.org", RenderedMail("Hello", "Hello"), now())
    record_outage(session, SERVER, ServerFault("refused", "Connection refused"), now())
    session.commit()
    for page in (client.get("/"), client.get("/system")):
        assert "Mail has not left since" in page.text
        assert (
            f"The mail server {SERVER} cannot be reached, because nothing answers there. 3 mails are waiting."
            in page.text
        )
        assert "Check whether the mail server is running" in page.text
        assert "ConnectionRefusedError" not in page.html
        assert "kept-password" not in page.html
    learner = sign_in(Client(mailing), make_person(session))
    assert "Mail has not left" not in learner.get("/").text
    actions.end_outages(session, now())
    session.commit()
    assert "Mail has not left" not in client.get("/").text


def test_administrators_are_told_of_addresses_that_are_doubted_and_clear_all_at_once(
    mailing: Flask, session: Session
) -> None:
    client = boss(mailing, session)
    for number in range(5):
        actions.handle_missing_mailbox(session, f"a{number}@example.org", "refused", "550 5.1.1 unknown", now())
    session.commit()
    assert "says that 5 addresses do not exist" in client.get("/").text
    page = client.get("/reminders/addresses")
    assert "a4@example.org" in page.text
    page = client.follow(client.post("/reminders/addresses/clear", {}))
    assert "Mail to 5 addresses is sent again" in page.text
    assert "There are none." in page.text
    assert "No address is blocked" in client.follow(client.post("/reminders/addresses/clear", {})).text
    assert "do not exist" not in client.get("/").text


def test_mails_that_were_given_up_are_sent_again_with_one_press(mailing: Flask, session: Session) -> None:
    client = boss(mailing, session)
    for number in range(3):
        queue_text(session, f"k{number}", f"kim{number}@example.org", RenderedMail("Hello", "Hello"), now())
    queue_text(session, "dead", "dead@example.org", RenderedMail("Hello", "Hello"), now())
    actions.suppress_address(session, "dead@example.org", "refused", "550 5.1.1", now())
    for mail in queries.due_mail(session, now()):
        actions.mark_failed(session, mail, "554 no", True, now())
    record_outage(session, SERVER, ServerFault("silent", ""), now())
    session.commit()
    assert "Send all of them again" in client.get("/mail?state=failed").text
    assert "3 mails will be sent again" in client.follow(client.post("/mail/retry", {})).text
    session.expire_all()
    assert len(queries.due_mail(session, now())) == 3
    outage = queries.open_outage(session, SERVER)
    assert outage is not None
    assert outage.next_look_at <= now(), "the server is looked at again at once"
    assert "no mail that can be sent again" in client.follow(client.post("/mail/retry", {})).text


def test_pressing_twice_sends_one_test_mail_and_has_the_server_tried_at_once(mailing: Flask, session: Session) -> None:
    client = boss(mailing, session)
    record_outage(session, SERVER, ServerFault("silent", ""), now())
    session.commit()
    fields = {"form_key": client.get("/system").fields()["form_key"]}
    assert "is on its way" in client.follow(client.post("/system/test-mail", fields)).text
    client.post("/system/test-mail", fields)
    assert session.execute(select(func.count()).select_from(OutboxMail)).scalar_one() == 1
    session.expire_all()
    outage = queries.open_outage(session, SERVER)
    assert outage is not None
    assert outage.next_look_at <= now()


def test_the_commands_say_why_no_mail_leaves_and_clear_every_address(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, here = app.test_cli_runner(), app.extensions["course"]
    queue_text(session, "k", "kim@example.org", RenderedMail("Hello", "Hello"), now())
    for address in ("a@example.org", "b@example.org"):
        actions.suppress_address(session, address, "refused", "550 5.1.1", now())
    session.commit()
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        config = make_config(here.config.database_url, MAIL_URL=f"smtp://127.0.0.1:{held.getsockname()[1]}")
        monkeypatch.setitem(app.extensions, "course", replace(here, config=config))
        for command in ("send", "send", "list"):
            said = runner.invoke(args=["mail", command]).output
            assert "Mail has not left since" in said
            assert "because nothing answers there (Connection refused). 1 waiting." in said
    assert "2 addresses" in runner.invoke(args=["mail", "clear", "--all", "--reason", "it was the server"]).output
    assert runner.invoke(args=["mail", "clear", "--reason", "which?"]).exit_code == 2
