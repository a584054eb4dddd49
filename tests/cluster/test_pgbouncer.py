"""The course behind PgBouncer in transaction mode, where the next transaction is on another connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text

from course.audit.commands import verify_log
from course.clock import now
from course.database_address import driver_url
from course.db import make_engine
from course.jobs.models import Job
from course.jobs.worker import JobWorker
from course.people.models import Person
from course.people.queries import person_by_email
from course.server.jobs import REGISTRY
from tests.cluster.conftest import SAMPLE, course_on, sessions
from tests.conftest import make_app, new_database
from tests.makers import sign_in
from tests.pages import Client
from tests.support.pooler import pooler
from tests.support.racing import at_once
from tests.walking import Learner

LEARNERS = 4
CONNECTIONS = 3  # that they and the worker share


@pytest.fixture
def course(postgres_url: str) -> Iterator[Flask]:
    with course_on(new_database(postgres_url, "pooled")) as direct:
        url = direct.extensions["course"].engine.url
        direct.extensions["course"].engine.dispose()  # only what goes through PgBouncer is counted
        with pooler(postgres_url, CONNECTIONS) as pooled:
            address = make_engine(pooled).url.update_query_dict({"pgbouncer": "true"}).set(database=url.database)
            app = make_app(address.render_as_string(hide_password=False), CONTENT=str(SAMPLE))
            yield app
            app.extensions["course"].engine.dispose()


def _person(course: Flask, email: str) -> Person:
    with sessions(course)() as session:
        found = person_by_email(session, email)
    assert found is not None
    return found


def test_learners_and_a_worker_share_fewer_connections_than_they_are(course: Flask) -> None:
    people = [_person(course, f"learner{number}@example.org") for number in range(LEARNERS)]
    manager = _person(course, "manager@example.org")
    failures: list[BaseException] = []

    def learn(number: int) -> None:
        person = people[number]
        try:
            learner = Learner(course, sign_in(Client(course), person), person.id)
            learner.modules()
            assert learner.final().h1 == "You have passed"
        except BaseException as error:
            failures.append(error)

    worker = JobWorker(course, "behind a pooler", REGISTRY, now, poll=0.05)
    worker.start()
    threads = [threading.Thread(target=learn, args=(number,)) for number in range(LEARNERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    worker.stop(10)
    assert failures == []
    page = sign_in(Client(course), manager).get("/report")
    assert sum("Up to date" in "".join(row.itertext()) for row in page.all("tr")) == LEARNERS
    with course.app_context():
        assert verify_log()[1] == 0
    with sessions(course)() as session:
        assert session.execute(select(Job.id).where(Job.state == "failed")).all() == []
        assert session.execute(text("select count(*) from pg_prepared_statements")).scalar_one() == 0
        connected = text("select count(*) from pg_stat_activity where datname = current_database()")
        assert session.execute(connected).scalar_one() <= CONNECTIONS


def test_what_pg_dump_leaves_on_a_connection_reaches_nobody_behind_it(course: Flask, tmp_path: Path) -> None:
    learner = _person(course, "learner0@example.org")
    archive = tmp_path / "backup.tar.gz"
    made = course.test_cli_runner().invoke(args=["backup", "create", str(archive)])
    assert made.exit_code == 0, made.output
    # pg_dump begins like this, and its connection goes back to the others: all of them are left so.
    engine = course.extensions["course"].engine
    engine.dispose()
    gate = threading.Barrier(CONNECTIONS)

    def leave_without_search_path() -> int:
        with psycopg.connect(driver_url(engine.url).set(drivername="postgresql").render_as_string(False)) as connection:
            connection.execute("select set_config('search_path', '', false)")
            gate.wait(10)  # each has a connection of its own
        return 1

    assert at_once([leave_without_search_path] * CONNECTIONS) == [1] * CONNECTIONS
    assert sign_in(Client(course), learner).get("/me").status == 200
    walker = Learner(course, sign_in(Client(course), learner), learner.id)
    walker.modules()
    assert walker.final().h1 == "You have passed"
    for command in (["doctor"], ["backup", "create", str(tmp_path / "second.tar.gz")]):
        done = course.test_cli_runner().invoke(args=command)
        assert done.exit_code == 0, done.output
    verified = course.test_cli_runner().invoke(args=["backup", "verify", "--thorough", str(archive)])
    assert verified.exit_code == 0, verified.output
