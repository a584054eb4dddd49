"""A form that is sent twice is accepted once, and the second response says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.idempotency.actions import claim_form, delete_old_forms
from course.idempotency.models import SentForm
from course.idempotency.rules import FORM_RETENTION
from course.people.models import Team
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client

pytestmark = pytest.mark.both_engines


def _teams(session: Session) -> list[str]:
    return sorted(session.execute(select(Team.name)).scalars())


def _form(client: Client, **entered: str) -> dict[str, str]:
    return client.get("/people/teams/add").fields() | {"parent": ""} | entered


def test_every_form_that_is_shown_has_a_key_of_its_own(app: Flask, session: Session) -> None:
    boss = sign_in(Client(app), make_person(session, role="administrator"))
    assert _form(boss)["form_key"] != _form(boss)["form_key"]


def test_a_form_that_is_sent_twice_is_kept_once_and_says_so(app: Flask, session: Session) -> None:
    boss = sign_in(Client(app), make_person(session, role="administrator"))
    form = _form(boss, name="Kitchen")
    boss.post("/people/teams/add", form)
    again = boss.post("/people/teams/add", form)
    assert "This was sent twice. It was done once." in boss.follow(again).text
    assert _teams(session) == ["Kitchen"]


def test_a_form_that_was_changed_after_going_back_is_a_new_request(app: Flask, session: Session) -> None:
    boss = sign_in(Client(app), make_person(session, role="administrator"))
    form = _form(boss, name="Kitchen")
    boss.post("/people/teams/add", form)
    boss.post("/people/teams/add", form | {"name": "Garden"})
    assert _teams(session) == ["Garden", "Kitchen"]


def test_a_form_that_was_refused_is_not_said_to_have_been_done(app: Flask, session: Session) -> None:
    boss = sign_in(Client(app), make_person(session, role="administrator"))
    boss.post("/people/teams/add", _form(boss, name="Kitchen"))
    form = _form(boss, name="Kitchen")
    for _ in range(2):
        page = boss.post("/people/teams/add", form, 422)
        assert "There is already a team with this name" in page.text


def test_a_form_that_was_refused_may_come_again_as_it_is_once_nothing_is_in_its_way(
    app: Flask, session: Session
) -> None:
    boss = sign_in(Client(app), make_person(session, role="administrator"))
    taken = make_person(session, "Kim Else", "kim@example.org")
    form = boss.get("/people/add").fields() | {"name": "Kim Hill", "email": "kim@example.org", "role": "learner"}
    for _ in range(2):
        assert "Someone with this e-mail address has already been added" in boss.post("/people/add", form, 422).text
    taken.email = "kim.else@example.org"
    session.commit()
    boss.post("/people/add", form)
    again = boss.post("/people/add", form)
    assert "This was sent twice. It was done once." in boss.follow(again).text


def test_a_wrong_password_sent_again_is_not_said_to_have_been_changed(app: Flask, session: Session) -> None:
    sam = sign_in(Client(app), make_person(session))
    form = sam.get("/me").fields() | {"current": "not my password", "password": "a quiet harbour wall"}
    for _ in range(2):
        assert "This is not your current password." in sam.post("/me", form, 422).text


def test_forms_are_forgotten_after_two_days(session: Session) -> None:
    assert claim_form(session, "a", NOW)
    assert not claim_form(session, "a", NOW)
    delete_old_forms(session, NOW + FORM_RETENTION - timedelta(minutes=1))
    assert session.get(SentForm, "a") is not None
    session.expire_all()
    delete_old_forms(session, NOW + FORM_RETENTION)
    assert claim_form(session, "a", NOW + FORM_RETENTION)
