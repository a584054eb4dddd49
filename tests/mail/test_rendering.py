"""Mails as data: queued in a unit of work, rendered outside it before they leave, and kept if they cannot be rendered."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from gettext import NullTranslations
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from flask import Flask
from jinja2 import UndefinedError, meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.auth.rules.messages import InvitationMessage, PasswordLinkMessage
from course.db import SlowInUnitOfWorkError
from course.mail import actions, queries
from course.mail.jobs import deliver_due_mail, render_waiting_mail
from course.mail.message_templates import FOLDER, MailRenderer
from course.mail.models import OutboxMail
from course.mail.rules import TEXT_RETENTION, MailMessage, MailRecipient, RenderedMail, ServerFault
from course.operations.rules import MailCheckMessage
from course.translation import current_language, register_catalogue, remove_catalogue, use_language
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.support.english_words import english_words
from tests.support.outbox import queue_text, rendered_mails

LATER = NOW + timedelta(days=3)


def _message_classes(base: type[MailMessage] = MailMessage) -> Iterator[type[MailMessage]]:
    for kind in base.__subclasses__():
        if "template" in vars(kind):
            yield kind
        yield from _message_classes(kind)


def _sample(kind: Any, rich: bool) -> Any:
    """A value of this type: with all that may be there, or with as little as possible."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{field.name: _sample(hints[field.name], rich) for field in fields(kind)})
    if get_origin(kind) in (Union, types.UnionType):
        return _sample(get_args(kind)[0], rich) if rich else None
    if get_origin(kind) is Literal:
        return get_args(kind)[0] if rich else get_args(kind)[-1]
    if get_origin(kind) is tuple:
        return (_sample(get_args(kind)[0], rich),) * 2 if rich else ()
    return {
        str: "Sam <Okafor>" if rich else "", bool: rich, int: 7 if rich else 0, float: 7.5,
        date: date(2026, 12, 3), datetime: datetime(2026, 12, 3, 9, tzinfo=UTC),
    }[kind]  # fmt: skip


MESSAGES = sorted(_message_classes(), key=lambda kind: kind.template)
BY_TEMPLATE = pytest.mark.parametrize("kind", MESSAGES, ids=[kind.template for kind in MESSAGES])


def _kind(template: str) -> type[MailMessage]:
    return next(kind for kind in MESSAGES if kind.template == template)


@pytest.fixture
def renderer(app: Flask) -> MailRenderer:
    found: MailRenderer = app.extensions["course"].mail_renderer
    return found


def test_two_sentences_on_lines_of_their_own_do_not_run_together(renderer: MailRenderer) -> None:
    mail = renderer.render("new_device", _sample(_kind("new_device"), True).values())
    assert re.search(r"^- When: .+\n- Where: ", mail.text, re.MULTILINE)
    for file in sorted((FOLDER / "mail").glob("*.txt")):
        # What follows on the next line is filled into the same paragraph.
        assert not re.search(r"^\{\{ _\(.*\n\{\{ _\(", file.read_text(encoding="utf-8"), re.MULTILINE), file.name


def only(session: Session) -> OutboxMail:
    session.expire_all()
    return session.execute(select(OutboxMail)).scalar_one()


def invite(session: Session, key: str = "k", at: datetime = NOW) -> None:
    message = InvitationMessage("Sam Okafor", "Alex Morgan", "secret-token")
    assert actions.schedule_message(session, key, MailRecipient("sam@example.org"), message, NOW, at)
    session.commit()


def test_each_template_has_one_declaration() -> None:
    assert [kind.template for kind in MESSAGES] == sorted(file.stem for file in (FOLDER / "mail").glob("*.txt"))


@BY_TEMPLATE
def test_a_template_uses_the_values_that_are_declared_and_no_other(
    renderer: MailRenderer, kind: type[MailMessage]
) -> None:
    source = (FOLDER / "mail" / f"{kind.template}.txt").read_text(encoding="utf-8")
    used = meta.find_undeclared_variables(renderer._environment.parse(source))
    assert used - {"course", "address", "course_length"} == {field.name for field in fields(kind)}


