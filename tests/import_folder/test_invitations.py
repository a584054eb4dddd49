"""Invitations to the people of a list from the import folder."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import update

from course.clock import now
from course.context import make_context
from course.organisation.actions import set_usual_language
from course.people_import.models import PeopleImport
from course.translation import gettext, use_language
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.import_folder.test_folder import HEAD, outcomes, prepare, row
from tests.support.outbox import rendered_mails


def test_whoever_is_invited_reads_in_their_language_who_invites_them(archived_app: Flask, tmp_path: Path) -> None:
    app, folder = archived_app, prepare(archived_app, tmp_path / "lists")
    with app.app_context(), unit_of_work() as session:
        set_usual_language(make_context(session, None, now()), "cy")
        session.execute(update(PeopleImport).values(invites=True))
    (folder / "staff.csv").write_text(HEAD + row("Ann") + row("Bo"))
    assert outcomes(app) == [("staff.csv", "apply")]
    with app.app_context(), read_only_session() as session:
        mails = {mail.recipient: mail.text for mail in rendered_mails(app, session, "invitation:")}
    with use_language("cy"):
        inviting = gettext("The training team")
    assert inviting != "The training team"
    assert inviting in mails["bo@example.org"]
    assert "The training team" not in mails["bo@example.org"]
