"""Letters: whatever way a mail is caused, its text alone holds everything, and its HTML loads nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.mail import actions, queries
from course.mail.message_templates import LINE_WIDTH, render_message
from course.mail.models import OutboxMail
from course.mail.rules import TEXT_RETENTION, MailMessage
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client

LINK = "https://training.example.org/link/secret"
HERE = "http://127.0.0.1:8000"


def _outbox(session: Session) -> list[OutboxMail]:
    session.expire_all()
    return list(session.execute(select(OutboxMail).order_by(OutboxMail.id)).scalars())


def _addresses(html: str) -> list[str]:
    return re.findall(r"""(?:href|src|url\()=?["']?([^"')>]+)""", html)


@pytest.mark.parametrize("template", ["invitation", "forgotten", "asking", "test"])
def test_the_text_holds_all_that_the_html_holds_and_nothing_is_loaded(app: Flask, template: str) -> None:
    values: dict[str, Any] = {
        "name": "Sam <Okafor> & Lee",
        "sender": "Alex Morgan",
        "course": "Abuse & you",
        "team": "Night shift",
    }
    with app.app_context():
        mail = render_message(f"{template}.txt", "A subject", link=LINK, **values)
    assert mail.html
    assert f":\n{LINK}\n" in mail.text, "alone on its line, as mail programs that show text want it"
    assert _addresses(mail.html) == [LINK], "one link, and neither an image nor a style from elsewhere"
    assert max(len(line) for line in mail.text.splitlines()) <= LINE_WIDTH
    body = unescape(re.sub(r"<[a-z/][^>]*>", " ", mail.html.partition("</h1>")[2]))
    said = mail.text.replace(f":\n{LINK}\n", "\n").replace("--------", "")
    assert body.split() == said.split()


def test_mails_about_getting_in_are_letters_that_carry_their_link_once_in_each_part(
    app: Flask, session: Session, client: Client
) -> None:
    make_organisation(session)
    sam = make_person(session, password=None)
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    client.post(f"/people/{sam.id}/invite", {}, 303)
    client.post("/system/test-mail", {}, 303)
    Client(app).post("/forgotten", {"email": sam.email}, 200)
    for mail, path in zip(_outbox(session), (r"/link/\S+", "/system", r"/link/\S+"), strict=True):
        found = re.search(rf"^{HERE}{path}$", mail.text, re.MULTILINE)
        assert found, mail.text
        assert _addresses(mail.html or "") == [found[0]]


def test_a_link_is_kept_in_neither_part_once_a_mail_has_left_or_was_given_up_long_ago(session: Session) -> None:
    for key in ("left", "old", "new"):
        actions.queue_message(session, key, "sam@example.org", MailMessage("Subject", LINK, f"<p>{LINK}</p>"), NOW)
    left, old, _ = sorted(queries.due_mail(session, NOW), key=lambda mail: mail.id)
    actions.mark_sent(session, left, NOW)
    actions.mark_failed(session, old, "550", final=True, at=NOW)
    actions.erase_old_texts(session, NOW + TEXT_RETENTION)
    session.commit()
    kept = {(mail.key, bool(mail.text), bool(mail.html)) for mail in _outbox(session)}
    assert kept == {("left", False, False), ("old", False, False), ("new", True, True)}
