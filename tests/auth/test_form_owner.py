"""The owner of a form: what a person entered is never recorded for, or shown to, the next person who signs in."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.db import Base
from course.learning.models import Reflection
from course.people.models import Person
from course.web.expired_form import SEALED_FIELD
from course.web.unit_of_work import unit_of_work
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client, Page
from tests.support.world import addresses, fill_world

pytestmark = pytest.mark.both_engines

PATH = "/module/secret-contact/why-contact-is-supervised"
SECRET = "A child told me something."
NOTE = {"note-their-reason": SECRET, "was-their-reason": "", "stay": "their-reason"}
HERE = {"Origin": "http://localhost"}


def send(client: Client, data: dict[str, str], path: str = PATH) -> Page:
    return Page(client.flask.post(path, data=data, headers=HERE))


def form_of(page: Page) -> dict[str, str]:
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.html)
    }


def two(session: Session) -> tuple[Person, Person]:
    return make_person(session), make_person(session, "Bea Lund", "bea@example.org")


def notes(session: Session) -> list[tuple[int, str]]:
    return [(row.person_id, row.text) for row in session.execute(select(Reflection.person_id, Reflection.text))]


def open_form_of_another(session: Session, client: Client) -> tuple[Person, Person, Page]:
    """What the second person is answered when they send the form that the first one left open."""
    ann, bea = two(session)
    token = sign_in(client, ann).token()
    sign_in(client, bea)
    return ann, bea, send(client, {**NOTE, "csrf_token": token})


def test_a_form_that_somebody_else_left_open_is_refused_and_not_shown(session: Session, client: Client) -> None:
    _, _, page = open_form_of_another(session, client)
    assert (page.status, page.h1) == (409, "This form was opened by someone else")
    assert SECRET not in page.html
    assert notes(session) == []
    for _ in range(2):  # however often it is sent
        page = send(client, form_of(page))
        assert (page.status, page.h1) == (409, "This form was opened by someone else")
        assert SECRET not in page.html
    assert notes(session) == []


def test_a_form_is_kept_for_the_person_who_entered_it(session: Session, client: Client) -> None:
    ann, _, page = open_form_of_another(session, client)
    client.post("/sign-out", {})
    signed_out = send(client, form_of(page))
    assert "Only you can send it" in signed_out.text
    assert SECRET not in signed_out.html
    sign_in(client, ann)
    mine = send(client, form_of(signed_out))
    assert mine.h1 == "Nothing is lost"
    assert send(client, form_of(mine)).status == 303
    assert notes(session) == [(ann.id, SECRET)]


def test_a_session_that_has_ended_keeps_what_was_entered_from_everybody_else(session: Session, client: Client) -> None:
    ann, bea = two(session)
    token = sign_in(client, ann).token()
    client.flask.delete_cookie("course")
    signed_out = send(client, {**NOTE, "csrf_token": token})
    assert signed_out.status == 409
    assert SECRET not in signed_out.html
    sign_in(client, bea)
    theirs = send(client, form_of(signed_out))
    assert theirs.h1 == "This form was opened by someone else"
    assert SECRET not in theirs.html
    assert notes(session) == []


def test_a_password_that_was_changed_elsewhere_ends_a_session_and_its_forms(session: Session, client: Client) -> None:
    ann, _ = two(session)
    token = sign_in(client, ann).token()
    elsewhere = sign_in(Client(client.app), ann)
    elsewhere.post("/me", {"current": PASSWORD, "password": "other-river-stones-43", "again": "other-river-stones-43"})
    page = send(client, {**NOTE, "csrf_token": token})
    assert page.status == 409
    assert SECRET not in page.html
    assert notes(session) == []


def test_what_was_said_to_somebody_is_not_said_to_the_next_visitor(session: Session, client: Client) -> None:
    admin = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    sign_in(client, admin)
    form = {"name": "Maria Lopez", "email": "maria@example.org"}
    client.post("/people/add", {**client.get("/people/add").fields(), **form})  # and the answer never arrives
    elsewhere = sign_in(Client(client.app), admin)
    elsewhere.post("/me", {"current": PASSWORD, "password": "other-river-stones-43", "again": "other-river-stones-43"})
    assert "Maria Lopez" not in client.get("/sign-in").html
    # What the visitor does is answered.
    answer = Page(
        client.flask.post("/sign-in", data={"email": "x", "password": "x", "csrf_token": "old"}, headers=HERE)
    )
    assert "This page was open for too long" in client.get(answer.location).text


def test_a_sealed_form_that_was_tampered_with_is_refused(session: Session, client: Client) -> None:
    _, _, page = open_form_of_another(session, client)
    form = form_of(page)
    for sealed in ("", "x", form[SEALED_FIELD][:-4] + "AAAA"):
        assert send(client, {**form, SEALED_FIELD: sealed}).status == 400
    assert notes(session) == []


def test_a_password_or_a_very_long_text_is_not_sealed(session: Session, client: Client) -> None:
    ann, bea = two(session)
    token = sign_in(client, ann).token()
    sign_in(client, bea)
    form = {"csrf_token": token, "current": PASSWORD, "password": "other-river-stones-43"}
    page = send(client, form, "/me")
    assert "It could not be kept here" in page.text
    assert SEALED_FIELD not in page.html
    assert "other-river-stones-43" not in page.html


def test_signing_out_has_the_browser_forget_what_it_keeps(session: Session, client: Client) -> None:
    sign_in(client, two(session)[0])
    assert client.post("/sign-out", {}).headers["Clear-Site-Data"] == '"cache", "storage"'


def test_no_form_of_one_person_is_recorded_for_another(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work() as session:
        learner, manager, administrator = fill_world(session)
        # Not what carries no token of a form: a mail program's unsubscribing, the answer of a provider, programs and platforms.
        posts = [
            address
            for rule, address in addresses(fresh_app, session, ["POST"])
            if rule.endpoint not in ("mail.choice", "identity_providers.saml_answer")
            and not rule.endpoint.startswith(("scim_protocol.", "lti_protocol."))
        ]
    browser = Client(fresh_app)
    tokens = [sign_in(browser, person).token() for person in (learner, manager)]
    sign_in(browser, administrator)

    def everything() -> list[tuple[str, list[tuple[object, ...]]]]:
        with fresh_app.extensions["course"].engine.connect() as connection:
            return [
                (table.name, [tuple(row) for row in connection.execute(select(table))])
                for table in Base.metadata.sorted_tables
            ]

    before, entered = everything(), {"reason": SECRET, "text": SECRET, "name": SECRET, "email": "a@example.org"}
    for address in posts:
        for token in tokens:
            page = send(browser, {**entered, "csrf_token": token}, address)
            assert page.status in (400, 409) or (address == "/sign-in" and page.status == 303), (address, page.status)
            assert SECRET not in page.html, address
    assert everything() == before
    assert len(posts) > 60