@BY_TEMPLATE
@pytest.mark.parametrize("rich", [True, False], ids=["rich", "sparse"])
def test_each_mail_is_rendered_from_its_data_with_nothing_undefined(
    renderer: MailRenderer, kind: type[MailMessage], rich: bool
) -> None:
    message: MailMessage = _sample(kind, rich)
    if "choice_token" in message.values():
        message = kind(**{**_as_arguments(message), "choice_token": "choice"})
    mail = renderer.render(message.template, message.values())
    assert 0 < len(mail.subject) <= 200
    assert "\n" not in mail.subject
    assert mail.text.startswith(("Hello", "Dear"))
    assert "Hello" not in mail.subject
    assert "Subject:" not in mail.text
    assert mail.html
    assert "<Okafor>" not in mail.html
    assert all(word in mail.html for word in ("<!doctype html>", "</html>"))
    assert (mail.headers is not None) is ("choice_token" in message.values())


def test_every_mail_is_whole_in_welsh(renderer: MailRenderer) -> None:
    """Subject, text and HTML of each mail, with all that may be in it and with as little as possible."""
    left, title = [], str(renderer._environment.globals["course"])
    for kind in MESSAGES:
        for rich in (True, False):
            with use_language("cy"):
                message: MailMessage = _sample(kind, rich)
                values = message.values() | ({"choice_token": "choice"} if "choice_token" in message.values() else {})
            mail = renderer.render(message.template, values, "cy")
            assert '<html lang="cy">' in (mail.html or "")
            assert not mail.text.startswith(("Hello", "Dear")), kind.template
            lines = [mail.subject, *mail.text.splitlines()]
            left += [f"{kind.template}: {line}" for line in lines if english_words(line.replace(title, ""))]
    assert left == []


def _as_arguments(message: MailMessage) -> dict[str, Any]:
    return {field.name: getattr(message, field.name) for field in fields(message)}


