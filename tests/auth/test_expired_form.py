"""A form that is sent after its sign-in session has ended: what was entered is not lost."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.learning.models import Reflection
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client, Page

pytestmark = pytest.mark.both_engines

PATH = "/module/secret-contact/why-contact-is-supervised"
NOTE = {"note-their-reason": "Ask kindly.", "was-their-reason": "", "stay": "their-reason"}
HERE = {"Origin": "http://localhost"}


def send(client: Client, data: Mapping[str, str], headers: Mapping[str, str]) -> Page:
    return Page(client.flask.post(PATH, data=dict(data), headers=dict(headers)))


def form_of(page: Page) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.html)
    return dict(found)


def test_what_was_entered_is_kept_until_the_person_has_signed_in_again(session: Session, client: Client) -> None:
    person = make_person(session)
    sign_in(client, person)
    old = client.token()
    client.flask.delete_cookie("course")
    kept = send(client, {**NOTE, "csrf_token": old}, HERE)
    assert kept.status == 409
    assert "What you entered is kept on this page" in kept.text
    sign_in(client, person)
    again = send(client, form_of(kept), HERE)
    assert "You signed in again after you opened that page" in again.text
    assert send(client, form_of(again), HERE).status == 303
    assert session.execute(select(Reflection.text)).scalar_one() == "Ask kindly."


def test_a_form_from_another_site_is_not_kept(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    for headers in ({"Origin": "https://elsewhere.example"}, {"Referer": "https://elsewhere.example/x"}, {}):
        page = send(client, NOTE, headers)
        assert page.status == 400
        assert "Ask kindly." not in page.html
    assert session.execute(select(func.count()).select_from(Reflection)).scalar_one() == 0


def test_a_password_is_never_put_into_a_page(client: Client) -> None:
    form = {"email": "sam@example.org", "password": "a-secret-password"}
    page = Page(client.flask.post("/set-up/x", data=form, headers=HERE))
    assert page.status == 400
    assert "a-secret-password" not in page.html


def test_a_sign_in_from_an_old_window_leads_on(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    form = {"email": "sam@example.org", "password": PASSWORD, "csrf_token": "old"}
    page = Page(client.flask.post("/sign-in?next=/record", data=form, headers=HERE))
    assert (page.status, page.location) == (303, "/sign-in?next=/record")
    assert client.get(page.location, 303).location == "/record"


def test_a_signed_out_person_with_a_valid_token_is_asked_to_sign_in(client: Client) -> None:
    token = re.search(r'csrf_token" value="([^"]+)"', client.get("/sign-in").html)
    assert token
    page = send(client, {**NOTE, "csrf_token": token[1]}, HERE)
    assert page.status == 409
    assert "Sign in (in a new window)" in page.text
