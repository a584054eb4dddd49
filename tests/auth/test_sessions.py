"""Sign-in sessions: listed with their devices, ended one by one or together, and ended by what changes about their person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from course.auth import queries
from course.auth.actions import (
    SessionStart,
    SignInGranted,
    begin_session,
    continue_session,
    end_sessions,
    grant_sign_in,
)
from course.auth.models import SignInSession
from course.auth.rules import USE_RESOLUTION, DayMoment, device_name, token_hash
from course.clock import now
from course.context import make_context
from course.people.actions import grant_role, revoke_role
from course.people.models import Person, RoleGrant
from course.people.rules import normalise_login
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client
from tests.support.asked import asked
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines

CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
)
DEVICES = {
    CHROME: "Chrome on Android",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0": (
        "Edge on Windows"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Linux",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1": (
        "Safari on iPhone"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/142.0 Mobile Safari/604.1": (
        "Chrome on iPhone"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15": (
        "Safari on Mac"
    ),
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36": "Chrome on ChromeOS",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 SamsungBrowser/29.0 Chrome/136.0 Mobile Safari/537.36": (
        "Samsung Internet on Android"
    ),
    "curl/8.5": "",
    "Android " * 10_000 + "Firefox/1": "Android",
}


@pytest.mark.parametrize(("user_agent", "name"), DEVICES.items())
def test_a_device_is_named_in_a_few_words(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


def sign_in_on(app: Flask, person: Person, user_agent: str) -> Client:
    client = Client(app)
    client.flask.environ_base["HTTP_USER_AGENT"] = user_agent
    return sign_in(client, person)


def test_the_page_lists_each_device_and_signs_out_one_or_all_others(app: Flask, session: Session) -> None:
    person = make_person(session)
    here, there, firefox = (sign_in_on(app, person, agent) for agent in list(DEVICES)[:3])
    shown = here.get("/me/sessions")
    assert shown.text.index("Chrome on Android · this device") < shown.text.index("Firefox on Linux")
    assert "Edge on Windows" in shown.text
    edge = next(n for n in range(9) if shown.fields(n).get("session") == hash_of(session, "Edge on Windows"))
    here.post("/me/sessions/end", shown.fields(edge))
    there.get("/me", 303)
    assert "Edge on Windows" not in here.get("/me/sessions").text
    here.post("/me/sessions/end-others", {})
    firefox.get("/me", 303)
    assert here.get("/me/sessions").text.count("Last used") == 1


def hash_of(session: Session, device: str) -> str:
    return session.execute(select(SignInSession.nonce_hash).where(SignInSession.device == device)).scalar_one()


def test_nobody_ends_the_session_of_somebody_else(app: Flask, session: Session) -> None:
    sam, kim = make_person(session), make_person(session, "Kim Low", "kim@example.org")
    sams, kims = sign_in_on(app, sam, CHROME), sign_in_on(app, kim, "curl/8.5")
    kims.post("/me/sessions/end", {"session": hash_of(session, "Chrome on Android")})
    kims.post("/me/sessions/end-others", {})
    sams.get("/me")
    assert "Chrome" not in kims.get("/me/sessions").text


def test_another_password_ends_the_sessions_everywhere_else(app: Flask, session: Session) -> None:
    person = make_person(session)
    here, there = sign_in_on(app, person, CHROME), sign_in_on(app, person, CHROME)
    here.post("/me", {"current": PASSWORD, "password": "lamp-otter-nineteen"})
    here.get("/me")
    there.get("/me", 303)


def test_a_role_that_begins_or_is_taken_away_ends_every_session_of_its_person_only(
    app: Flask, session: Session
) -> None:
    sam, kim = make_person(session), make_person(session, "Kim Low", "kim@example.org")
    sams, kims = sign_in_on(app, sam, CHROME), sign_in_on(app, kim, CHROME)
    grant_role(make_context(session, None, now()), sam.id, "administrator", None)
    session.commit()
    sams.get("/me", 303)
    sign_in(sams, sam).get("/system")
    row = session.execute(select(RoleGrant.id).where(RoleGrant.person_id == sam.id)).scalar_one()
    make_person(session, "Ann Other", "ann@example.org", role="administrator")
    revoke_role(make_context(session, None, now()), sam.id, row)
    session.commit()
    sams.get("/me", 303)
    kims.get("/me")


def test_who_changes_their_own_roles_stays_signed_in_there_and_is_signed_out_everywhere_else(
    app: Flask, session: Session
) -> None:
    ann = make_person(session, "Ann Other", "ann@example.org", role="administrator")
    make_person(session, "Kim Low", "kim@example.org", role="administrator")
    here, there = sign_in_on(app, ann, CHROME), sign_in_on(app, ann, list(DEVICES)[1])
    before = here.flask.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert before is not None
    saved = here.follow(here.post(f"/people/{ann.id}/role", {"role": "hr", "team": "", "last_day": ""}))
    assert "Saved." in saved.text
    there.get("/me", 303)
    stolen = Client(app)
    stolen.flask.set_cookie(before.key, before.value)
    stolen.get("/me", 303)  # a copy of the cookie from before is of no use
    assert here.get("/me/sessions").text.count("Last used") == 1
    # Taken away again, the page that asks for the role is closed at once, and the session still goes on.
    session.expire_all()
    grants = {
        row.role: row.id for row in session.execute(select(RoleGrant).where(RoleGrant.person_id == ann.id)).scalars()
    }
    here.post(f"/people/{ann.id}/role/{grants['administrator']}/end", {})
    here.get("/me")
    here.get("/system", 403)


def test_a_session_that_somebody_else_ended_does_not_go_on_by_a_change_of_its_own_roles(session: Session) -> None:
    ann = make_person(session)
    granted = grant_sign_in(session, ann.id)
    assert isinstance(granted, SignInGranted)
    assert begin_session(session, granted, SessionStart("first", "password", "", "d" * 32), now())
    assert end_sessions(make_context(session, None, now()), ann.id) == 1
    assert not continue_session(session, "first", "second", now())
    assert session.execute(select(SignInSession.ended_at)).scalar_one() is not None


def test_a_role_that_ends_by_its_day_ends_the_sessions_that_were_begun_before(session: Session) -> None:
    person = make_person(session)
    evening, midnight = datetime(2026, 11, 22, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
    session.add(
        RoleGrant(person_id=person.id, role="auditor", since=evening - timedelta(days=9), last_day=evening.date())
    )
    session.add_all(
        SignInSession(
            nonce_hash=token_hash(nonce), person_id=person.id, begun_at=at, used_at=at, method="password", device=""
        )
        for nonce, at in (("before", evening), ("after", midnight))
    )
    session.commit()

    def is_open(nonce: str, at: datetime) -> bool:
        moment = DayMoment(at, at.date(), datetime(at.year, at.month, at.day, tzinfo=UTC))
        return queries.viewer(session, person.id, "", at.date(), nonce, moment) is not None

    assert is_open("before", midnight - timedelta(seconds=1))
    assert not is_open("before", midnight)
    assert is_open("after", midnight + timedelta(minutes=1))


def test_the_answer_that_somebody_was_writing_when_the_session_ended_is_kept(app: Flask, session: Session) -> None:
    person = make_person(session, role="administrator")
    here, there = sign_in_on(app, person, CHROME), sign_in_on(app, person, CHROME)
    form = {"address": "ann@example.org", "csrf_token": here.token()}
    there.post("/me/sessions/end-others", {})
    lost = here.flask.post("/me/address", data=form, headers={"Origin": "http://localhost"})
    assert lost.status_code == 409
    assert "Nothing is lost" in lost.get_data(as_text=True)


def test_a_cookie_of_the_release_before_goes_on_until_it_is_ended(app: Flask, session: Session) -> None:
    person = make_person(session)
    key = queries.session_key(session, person.id)
    clients = [Client(app), Client(app)]
    for number, client in enumerate(clients):
        with client.flask.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = f"{person.id}:{key}:nonce-{number}", True
        client.get("/me")
    with clients[0].flask.session_transaction() as cookie:
        copy = dict(cookie)
    clients[0].post("/sign-out", {})
    with clients[0].flask.session_transaction() as cookie:
        cookie.update(copy)
    clients[0].get("/me", 303)
    clients[1].post("/me/sessions/end-others", {})
    clients[1].get("/me")


def test_a_person_without_a_password_is_let_in_by_a_session_on_record_only(session: Session) -> None:
    person = make_person(session, password=None)
    granted = grant_sign_in(session, person.id)
    assert granted == SignInGranted(person.id, "")
    new, at = SessionStart("on record", "provider", "", "cookie"), now()
    assert begin_session(session, granted, new, at)
    for nonce, is_open in (("on record", True), ("another", False)):
        assert (queries.viewer(session, person.id, "", this_day(), nonce) is not None) == is_open
    assert not begin_session(session, replace(granted, session_key="of another password"), new, at)


def test_use_is_recorded_coarsely_and_costs_a_page_no_statement_more(app: Flask, session: Session) -> None:
    person = make_person(session)
    client = sign_in_on(app, person, CHROME)
    client.get("/me/sessions")
    with asked(app, this_thread_only=True) as fresh:
        client.flask.get("/help")
    assert not any("UPDATE sign_in_session" in one for one in fresh)
    old = now() - USE_RESOLUTION - timedelta(minutes=1)
    session.execute(update(SignInSession).values(used_at=old))
    session.commit()
    with asked(app, this_thread_only=True) as later:
        client.get("/me/sessions")
        client.get("/me/sessions")
    assert sum("UPDATE sign_in_session" in one for one in later) == 1
    session.expire_all()
    assert session.execute(select(SignInSession.used_at)).scalar_one() > old


def test_a_sign_in_on_another_device_is_mailed_once(app: Flask, session: Session) -> None:
    person = make_person(session)
    mails = text("select count(*) from outbox_mail where template = 'new_device'")
    known = sign_in_on(app, person, CHROME)
    assert session.execute(mails).scalar() == 0  # the first of all
    session.commit()
    known.post("/sign-out", {})
    sign_in(known, person)
    assert session.execute(mails).scalar() == 0
    session.commit()
    sign_in_on(app, person, "curl/8.5")
    assert session.execute(mails).scalar() == 1


def test_another_person_on_the_same_device_is_told_of_their_own_first_sign_in_there(
    app: Flask, session: Session
) -> None:
    sam, kim = make_person(session), make_person(session, "Kim Low", "kim@example.org")
    sign_in_on(app, kim, CHROME)
    shared = sign_in_on(app, sam, CHROME)
    shared.post("/sign-out", {})
    sign_in(shared, kim)
    session.commit()
    rows = session.execute(text("select recipient from outbox_mail where template = 'new_device'")).scalars().all()
    assert rows == ["kim@example.org"]


def test_who_has_no_address_reads_about_a_new_device_on_the_page_of_the_account(app: Flask, session: Session) -> None:
    person = make_person(session)
    session.execute(update(Person).values(email=None, sign_in_name="K-17", sign_in_key=normalise_login("K-17")))
    session.commit()
    clients = [Client(app), Client(app)]
    for client in clients:
        client.post("/sign-in", {"email": "K-17", "password": PASSWORD})
    assert person.id
    assert "You last signed in on a new device on" in clients[0].get("/me").text
    assert session.execute(text("select count(*) from outbox_mail where template = 'new_device'")).scalar() == 0
