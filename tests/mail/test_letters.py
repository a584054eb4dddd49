"""Letters: whatever way a mail is caused, its text alone holds everything, and its HTML loads nothing."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth.rules.messages import InvitationMessage, PasswordLinkMessage
from course.join_requests.rules import JoinRequestMessage
from course.mail import actions, queries
from course.mail.message_templates import LINE_WIDTH
from course.mail.models import OutboxMail
from course.mail.rules import TEXT_RETENTION, MailMessage, RenderedMail
from course.operations.rules import MailCheckMessage
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.support.outbox import queue_text, rendered_mails

NAME = "Sam <Okafor> & Lee"
LINK = "https://training.example.org/link/secret"
HERE = "http://127.0.0.1:8000"


def _outbox(session: Session) -> list[OutboxMail]:
    session.expire_all()
    return list(session.execute(select(OutboxMail).order_by(OutboxMail.id)).scalars())


def _addresses(html: str) -> list[str]:
    return re.findall(r"""(?:href|src|url\()=?["']?([^"')>]+)""", html)


@pytest.mark.parametrize(
    ("message", "link"),
    [
        (InvitationMessage(NAME, "Alex Morgan", "secret"), f"{HERE}/link/secret"),
        (PasswordLinkMessage("secret"), f"{HERE}/link/secret"),
        (JoinRequestMessage("Night <shift>"), f"{HERE}/registrations"),
        (MailCheckMessage(NAME), f"{HERE}/system"),
    ],
)
def test_the_text_holds_all_that_the_html_holds_and_nothing_is_loaded(
    app: Flask, message: MailMessage, link: str
) -> None:
    mail = app.extensions["course"].mail_renderer.render(message.template, message.values())
    assert mail.html
    assert f":\n{link}\n" in mail.text, "alone on its line, as mail programs that show text want it"
    assert _addresses(mail.html) == [link], "one link, and neither an image nor a style from elsewhere"
    assert max(len(line) for line in mail.text.splitlines()) <= LINE_WIDTH
    body = unescape(re.sub(r"<[a-z/][^>]*>", " ", mail.html.partition("</h1>")[2]))
    said = re.sub(r"(?m)^- ", "", mail.text.replace(f":\n{link}\n", "\n").replace("--------", ""))
    assert body.split() == said.split()


def test_mails_about_getting_in_are_letters_that_carry_their_link_once_in_each_part(
    app: Flask, session: Session, client: Client
) -> None:
    make_organisation(session)
    sam = make_person(session, password=None)
    sign_in(client, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    client.post(f"/people/{sam.id}/invite", {}, 303)
    client.post("/system/test-mail", {}, 303)
    Client(app).post("/forgotten", {"email": str(sam.email)}, 200)
    for mail, path in zip(rendered_mails(app, session), (r"/link/\S+", "/system", r"/link/\S+"), strict=True):
        found = re.search(rf"^{HERE}{path}$", mail.text, re.MULTILINE)
        assert found, mail.text
        assert _addresses(mail.html or "") == [found[0]]


def test_a_link_is_kept_in_neither_part_once_a_mail_has_left_or_was_given_up_long_ago(session: Session) -> None:
    for key in ("left", "old", "new"):
        queue_text(session, key, "sam@example.org", RenderedMail("Subject", LINK, f"<p>{LINK}</p>"), NOW)
    left, old, _ = sorted(queries.due_mail(session, NOW), key=lambda mail: mail.id)
    actions.mark_sent(session, left, NOW)
    actions.mark_failed(session, old, "550", final=True, at=NOW)
    actions.erase_old_texts(session, NOW + TEXT_RETENTION)
    session.commit()
    kept = {(mail.key, bool(mail.text), bool(mail.html)) for mail in _outbox(session)}
    assert kept == {("left", False, False), ("old", False, False), ("new", True, True)}