def test_optional_mail_can_be_stopped_by_its_mail_program(renderer: MailRenderer) -> None:
    kind = _kind("booster")
    message = kind(**{**_as_arguments(_sample(kind, True)), "choice_token": "choice"})
    mail = renderer.render(message.template, message.values())
    address = "http://127.0.0.1:8000/mail/choice/choice"
    assert mail.headers == {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert address in mail.text


@BY_TEMPLATE
def test_a_unit_of_work_queues_each_kind_of_mail_and_renders_none(
    app: Flask, session: Session, kind: type[MailMessage]
) -> None:
    message = _sample(kind, True)
    with app.app_context(), unit_of_work() as unit:
        assert actions.queue_message(unit, "k", MailRecipient("sam@example.org"), message, NOW)
    mail = only(session)
    assert (mail.template, mail.template_values) == (kind.template, message.values())
    assert (mail.subject, mail.text, mail.html, mail.language) == (kind.label, "", None, "en")


def test_rendering_inside_a_unit_of_work_is_refused(app: Flask, renderer: MailRenderer) -> None:
    with app.app_context(), unit_of_work(), pytest.raises(SlowInUnitOfWorkError, match="rendering a mail"):
        renderer.render("password_link", PasswordLinkMessage("t").values())


def test_a_mail_is_rendered_in_its_language(renderer: MailRenderer) -> None:
    register_catalogue("cy", NullTranslations())
    try:
        mail = renderer.render("digest_lead", _sample(_kind("digest_lead"), True).values(), "cy")
    finally:
        remove_catalogue("cy")
    assert '<html lang="cy">' in (mail.html or "")
    assert "3 Rhagfyr 2026" in mail.text
    assert current_language() == "en"


def test_a_missing_value_is_an_error(renderer: MailRenderer) -> None:
    with pytest.raises(UndefinedError, match="token"):
        renderer.render("password_link", {})


def test_a_value_that_json_cannot_hold_is_refused_when_the_mail_is_queued(session: Session) -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        actions.queue_message(session, "k", MailRecipient("sam@example.org"), MailCheckMessage(b"Sam"), NOW)  # type: ignore[arg-type]


def test_what_was_rendered_is_kept_as_it_is_sent_and_its_token_stands_once(app: Flask, session: Session) -> None:
    invite(session, at=LATER)
    assert [mail.kept for mail in queries.latest_mail(session)] == [True]
    (mail,) = rendered_mails(app, session)
    assert mail.subject == "Invitation: Online abuse: learning from case reviews"
    assert "/link/secret-token" in mail.text
    assert "/link/secret-token" in (mail.html or "")
    assert (mail.template, mail.template_values, mail.next_try_at) == ("invitation", None, LATER)


def test_a_mail_is_rendered_while_the_server_is_away(app: Flask, session: Session) -> None:
    actions.record_outage(session, "smtp.example.org:25", ServerFault("silent", ""), NOW)
    invite(session)
    at = NOW + timedelta(seconds=1)
    assert queries.has_deliverable_mail(session, "smtp.example.org:25", at)
    rendered_mails(app, session)
    assert not queries.has_deliverable_mail(session, "smtp.example.org:25", at)


def test_a_mail_that_is_not_rendered_does_not_leave(session: Session) -> None:
    invite(session)
    assert queries.due_mail(session, NOW) == []


def test_a_mail_that_is_withdrawn_before_it_is_rendered_says_nothing_any_more(app: Flask, session: Session) -> None:
    invite(session)
    (waiting,) = queries.unrendered_mail(session)
    actions.suppress_mail(session, "k", "A newer one has been sent.", NOW)
    assert not actions.store_rendered(session, waiting.id, RenderedMail("Subject", "secret-token"))
    session.commit()
    (mail,) = rendered_mails(app, session)
    assert (mail.withheld, mail.text, mail.html) == ("A newer one has been sent.", "", None)
    assert (mail.template_values, mail.subject) == (None, "Invitation")


def test_a_mail_that_is_deleted_before_it_is_rendered_is_not_missed(app: Flask, session: Session) -> None:
    invite(session)
    (waiting,) = queries.unrendered_mail(session)
    session.delete(only(session))
    session.commit()
    assert not actions.store_rendered(session, waiting.id, RenderedMail("Subject", "secret-token"))
    assert rendered_mails(app, session) == []


@pytest.mark.parametrize(
    "damage", [{"template_values": {}}, {"template": "no-such-template"}], ids=["value", "template"]
)
def test_a_mail_that_cannot_be_rendered_is_shown_as_failed_stops_no_other_and_can_be_repeated(
    app: Flask, session: Session, damage: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    invite(session, "broken")
    broken = only(session)
    for name, value in damage.items():
        setattr(broken, name, value)
    invite(session, "whole")
    with app.app_context():
        assert deliver_due_mail(NOW) == 1
    capsys.readouterr()
    found = queries.mail_states(session, ["broken", "whole"])
    assert found["whole"].state == "sent"
    state = found["broken"]
    assert (state.state, state.kept, state.subject, state.tries) == ("failed", True, "Invitation", 0)
    assert "could not be written" in (state.failure or "")
    assert state.can_be_retried(NOW)
    session.expire_all()
    broken.template, broken.template_values = "password_link", {"token": "secret-token"}
    assert actions.retry_mail(session, broken.id, NOW)
    session.commit()
    with app.app_context():
        assert deliver_due_mail(NOW) == 1
    assert "/link/secret-token" in capsys.readouterr().err


def test_what_a_mail_would_be_rendered_from_is_forgotten_as_its_text_is(session: Session) -> None:
    invite(session)
    (waiting,) = queries.unrendered_mail(session)
    actions.mark_unrenderable(session, waiting.id, "no such template", NOW)
    actions.erase_old_texts(session, NOW + TEXT_RETENTION - timedelta(seconds=1))
    assert only(session).template_values is not None
    actions.erase_old_texts(session, NOW + TEXT_RETENTION)
    assert only(session).template_values is None
    assert not actions.retry_mail(session, waiting.id, NOW + TEXT_RETENTION)


def test_a_mail_that_an_older_program_queued_as_text_is_sent_as_it_is(
    app: Flask, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    queue_text(session, "old", "sam@example.org", RenderedMail("An old subject", "Dear Sam, as ever.\n"), NOW)
    session.commit()
    with app.app_context():
        assert deliver_due_mail(NOW) == 1
    said = capsys.readouterr().err
    assert "Subject: An old subject" in said
    assert "Dear Sam, as ever." in said
    assert only(session).sent_at == NOW


def test_rendering_ends_after_its_time_and_goes_on_in_the_next_round(app: Flask, session: Session) -> None:
    invite(session)
    with app.app_context():
        render_waiting_mail(0)
        assert len(queries.unrendered_mail(session)) == 1
        render_waiting_mail(60)
    session.expire_all()
    assert queries.unrendered_mail(session) == []
