"""However often somebody presses the button, one pack is made, by a thread of the worker."""

from __future__ import annotations

import time

from flask import Flask
from sqlalchemy import select

from course.clock import now
from course.content.actions import archive
from course.evidence.jobs import JOBS
from course.exports.models import Download
from course.jobs.queries import JobView, latest_jobs
from course.jobs.rules import JobRegistry
from course.jobs.worker import JobWorker
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, make_team
from tests.pages import Client
from tests.support.days import form_day
from tests.support.racing import at_once


def _packs(app: Flask) -> list[Download]:
    with app.app_context(), read_only_session() as session:
        return list(session.execute(select(Download).order_by(Download.id)).scalars())


def _jobs(app: Flask) -> list[JobView]:
    with app.app_context(), read_only_session() as session:
        return latest_jobs(session)


def test_25_requests_start_one_pack_and_all_are_redirected_to_it(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work() as session:
        archive(session, fresh_app.extensions["course"].library, NOW)
        make_person(session, "Alex Morgan", "alex@example.org", "administrator")
        team = make_team(session).id
    client = Client(fresh_app)
    client.post("/sign-in", {"email": "alex@example.org", "password": "quiet-river-stones-42"})
    form = {"csrf_token": client.token(), "team": str(team), "on": form_day()}
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
    (pack,) = _packs(fresh_app)
    assert set(redirects) == {f"/evidence/{pack.id}"}
    worker = JobWorker(fresh_app, "test", JobRegistry(JOBS), now, poll=0.1)
    worker.start()
    until = time.monotonic() + 90
    while _jobs(fresh_app)[-1].is_open and time.monotonic() < until:
        time.sleep(0.2)
    assert worker.stop(20)
    (job,), (pack,) = _jobs(fresh_app), _packs(fresh_app)
    assert (job.state, job.failure, job.attempts, pack.content is not None) == ("done", None, 1, True)
    # Once it is ready, another one may be asked for.
    send_request()
    assert len(_packs(fresh_app)) == 2
