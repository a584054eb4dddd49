"""Several requests at the same moment, on a database that really commits, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from app import create_app
from course import migrating
from course.content.actions import archive
from course.learning.models import Answer, Attempt, AttemptItem, AttemptOutcome, Decision, ScenarioRun
from course.web.session import command_session
from tests.conftest import NOW, make_config
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.walking import Learner, always


@pytest.fixture(params=["sqlite", "postgresql"])
def committed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The course on an empty database of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'races.db'}"
    else:
        base = make_url(request.getfixturevalue("postgres_url"))
        with create_engine(base, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("drop database if exists races"))
            connection.execute(text("create database races"))
        url = base.set(database="races").render_as_string(hide_password=False)
    app = create_app(make_config(url))
    app.config["LOG_REQUESTS"] = False
    migrating.upgrade(app.extensions["course"].engine)
    with app.app_context(), command_session() as session:
        archive(session, app.extensions["course"].library, NOW)
    yield app
    app.extensions["course"].engine.dispose()


def learners(app: Flask, windows: int) -> list[Learner]:
    """One person, signed in in several windows."""
    with app.app_context(), command_session() as session:
        person = make_person(session)
    return [Learner(app, sign_in(Client(app), person), person.id) for _ in range(windows)]


def at_once(actions: list[Callable[[], int]]) -> list[int]:
    """Run them in threads that start together; what each returned."""
    gate = threading.Barrier(len(actions))
    results: list[int] = []

    def run(action: Callable[[], int]) -> None:
        gate.wait()
        results.append(action())

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def post(learner: Learner, path: str, data: dict[str, object]) -> Callable[[], int]:
    token = learner.client.token()
    return lambda: learner.client.flask.post(path, data={"csrf_token": token, **data}).status_code


def count(app: Flask, model: type) -> int:
    with app.app_context(), command_session() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_check_that_is_started_six_times_at_once_is_one_attempt(committed: Flask) -> None:
    found = at_once([post(one, "/module/secret-contact/check", {}) for one in learners(committed, 6)])
    assert found == [303] * 6
    assert count(committed, Attempt) == 1
    assert count(committed, AttemptItem) == 8


def test_an_answer_that_is_sent_six_times_at_once_counts_once(committed: Flask) -> None:
    windows = learners(committed, 6)
    attempt = int(windows[0].client.post("/module/secret-contact/check", {}).location.rsplit("/", 1)[1])
    form: dict[str, object] = {**windows[0].form(attempt, 1, always), "sure": "sure"}
    assert at_once([post(one, f"/attempt/{attempt}/1", form) for one in windows]) == [303] * 6
    assert count(committed, Answer) == 1


def test_the_last_answers_sent_at_once_end_the_attempt_once(committed: Flask) -> None:
    windows = learners(committed, 8)
    attempt = int(windows[0].client.post("/module/secret-contact/check", {}).location.rsplit("/", 1)[1])
    sent = [
        post(one, f"/attempt/{attempt}/{n}", {**one.form(attempt, n, always), "sure": "sure"})
        for n, one in enumerate(windows, 1)
    ]
    assert at_once(sent) == [303] * 8
    assert count(committed, Answer) == 8
    assert count(committed, AttemptOutcome) == 1


def test_a_decision_that_is_sent_six_times_at_once_is_taken_once(committed: Flask) -> None:
    windows = learners(committed, 6)
    starts = [post(one, "/module/secret-contact/second-phone", {}) for one in windows]
    assert at_once(starts) == [303] * 6
    assert count(committed, ScenarioRun) == 1
    run = windows[0].client.post("/module/secret-contact/second-phone", {}).location
    decisions = [post(one, run, {"step": "1", "choice": "sit-down"}) for one in windows]
    assert at_once(decisions) == [303] * 6
    assert count(committed, Decision) == 1
