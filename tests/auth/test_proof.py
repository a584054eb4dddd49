"""Before sensitive deeds: who signed in a while ago proves again that it is them, and nothing entered is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, request
from sqlalchemy.orm import Session

from course.clock import now
from course.web.access import sign_in_required
from course.web.recent_sign_in import RECENT, is_proof_recent, needs_recent_sign_in, note_proof
from course.web.session_cookie import CLOCK_DIFFERENCE_SECONDS
from tests.conftest import NOW
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client


@pytest.fixture
def session(fresh_app: Flask) -> Iterator[Session]:
    with fresh_app.extensions["course.sessions"].writing() as session:
        yield session


@pytest.fixture
def client(deeds: list[dict[str, str]], fresh_app: Flask) -> Client:  # noqa: ARG001 (the pages are added before anything is asked)
    return Client(fresh_app)


@pytest.fixture
def deeds(fresh_app: Flask) -> list[dict[str, str]]:
    """What was done on two pages that need a recent sign-in: /deed takes a form, /copy only downloads."""
    done: list[dict[str, str]] = []

    @sign_in_required
    @needs_recent_sign_in
    def deed() -> str:
        if request.method == "POST":
            done.append({name: request.form[name] for name in ("reason", "who") if name in request.form})
        return "<!doctype html><html lang=en><title>Deed</title><body><main><h1>Deed</h1></main></html>"

    @sign_in_required
    @needs_recent_sign_in
    def copy() -> str:
        return "<!doctype html><html lang=en><title>Copy</title><body><main><h1>Copy</h1></main></html>"

    fresh_app.add_url_rule("/deed", "tests.deed", deed, methods=["GET", "POST"])
    fresh_app.add_url_rule("/copy", "tests.copy", copy)
    return done


def age_proof(client: Client, age: timedelta | None) -> None:
    """Let the last proof of this browser be so old; None: there never was one, as in a cookie of an earlier release."""
    with client.flask.session_transaction() as cookie:
        cookie.pop("proved", None)
        if age is not None:
            cookie["proved"] = int((now() - age).timestamp())


def test_after_fifteen_minutes_a_deed_waits_for_the_password_and_then_goes_on_with_what_was_entered(
    session: Session, client: Client, deeds: list[dict[str, str]]
) -> None:
    sign_in(client, make_person(session))
    assert client.flask.post("/deed", data={"csrf_token": client.token(), "reason": "now"}).status_code == 200
    for age in (timedelta(minutes=16), None):
        deeds.clear()
        age_proof(client, age)
        assert client.get("/deed").h1 == "Deed"  # looking asks nothing
        asked = client.post("/deed", {"reason": "Left the school", "who": "Kim"}, 409)
        assert asked.h1 == "Confirm that it is you"
        assert "Left the school" not in asked.html
        assert not deeds
        wrong = client.post("/me/proof", {**asked.fields(), "password": "something else"}, 422)
        assert "This is not your password." in wrong.text
        assert not deeds
        proved = client.post("/me/proof", {**wrong.fields(), "password": PASSWORD}, 200)
        client.flask.post("/deed", data=proved.fields())
        assert deeds == [{"reason": "Left the school", "who": "Kim"}]


def test_a_button_without_fields_waits_as_well(session: Session, client: Client, deeds: list[dict[str, str]]) -> None:
    sign_in(client, make_person(session))
    age_proof(client, None)
    asked = client.post("/deed", {}, 409)
    proved = client.post("/me/proof", {**asked.fields(), "password": PASSWORD}, 200)
    client.flask.post("/deed", data=proved.fields())
    assert deeds == [{}]


def test_a_download_opens_after_the_proof(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    age_proof(client, timedelta(hours=1))
    asked = client.get("/copy?day=2026-11-22")
    assert asked.h1 == "Confirm that it is you"
    proved = client.post("/me/proof", {**asked.fields(), "password": PASSWORD})
    assert proved.location == "/copy?day=2026-11-22"
    assert client.follow(proved).h1 == "Copy"


def test_a_form_with_a_password_is_not_kept_and_the_page_says_so(
    session: Session, client: Client, deeds: list[dict[str, str]]
) -> None:
    sign_in(client, make_person(session))
    age_proof(client, None)
    asked = client.post("/deed", {"password": "river-lamp-seven"}, 409)
    assert "river-lamp-seven" not in asked.html
    assert "could not be kept" in asked.text
    assert client.post("/me/proof", {**asked.fields(), "password": PASSWORD}).location == "/"
    assert not deeds


def test_what_one_person_entered_is_never_given_to_another(
    fresh_app: Flask, session: Session, client: Client, deeds: list[dict[str, str]]
) -> None:
    sign_in(client, make_person(session))
    age_proof(client, None)
    kept = client.post("/deed", {"reason": "Only mine"}, 409).fields()["kept"]
    other = sign_in(Client(fresh_app), make_person(session, "Kim Low", "kim@example.org"))
    answer = other.post("/me/proof", {"kept": kept, "next": "https://elsewhere.example/", "password": PASSWORD})
    assert answer.location == "/"
    assert not deeds


def test_wrong_passwords_count_as_at_sign_in(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    for _ in range(10):
        client.post("/me/proof", {"password": "something else"}, 422)
    client.post("/me/proof", {"password": PASSWORD}, 429)


@pytest.mark.parametrize(
    ("later", "is_recent"),
    [
        (timedelta(0), True),
        (RECENT - timedelta(seconds=1), True),
        (RECENT + timedelta(seconds=1), False),
        # Another host, whose clock is behind that of the one to which they proved it: as much as for the cookie itself.
        (-timedelta(seconds=5), True),
        (-timedelta(seconds=CLOCK_DIFFERENCE_SECONDS), True),
        (-timedelta(seconds=CLOCK_DIFFERENCE_SECONDS + 1), False),
    ],
)
def test_a_proof_holds_on_a_host_whose_clock_is_a_little_behind(app: Flask, later: timedelta, is_recent: bool) -> None:
    with app.test_request_context():
        note_proof(NOW)
        assert is_proof_recent(NOW + later) == is_recent
