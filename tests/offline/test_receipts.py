"""What the course says to a device that sends what it kept, and what it gives the device to keep."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.context import make_context
from course.learning import queries
from course.learning.models import Answer, Decision, PageAnswer, PageRead
from course.learning.rules.grading import option_order
from course.offline.rules import KEPT_HEADER
from course.organisation.actions import set_usual_language
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, sign_in
from tests.pages import Client
from tests.support.pseudo_language import offered
from tests.walking import right_form

pytestmark = pytest.mark.both_engines


def who(client: Client) -> dict[str, str]:
    response = client.flask.get("/offline/who")
    assert response.headers["Cache-Control"] == "no-store"
    found: dict[str, str] = response.get_json()
    return found


def send_kept(client: Client, path: str, data: dict[str, Any], owner: str | None = None) -> tuple[int, dict[str, Any]]:
    """As store.js does: a fresh token, and the opaque id of the person who answered."""
    me = who(client)
    sent = {**data, "csrf_token": me["token"]}
    response = client.flask.post(path, data=sent, headers={KEPT_HEADER: me["owner"] if owner is None else owner})
    return response.status_code, response.get_json()


def question(app: Flask, session: Session, client: Client, person: int) -> tuple[str, dict[str, Any]]:
    """The address of a question that is open, and its right answer."""
    location = client.post("/module/responding/check", {}).location
    attempt = queries.attempt(session, person, int(location.split("/")[2]))
    assert attempt is not None
    asked = app.extensions["course"].library.for_("school", "england").answerable[attempt.items[0].question_id]
    form = right_form(asked, option_order(asked, attempt.seed, 1))
    return f"/attempt/{attempt.id}/1", {**form, "sure": "fairly"}


def test_an_answer_sent_twice_is_one_and_another_answer_is_told_which_counts(
    app: Flask, session: Session, client: Client
) -> None:
    person = make_person(session)
    sign_in(client, person)
    path, answer = question(app, session, client, person.id)
    for _ in range(2):
        assert send_kept(client, path, answer) == (200, {"saved": True, "later": False, "words": ""})
    status, said = send_kept(client, path, {**answer, "sure": "guessing"})
    assert (status, said["saved"]) == (200, True)
    assert "answered already" in said["words"]
    assert session.scalar(select(func.count()).select_from(Answer)) == 1
    assert "answered already" not in client.get(path).text, "the message was given to the device, and only there"


def test_a_decision_sent_twice_is_one(app: Flask, session: Session, client: Client) -> None:
    person = make_person(session)
    sign_in(client, person)
    module, scenario = next(
        (module, scenario)
        for module in app.extensions["course"].library.for_("school", "england").modules.values()
        for scenario in module.scenarios.values()
    )
    path = client.post(f"/module/{module.id}/{scenario.id}", {}).location.split("#")[0]
    fields = {"step": "1", "choice": scenario.scenes[0].choices[0].id}
    for _ in range(2):
        assert send_kept(client, path, fields)[1]["saved"]
    assert session.scalar(select(func.count()).select_from(Decision)) == 1
    assert (
        "taken already" in send_kept(client, path, {**fields, "choice": scenario.scenes[0].choices[1].id})[1]["words"]
    )


def test_a_page_whose_question_was_answered_before_next_was_pressed_counts_as_read(
    app: Flask, session: Session, client: Client
) -> None:
    sign_in(client, make_person(session))
    library = app.extensions["course"].library.for_("school", "england")
    module, page = next((m, p) for m in library.modules.values() for p in m.pages.values() if p.questions)
    # The two presses wait as one: store.js joins what is sent to one lesson page.
    fields = {"asked": page.questions[0].version, "answer": "0", "then": "next"}
    for _ in range(2):
        assert send_kept(client, f"/module/{module.id}/{page.id}", fields)[1]["saved"]
    assert session.scalars(select(PageAnswer.chosen)).all() == [0]
    assert session.scalars(select(PageRead.ref)).all() == [f"{module.id}/{page.id}"]


def test_what_cannot_be_recorded_is_said_and_what_belongs_to_another_person_is_refused(
    app: Flask, session: Session, client: Client
) -> None:
    first, second = make_person(session, email="a@example.org"), make_person(session, email="b@example.org")
    sign_in(client, first)
    path, answer = question(app, session, client, first.id)
    owner = who(client)["owner"]
    status, said = send_kept(client, path, {"sure": "fairly"})
    assert (status, said["saved"], said["later"]) == (200, False, False)
    assert "could not be recorded" in said["words"]

    client.post("/sign-out", {})
    assert who(client) == {"owner": "", "token": ""}
    sign_in(client, second)
    assert who(client)["owner"] not in ("", owner)
    status, said = send_kept(client, path, answer, owner)
    assert (status, said["saved"], said["later"]) == (409, False, True)
    assert "another person" in said["words"]
    assert send_kept(client, path, answer)[1]["saved"] is False  # not theirs either, whoever they say they are
    assert session.scalar(select(func.count()).select_from(Answer)) == 0


def test_the_opaque_id_names_nobody_and_stays_the_same(session: Session, client: Client) -> None:
    person = make_person(session)
    sign_in(client, person)
    owner = who(client)["owner"]
    assert re.fullmatch(r"[0-9a-f]{32}", owner)
    assert f'name="owner" content="{owner}"' in client.get("/").html
    client.post("/sign-out", {})
    assert 'name="owner"' not in client.get("/sign-in").html
    sign_in(client, person)
    assert who(client)["owner"] == owner


def test_the_list_of_pages_to_keep_can_be_opened(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    module = next(iter(app.extensions["course"].library.for_("school", "england").modules))
    client.post(f"/module/{module}/check", {})
    addresses = client.flask.get("/offline/list").get_json()["addresses"]
    assert f"/module/{module}" in addresses
    assert any(re.fullmatch(r"/attempt/\d+/1", address) for address in addresses)
    for address in addresses:
        client.get(address)


def test_the_service_worker_is_checked_at_each_visit_and_knows_files_that_exist(client: Client) -> None:
    response = client.flask.get("/service-worker.js")
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.mimetype == "text/javascript"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    told, scripts = re.findall(r"= (\{.*\});\nimportScripts\(\.\.\.(\[.*\])\)", response.get_data(as_text=True))[0]
    files = json.loads(told)["files"]
    assert any(name.endswith("/css/site.css") for name in files)
    for address in [*files, *json.loads(scripts), *json.loads(told)["pages"]]:
        assert client.flask.get(address).status_code == 200, address


def test_the_help_pages_are_kept_in_each_language_whatever_the_browser_and_the_organisation_prefer(
    session: Session, client: Client
) -> None:
    make_organisation(session)
    with offered() as language:
        set_usual_language(make_context(session, None, NOW), language)
        session.commit()
        for wanted in ("en-GB", language):
            page = client.get("/concern", headers={"Course-Language": wanted})
            assert f'<html lang="{wanted}"' in page.html
        person = make_person(session, "Ann Vale", "ann@example.org")
        sign_in(client, person)
        page = client.get("/concern", headers={"Course-Language": "en-GB"})
        assert f'<html lang="{language}"' in page.html, "whoever is signed in has a language of their own"


def test_sign_out_leaves_the_storage_to_scripts_only_where_another_person_waits(
    session: Session, client: Client
) -> None:
    person = make_person(session)
    for sent, expected in (({}, '"cache", "storage"'), ({"others": "wait"}, '"cache"')):
        sign_in(client, person)
        assert client.post("/sign-out", sent).headers["Clear-Site-Data"] == expected
