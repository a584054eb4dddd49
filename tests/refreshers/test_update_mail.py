"""Mails about updates: to whom, when, and in which language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from course.content.library import Library
from tests.makers import sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import Teach, answer_all, with_translated_reason
from tests.support.days import this_day
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
