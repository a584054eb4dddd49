"""An edit of the content changes nothing that a person has begun, answered or read."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from course import schema_upgrade
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.context import make_context
from course.learning import actions, queries
from course.learning.actions import FinishedEnrolment
from course.learning.models import Reflection
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_config
from tests.learning.finishing import answer_but_last
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.walking import Learner, always

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "sample_modules"


def started(database: str, modules: Path) -> Flask:
    """The course as `flask serve` starts it on this content."""
    app = create_app(make_config(database, CONTENT=str(modules)))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
    return app


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_open_attempt_and_an_open_run_continue_in_the_version_in_which_they_were_begun(tmp_path: Path) -> None:
    modules = Path(shutil.copytree(ROOT / "modules", tmp_path / "modules"))
    database = f"sqlite:///{tmp_path / 'course.db'}"
    before = started(database, modules)
    with before.app_context(), unit_of_work() as session:
        person = make_person(session)
    client = sign_in(Client(before), person)
    client.post("/module/secret-contact/agreeing-with-parents", {"then": "next"})
    attempt = client.post("/module/secret-contact/check", {}).location.rpartition("/")[0]
    run = client.post("/module/secret-contact/second-phone", {}).location
    asked = client.get(f"{attempt}/1").h1
    answer = Learner(before, client, person.id).form(int(attempt.rsplit("/", 1)[1]), 1, always)

    for file in ("questions.yaml", "scenarios/second-phone.yaml", "pages/agreeing-with-parents.md"):
        edit(modules / "secret-contact" / file, "social worker", "case worker")
    questions = modules / "secret-contact" / "questions.yaml"
    questions.write_text(questions.read_text(encoding="utf-8").replace("stem: ", "stem: Edited. "), encoding="utf-8")
    questions.write_text(
        questions.read_text(encoding="utf-8").replace("stem: Edited. >-\n    ", "stem: >-\n    Edited. ")
    )
    after = started(database, modules)
    assert after.extensions["course"].library.version != before.extensions["course"].library.version
    client = sign_in(Client(after), person)

    assert client.get(f"{attempt}/1").h1 == asked
    client.post(f"{attempt}/1", {**answer, "sure": "sure"})
    page = client.get(f"{attempt}/1")
    assert asked in page.text
    assert page.h1 == "Right"
    assert "You were sure" in page.text
    assert "Her social worker is Keisha" in client.get(run).text
    record = client.get("/record")
    read = next(str(a.get("href")) for a in record.all("a") if "/record/page/" in a.get("href", ""))
    assert "social worker" in client.get(read).text
    assert "case worker" not in client.get(read).text
    assert "case worker" in client.get("/module/secret-contact/agreeing-with-parents").text
    fresh = client.post("/module/responding/check", {}).location.rpartition("/")[0]
    assert client.get(f"{fresh}/1").h1


def test_a_module_that_is_no_longer_taught_keeps_its_record(tmp_path: Path) -> None:
    modules = Path(shutil.copytree(ROOT / "modules", tmp_path / "modules"))
    database = f"sqlite:///{tmp_path / 'course.db'}"
    before = started(database, modules)
    with before.app_context(), unit_of_work() as session:
        person = make_person(session)
    client = sign_in(Client(before), person)
    client.post("/module/responding/who-to-tell", {"then": "next"})
    attempt = client.post("/module/responding/check", {}).location.rpartition("/")[0]
    run = client.post("/module/responding/friday-afternoon", {}).location
    (modules / "responding").rename(modules / "reporting")
    edit(modules / "course.yaml", "- responding", "- reporting")
    for path in modules.glob("*/pages/*.md"):
        path.write_text(
            path.read_text(encoding="utf-8").replace("page:responding/", "page:reporting/"), encoding="utf-8"
        )
    client = sign_in(Client(started(database, modules)), person)
    client.get("/module/responding", 404)
    record = client.get("/record")
    for link in [str(a.get("href")) for a in record.all("a") if "/record/page/" in a.get("href", "")]:
        assert client.get(link).h1 == "Who to tell, and in which order"
    assert client.get(f"{attempt}/1").h1
    assert client.get(run).h1 == "Friday afternoon"


def test_a_page_that_was_opened_before_an_edit_is_recorded_as_it_was_read(tmp_path: Path) -> None:
    """Its reader had it open while the course was brought up to date, or on a device that was offline."""
    modules = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    database = f"sqlite:///{tmp_path / 'course.db'}"
    before = started(database, modules)
    with before.app_context(), unit_of_work() as session:
        person = make_person(session)
    opened = sign_in(Client(before), person).get("/module/kites/the-line")
    (button,) = [one for one in opened.all("button") if one.get("name") == "then"]
    edit(modules / "kites" / "pages" / "the-line.md", "Kites were lost.", "Let go of it at once.")
    edit(modules / "kites" / "pages" / "the-line.md", "id=own-kite", "id=another-kite")
    client = sign_in(Client(started(database, modules)), person)
    note = {"note-own-kite": "Mine is red.", "was-own-kite": ""}
    client.post("/module/kites/the-line", {"then": button.get("value", ""), **note})
    record = client.get("/record")
    (read,) = [str(a.get("href")) for a in record.all("a") if "/record/page/" in a.get("href", "")]
    assert "Kites were lost." in client.get(read).text
    assert "Let go of it at once." not in client.get(read).text
    with before.app_context(), unit_of_work() as session:
        assert session.execute(select(Reflection.block, Reflection.text)).all() == [("own-kite", "Mine is red.")]
    assert "Let go of it at once." in client.get("/module/kites/the-line").text
    for unknown in ("next", "0" * 20, "x'"):
        client.post("/module/kites/the-line", {"then": unknown})


def test_whoever_has_passed_is_not_told_to_try_again_because_of_what_is_taught_since(
    app: Flask, session: Session, client: Client, sample_course: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, reader = make_person(session), sample_course.for_("school", "england")
    attempt = actions.begin_final(make_context(session, person.id, now()), reader)
    path, form = answer_but_last(session, reader, person.id, attempt, now())
    session.commit()
    sign_in(client, person)
    client.post(path, form)
    module, point = sample_course.modules["kites"], sample_course.points["hold-the-line"]
    point = point.model_copy(update={"id": "watch-the-wires"})
    question = module.questions[0].model_copy(update={"id": "wires", "points": (point.id,)})
    page = module.pages["the-line"]
    pages = {**module.pages, page.id: page.model_copy(update={"teaches": (*page.teaches, point.id)})}
    points, questions = (*module.points, point.id), (*module.questions, question)
    module = module.model_copy(update={"points": points, "pages": pages, "questions": questions})
    later = replace(
        sample_course, points={**sample_course.points, point.id: point}, modules={module.id: module}, _variants={}
    )
    monkeypatch.setitem(app.extensions, "course", replace(app.extensions["course"], library=later))
    shown = client.get("/assessment").text
    assert "You have passed." in shown
    assert "still open" not in shown
    assert "First finish these modules" in shown
    enrolment = queries.enrolment_id(session, person.id)
    assert enrolment is not None
    finished = FinishedEnrolment(person.id, enrolment, "initial", now(), reader.minutes)
    actions.record_completion(make_context(session, None, now()), reader, finished)
    session.commit()
    assert "First finish these modules" not in client.get("/assessment").text
