"""Mails about updates: to whom, when, and in which language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.mail.events import BeforeMailSend
from course.mail.jobs import deliver_due_mail
from course.mail.models import OutboxMail
from course.refreshers.actions.short_course_mail import recheck_update
from course.reminders.models import InPersonNotice
from tests.makers import sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import Teach, answer_all, with_translated_reason
from tests.support.days import ZONE, form_day, this_day
from tests.support.outbox import rendered_mails


def test_people_certified_before_are_mailed_once_for_each_step_until_they_have_done_the_update(
    app: Flask, session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    runner = app.test_cli_runner()
    assert runner.invoke(args=["updates", "send"]).output == "0 mails about updates.\n"
    teach(28)
    today = this_day()
    steps = [(0, "1"), (0, "0"), (20, "0"), (21, "1"), (28, "0"), (29, "1"), (35, "0"), (36, "1")]
    for after, expected in steps:
        done = runner.invoke(args=["updates", "send", "--on", str(today + timedelta(days=after))])
        assert done.output == f"{expected} mails about updates.\n", (after, done.output)
    mails = rendered_mails(app, session)
    assert [mail.key.rsplit(":", 1)[1] for mail in mails] == ["opened", "soon", "late-0", "late-1"]
    assert {mail.recipient for mail in mails} == {person.email}
    assert "The rule is another one." in mails[0].text
    assert "You were asked to read it by" in mails[2].text.replace("\n", " ")
    sign_in(client, person)
    where = client.post("/refresher/update", {}).location
    client.post(where, {})
    answer_all(app, client, person)
    later = str(today + timedelta(days=43))
    assert runner.invoke(args=["updates", "send", "--on", later]).output == "0 mails about updates.\n"


@pytest.mark.both_engines
def test_of_the_mails_about_an_update_that_waited_for_the_end_of_a_closure_the_newest_leaves(
    app: Flask, session: Session, library: Library, teach: Teach
) -> None:
    make_completed(session, library, ago=timedelta(days=90))
    teach(28)
    for after in (0, 21, 29, 36):
        app.test_cli_runner().invoke(args=["updates", "send", "--on", form_day(after)])
    keys = select(OutboxMail.key).where(OutboxMail.key.startswith("update:")).order_by(OutboxMail.id)
    for mail in rendered_mails(app, session):
        recheck_update(session, BeforeMailSend(mail.key, mail.recipient, now(), ZONE))
    (left,) = session.execute(keys.where(OutboxMail.withheld.is_(None))).scalars()
    assert left.endswith(":late-1")
    assert len(session.execute(keys).all()) == 4


@pytest.mark.both_engines
def test_a_change_that_is_taken_back_is_told_to_nobody_until_it_is_made_again(
    app: Flask, session: Session, library: Library, teach: Teach
) -> None:
    make_completed(session, library, ago=timedelta(days=90))
    cook = make_completed(session, library, ago=timedelta(days=90), email="cook@example.org")
    cook.email = None
    before, runner = app.extensions["course"], app.test_cli_runner()
    teach(28)

    def sent() -> list[bool]:
        with app.app_context():
            deliver_due_mail(now() + timedelta(days=7))
        session.expire_all()
        return [mail.sent_at is not None for mail in session.execute(select(OutboxMail)).scalars()]

    assert runner.invoke(args=["updates", "send"]).output == "2 mails about updates.\n"
    app.extensions["course"] = before
    assert sent() == [False]
    assert runner.invoke(args=["updates", "send"]).output == "0 mails about updates.\n"
    assert session.execute(select(InPersonNotice)).first() is None
    teach(28)
    assert runner.invoke(args=["updates", "send"]).output == "2 mails about updates.\n"
    assert sent() == [False, True]
    assert session.execute(select(InPersonNotice.person_id)).scalar_one() == cook.id


def test_the_mail_about_an_update_gives_its_reasons_in_the_language_of_its_reader(
    app: Flask, session: Session, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    person.language = "cy"
    teach(28)
    state = app.extensions["course"]
    app.extensions["course"] = replace(
        state, library=with_translated_reason(state.library, "cy", "Mae’r rheol yn un arall.")
    )
    assert app.test_cli_runner().invoke(args=["updates", "send"]).output == "1 mails about updates.\n"
    (mail,) = rendered_mails(app, session)
    assert "Mae’r rheol yn un arall." in mail.text
    assert "The rule is another one." not in mail.text


def test_a_person_whose_refresher_is_due_is_not_mailed_about_an_update(
    app: Flask, session: Session, library: Library, teach: Teach
) -> None:
    make_completed(session, library)
    teach(28)
    assert app.test_cli_runner().invoke(args=["updates", "send", "--dry-run"]).output == "0 mails about updates.\n"
