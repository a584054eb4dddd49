"""The pages of the learning record store: what is refused and why, what is never shown, and what was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.web.recent_sign_in import is_marked
from course.xapi.models import XapiEndpoint, XapiStatement
from tests.audit.xapi import CHOSEN
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.walking import Learner
from tests.xapi.makers import refresh

PAGE = "/system/xapi"


@pytest.fixture
def admin(app: Flask, session: Session) -> Client:
    return sign_in(Client(app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"address": ""}, "Enter an address that begins with https://"),
        ({"address": "http://lrs.example.org/xapi"}, "Enter an address that begins with https://"),
        ({"address": "https://[::1"}, "Enter an address that begins with https://"),
        ({"address": "https://lrs.example.org/xapi?key=1"}, "without a question mark"),
        ({"address": "https://sam:word@lrs.example.org/xapi"}, "in their own fields"),
        ({"address": "https://lrs.example.org/xapi/statements/"}, "without /statements at its end"),
        ({"address": "https://10.0.0.1/xapi"}, "10.0.0.1 is not reached from there"),
        ({"username": ""}, "Enter the user name that the store gave you"),
        ({"username": "a:b"}, "without a colon"),
        ({"password": ""}, "Enter the password that the store gave you"),
        ({"kinds": []}, "Choose at least one kind of statement"),
        ({"kinds": ["everything"]}, "Choose at least one kind of statement"),
        ({"kinds": ["completed", "answer"]}, "Answers and decisions are never sent with an e-mail address"),
    ],
)
def test_a_wrong_entry_is_explained_and_nothing_is_lost(
    admin: Client, session: Session, change: dict[str, Any], message: str
) -> None:
    page = admin.post(f"{PAGE}/store", CHOSEN | {"actor": "mail"} | change, 422)
    assert message in page.text
    assert page.title.startswith("Error: ")
    assert page.fields()["address"] == {**CHOSEN, **change}["address"]
    assert session.execute(select(XapiEndpoint.id)).all() == []


def test_today_says_that_the_store_has_taken_nothing_for_an_hour(admin: Client, session: Session) -> None:
    admin.post(f"{PAGE}/store", CHOSEN)
    for minutes, is_said in ((50, False), (70, True)):
        session.execute(update(XapiEndpoint).values(failing_since=now() - timedelta(minutes=minutes)))
        session.commit()
        assert ("The learning record store takes nothing" in admin.get("/today").text) is is_said
    session.execute(update(XapiEndpoint).values(paused_at=now()))
    session.commit()
    assert "The learning record store takes nothing" not in admin.get("/today").text


def test_the_password_is_stored_locked_never_shown_and_kept_by_an_empty_field(admin: Client, session: Session) -> None:
    page = admin.follow(admin.post(f"{PAGE}/store", CHOSEN))
    assert "lrs.example.org" in page.text
    first = session.execute(select(XapiEndpoint.secret)).scalar_one()
    assert b"blue-heron" not in first
    assert "blue-heron" not in page.html + admin.get(f"{PAGE}/store").html
    admin.post(f"{PAGE}/store", CHOSEN | {"password": "", "actor": "mail"})
    refresh(session)
    row = session.execute(select(XapiEndpoint)).scalar_one()
    assert (row.secret, row.actor) == (first, "mail")
    admin.post(f"{PAGE}/store", CHOSEN | {"password": "grey-heron", "actor": "mail"})
    refresh(session)
    assert row.secret != first
    # Removed and connected anew: the ids of statements and people stay the same.
    admin.post(f"{PAGE}/remove", {})
    admin.post(f"{PAGE}/store", CHOSEN)
    rows = session.execute(select(XapiEndpoint.namespace, XapiEndpoint.slot).order_by(XapiEndpoint.id)).all()
    assert len({one.namespace for one in rows}) == 1
    assert [one.slot for one in rows] == [None, 1]


def test_what_waits_what_was_refused_and_why_is_on_the_page(
    app: Flask, admin: Client, session: Session, sample_course: Any
) -> None:
    admin.post(f"{PAGE}/store", CHOSEN | {"kinds": ["answer", "started"]})
    session.execute(update(XapiEndpoint).values(made_at=now() - timedelta(hours=1)))
    sam = make_person(session, "Sam Okafor", "sam@example.org")
    learner = Learner(app, sign_in(Client(app), sam), sam.id)
    learner.library = sample_course.for_("school", "england")
    learner.timeline(next(iter(learner.library.modules.values())))
    refresh(session)
    page = admin.get(PAGE)
    assert page.text.count(f"Sam Okafor, number {sam.id}") == 2
    assert "Waiting2" in page.text.replace(" ", "")
    bad = session.execute(select(XapiStatement.id).where(XapiStatement.kind == "answer")).scalar_one()
    values = {"next_try_at": None, "status": 400, "failure": "<b>no verb</b>"}
    session.execute(update(XapiStatement).where(XapiStatement.id == bad).values(values))
    failing = {"failing_since": now(), "failure": "The answer was 503.", "not_before": now() + timedelta(hours=1)}
    session.execute(update(XapiEndpoint).values(failing))
    session.commit()
    page = admin.get(f"{PAGE}?show=refused")
    assert page.text.count("Sam Okafor, number") == 1
    assert "Answer 400" in page.text
    assert "<b>no verb</b>" in page.text
    assert "The answer was 503." in page.text
    assert "1 statement is sent again" in admin.follow(admin.post(f"{PAGE}/repeat", {})).text
    assert "within half a minute" in admin.follow(admin.post(f"{PAGE}/try", {})).text
    refresh(session)
    assert session.execute(select(XapiStatement.next_try_at)).scalars().all().count(None) == 0


def test_what_could_send_records_elsewhere_asks_for_a_recent_sign_in(app: Flask) -> None:
    with app.app_context():
        marked = {name for name in app.view_functions if name.startswith(("xapi.", "cmi5.")) and is_marked(name)}
    assert marked == {"xapi.change", "xapi.remove", "cmi5.add", "cmi5.change", "cmi5.unlink"}
