"""The pages of data protection: subject access, privacy notice, retention schedule, erasure and erasure report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.certificates.queries import certificate_link_number
from course.certificates.views import certificate_link
from course.context import make_context
from course.learning.actions import save_note
from course.learning.models import Reflection
from course.people import actions as staff
from course.people.models import Person
from course.privacy import actions
from course.privacy.models import ErasureRequest, RetentionSchedule
from course.privacy.rules.personal_data_map import PERSONAL_DATA_TABLES
from course.privacy.rules.retention_schedule import RetentionSettings
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.privacy.filling import EMAIL, MARK, THEN, fill
from tests.project.test_access import PARTS
from tests.support.days import this_day

NOTE = "What I would have done differently"


@pytest.fixture
def boss(app: Flask, session: Session) -> Client:
    return sign_in(Client(app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


def test_my_data_shows_and_downloads_everything(app: Flask, session: Session) -> None:
    person = make_person(session, f"{MARK} Fictional", EMAIL, at=THEN)
    client = sign_in(Client(app), person)  # before there is a second step
    made = fill(session, person)
    text = client.get("/me/data").text
    for place in PERSONAL_DATA_TABLES.values():
        assert place.table in ("erasure", "erasure_request") or f"{place.title} (" in text, place.title
    assert "Night staff" in text
    assert "4 May 2020" in text
    answer = client.post("/me/data", {}, 200)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="my-data-{this_day()}.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    found = json.loads(answer.body)
    tables = {one["name"]: one["rows"] for section in found["sections"] for one in section["tables"]}
    assert {name for name, rows in tables.items() if rows} == set(PERSONAL_DATA_TABLES) - {"erasure", "erasure_request"}
    assert tables["reflection"][0]["saved_at"] == "2020-05-04T12:00:00Z"
    assert [one["text"] for one in tables["reflection"]] == [made["reflection"]["text"]]
    assert "sign_in.entered" in {one["what"] for one in found["log"]}
    for secret in ("$argon2", "password_hash", "session_key", "token_hash", made["calendar_feed"]["token_hash"]):
        assert secret not in answer.body.decode(), secret


def test_an_organisation_exports_the_data_about_a_person_without_notes(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    person = make_person(session, f"{MARK} Fictional", EMAIL, at=THEN)
    fill(session, person)
    runner = app.test_cli_runner()
    for number, who in enumerate((EMAIL, str(person.id))):
        done = runner.invoke(args=["privacy", "copy", who, str(tmp_path / f"{number}.json")])
        assert (done.exit_code, f"It is about {MARK} Fictional" in done.output) == (0, True), done.output
    found = json.loads((tmp_path / "1.json").read_bytes())
    tables = {one["name"]: one["rows"] for section in found["sections"] for one in section["tables"]}
    assert {name for name, rows in tables.items() if not rows} == {
        "erasure",
        "erasure_request",
        "intention",
        "reflection",
    }
    copies = [one for one in found["log"] if one["what"] == "data.downloaded"]
    assert [one["in_words"] for one in copies] == [f"The course downloaded all data held about {MARK} Fictional"]
    for who, file in (("nobody@example.org", "x"), ("999999999999", "x"), (EMAIL, "gone/x")):
        done = runner.invoke(args=["privacy", "copy", who, str(tmp_path / file)])
        assert done.exit_code == 1
        assert "Nobody here" in done.output or "cannot be written" in done.output


def note(session: Session, person: Person) -> None:
    save_note(make_context(session, person.id, NOW), "responding/who-to-tell", "n", "", NOTE)
    session.commit()


def test_nobody_else_sees_private_notes(app: Flask, session: Session, boss: Client) -> None:
    """Opens every page as an administrator, with the ids of the author of the note, and every download there."""
    sam = make_person(session)
    note(session, sam)
    assert NOTE in sign_in(Client(app), sam).get("/me/data").text
    parts = PARTS | {"person_id": sam.id}
    with app.test_request_context():
        paths = [
            app.url_for(rule.endpoint, **{part: parts[part] for part in rule.arguments})
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ())
        ]
    for path in paths:
        assert NOTE not in boss.flask.get(path).get_data(as_text=True), path
    assert len(paths) > 60
    for path in ("/me/data", "/audit/download"):
        assert NOTE not in boss.post(path, {}, 200).body.decode()


def test_people_delete_only_their_own_notes(app: Flask, session: Session, boss: Client) -> None:
    sam = make_person(session)
    note(session, sam)
    assert "0 notes deleted" in boss.follow(boss.post("/me/data/notes", {})).text
    client = sign_in(Client(app), sam)
    page = client.follow(client.post("/me/data/notes", client.get("/me/data").fields()))
    assert "1 note deleted" in page.text
    assert NOTE not in page.text
    assert not session.execute(select(Reflection)).first()


def test_a_schedule_is_saved_only_after_its_preview(session: Session, boss: Client) -> None:
    leaver = make_person(session, f"{MARK} Fictional", EMAIL, at=THEN)
    fill(session, leaver)
    staff.record_departure(make_context(session, None, NOW), leaver.id, THEN.date(), "x")
    session.commit()
    page = boss.get("/privacy/schedule")
    assert "No schedule has been set" in page.text
    form = page.fields() | {"contact_name": "Jo Fictional", "contact_email": "jo@example.org", "reason": "advice"}
    wrong = boss.post("/privacy/schedule", form | {"proof_months": "6"}, 422)
    assert "Enter at least as many months" in wrong.text
    seen = boss.post("/privacy/schedule", form, 200)
    assert "Nothing is saved yet" in seen.text
    assert "Proof of training" in seen.text
    # A number other than the previewed one leads to another preview.
    again = boss.post("/privacy/schedule", seen.fields() | {"mail_months": "24"}, 200)
    assert session.execute(select(RetentionSchedule)).first() is None
    assert "Saved" in boss.follow(boss.post("/privacy/schedule", again.fields())).text
    row = session.execute(select(RetentionSchedule)).scalar_one()
    assert (row.mail_months, row.proof_months, row.contact_name) == (24, 72, "Jo Fictional")
    assert "What will be erased within the hour" in boss.get("/privacy/report").text
    # What somebody else sets between the preview and the press is not undone unseen.
    seen = boss.post("/privacy/schedule", form | {"mail_months": "36"}, 200)
    actions.set_schedule(make_context(session, None, NOW), RetentionSettings(proof_months=240), "an inquiry")
    session.commit()
    fresh = boss.post("/privacy/schedule", seen.fields(), 200)
    assert "Nothing is saved yet" in fresh.text
    assert "Saved" in boss.follow(boss.post("/privacy/schedule", fresh.fields())).text
    assert "Nothing has changed" in boss.follow(boss.post("/privacy/schedule", {**fresh.fields(), "reason": "x"})).text


def test_the_privacy_notice_shows_the_settings(app: Flask, session: Session) -> None:
    before = Client(app).get("/privacy").text
    assert "has not yet set how long" in before
    assert "Mail is not set up" in before
    make_person(session)
    actions.set_schedule(
        make_context(session, None, NOW), RetentionSettings(18, 84, 6, 30, "Jo Fictional", "jo@example.org"), "x"
    )
    session.commit()
    text = Client(app).get("/privacy").text
    assert "If you ask for help with the course: when." in text
    for words in ("Riverside Trust", "Jo Fictional", "jo@example.org", "18 months", "7 years", "6 months", "30 days"):
        assert words in text, words


@pytest.mark.both_engines
def test_erasure_is_requested_on_the_page_of_a_person(app: Flask, session: Session, boss: Client) -> None:
    sam = make_person(session)
    assert f"/privacy/erase/{sam.id}" in boss.get(f"/people/{sam.id}").html
    address = f"/privacy/erase/{sam.id}"
    assert "They work here" in boss.get(address).text
    boss.post(address, {"reason": ""}, 422)
    assert "erased within the hour" in boss.follow(boss.post(address, {"reason": "asked"})).text
    assert session.execute(select(ErasureRequest.person_id)).scalar_one() == sam.id
    staff.record_departure(make_context(session, None, NOW), sam.id, NOW.date(), "x")
    session.commit()
    page = boss.get(address).text
    assert "If they ask for erasure, everything is erased except the proof" in page
    runner = app.test_cli_runner()
    preview = runner.invoke(args=["privacy", "run", "--dry-run"]).output
    assert "Mail and addresses: 1 row of 1 person" in preview
    assert runner.invoke(args=["privacy", "run"]).output == preview
    assert runner.invoke(args=["privacy", "run"]).output == "Nothing is to be erased.\n"
    assert "on request" in boss.get(address).text
    assert "Mail and addresses" in boss.get("/privacy/report").text
    assert "No longer kept" in boss.get(f"/people/{sam.id}").text
    assert "No longer kept" in boss.get("/people/left").text


def test_nothing_can_be_opened_about_an_erased_person(app: Flask, session: Session, boss: Client) -> None:

    leaver = make_person(session, f"{MARK} Fictional", EMAIL, at=THEN)
    fill(session, leaver)
    staff.record_departure(make_context(session, None, NOW), leaver.id, THEN.date(), "x")
    actions.set_schedule(make_context(session, None, NOW), RetentionSettings(), "x")
    session.commit()
    with app.test_request_context():
        linked_page = "/" + certificate_link(leaver.id, certificate_link_number(session, leaver.id)).split("/", 3)[3]
    assert MARK in Client(app).get(linked_page).text
    app.test_cli_runner().invoke(args=["privacy", "run"])
    Client(app).get(linked_page, 404)
    Client(app).get(f"{linked_page}/K7QM-2FXA-9TRC.pdf", 404)
    page = boss.get(f"/people/{leaver.id}")
    assert f"Person {leaver.id}" in page.h1
    assert "add them as a new person" in page.text
    assert MARK not in page.html
    boss.get(f"/people/{leaver.id}/return", 404)
    boss.get(f"/privacy/erase/{leaver.id}", 404)
    assert f"/people/{leaver.id}" not in boss.get("/people/left").html
