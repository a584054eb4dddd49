"""Repeated requests make one pack only, in a background thread that was already running."""

from __future__ import annotations

import threading
import time

from flask import Flask
from sqlalchemy import select

from course.clock import now
from course.content.actions import archive
from course.exports.models import Download
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, make_team
from tests.pages import Client
from tests.support.racing import at_once


def _packs(app: Flask) -> list[Download]:
    with app.app_context(), read_only_session() as session:
        return list(session.execute(select(Download).order_by(Download.id)).scalars())


def test_25_requests_start_one_pack_and_all_are_redirected_to_it(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work() as session:
        archive(session, fresh_app.extensions["course"].library, NOW)
        make_person(session, "Alex Morgan", "alex@example.org", "administrator")
        team = make_team(session).id
    client = Client(fresh_app)
    client.post("/sign-in", {"email": "alex@example.org", "password": "quiet-river-stones-42"})
    form = {"csrf_token": client.token(), "team": str(team), "on": now().date().isoformat()}
    cookie = client.flask.get_cookie(fresh_app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    redirects: list[str] = []

    def send_request() -> int:
        other = fresh_app.test_client()
        other.set_cookie(cookie.key, cookie.value)
        answer = other.post("/evidence", data=form)
        redirects.append(str(answer.headers.get("Location")))
        return answer.status_code

    assert at_once([send_request] * 25) == [303] * 25
    assert sum(thread.name == "background" for thread in threading.enumerate()) <= 2
    (pack,) = _packs(fresh_app)
    assert set(redirects) == {f"/evidence/{pack.id}"}
    deadline = time.monotonic() + 60
    while _packs(fresh_app)[0].finished_at is None and time.monotonic() < deadline:
        time.sleep(0.2)
    (pack,) = _packs(fresh_app)
    assert (pack.failure, pack.content is not None) == (None, True)
    # Once the pack is ready, another one may be requested.
    send_request()
    assert len(_packs(fresh_app)) == 2
