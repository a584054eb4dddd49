"""A training afternoon in which the database server dies and its standby takes over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from course.audit.commands import verify_log
from course.db import make_engine
from course.mail.rules import RenderedMail
from course.people.queries import person_by_email
from course.web.unit_of_work import unit_of_work
from tests.cluster.conftest import LEARNERS, SAMPLE, course_on, sessions
from tests.cluster.hosts import machines
from tests.cluster.trainees import Afternoon, Trainee, stored
from tests.conftest import NOW
from tests.support.outbox import queue_text
from tests.support.replication import ReplicatedCluster, replicated_cluster
from tests.support.smtp import smtp_server

BEFORE, UNNOTICED, AFTER = 3.0, 1.0, 3.0  # seconds: until it dies, until somebody promotes the standby, and to the end
LONGEST = 10.0  # seconds in which anybody may see an error


@pytest.fixture
def pair() -> Iterator[ReplicatedCluster]:
    with replicated_cluster() as running:
        running.primary.ask("create database course")
        yield running


@pytest.fixture
def course(pair: ReplicatedCluster) -> Iterator[Flask]:
    with course_on(pair.url("course")) as app:
        yield app


def test_no_acknowledged_answer_is_lost_when_the_database_server_dies(
    course: Flask, pair: ReplicatedCluster, tmp_path: Path
) -> None:
    with (
        smtp_server() as inbox,
        machines(
            tmp_path, pair.url("course"), ["serve"], CONTENT=str(SAMPLE), MAIL_URL=f"smtp://{inbox.host}:{inbox.port}"
        ) as hosts,
    ):
        afternoon = Afternoon()
        trainees = _trainees(course, [host.port for host in hosts], afternoon)
        time.sleep(BEFORE)
        died = time.monotonic()
        pair.primary.kill()
        time.sleep(UNNOTICED)
        pair.standby.promote()
        # The old one comes back as it was, and takes writes as well: nothing may be written to it.
        pair.primary.run()
        kept = pair.primary.ask("select pg_current_wal_insert_lsn()")
        _wait_for_quiet(afternoon, died)
        with course.app_context(), unit_of_work() as session:
            queue_text(session, "test:after", "reader@example.org", RenderedMail("After", "A text."), NOW)
        assert inbox.wait_for(1, 20)
        afternoon.end.set()
        for trainee in trainees:
            trainee.join(30)
        assert [trainee.failure for trainee in trainees] == [None] * LEARNERS

    assert max(at for at, _ in afternoon.errors) - died <= LONGEST, afternoon.errors[-3:]
    assert max(afternoon.successes) - died > AFTER
    answers, decisions = stored(course)
    assert len(afternoon.answers) > LEARNERS
    assert len(afternoon.decisions) > LEARNERS
    assert afternoon.answers <= set(answers)
    assert afternoon.decisions <= set(decisions)
    assert len(set(answers)) == len(answers)
    assert len(set(decisions)) == len(decisions)
    with course.app_context():
        assert verify_log()[1] == 0
    assert _bytes_written_after(pair, kept) == 0
    assert _server_of_a_new_process(pair) == str(pair.standby.folder)


def _trainees(course: Flask, ports: list[int], afternoon: Afternoon) -> list[Trainee]:
    with sessions(course)() as session:
        people = [person_by_email(session, f"learner{number}@example.org") for number in range(LEARNERS)]
    trainees = [
        Trainee(course, ports, number, person.id, afternoon)
        for number, person in enumerate(people)
        if person is not None
    ]
    for trainee in trainees:
        trainee.start()
    return trainees


def _wait_for_quiet(afternoon: Afternoon, died: float) -> None:
    """Until everybody has gone on without an error for a while."""
    until = died + LONGEST + AFTER + 5
    while time.monotonic() < until:
        last_error = max([at for at, _ in afternoon.errors] or [died])
        if time.monotonic() - last_error > AFTER and sum(at > last_error for at in afternoon.successes) > LEARNERS:
            return
        time.sleep(0.1)


def _server_of_a_new_process(pair: ReplicatedCluster) -> str:
    """Where a program that starts now writes, although the old primary is the first in its address."""
    engine = make_engine(pair.url("course"))
    with engine.connect() as connection:
        found = str(connection.execute(text("show unix_socket_directories")).scalar_one())
    engine.dispose()
    return found


def _bytes_written_after(pair: ReplicatedCluster, position: str) -> int:
    """Bytes of commits that the old primary was given after it came back."""
    return int(pair.primary.ask(f"select pg_current_wal_insert_lsn() - '{position}'::pg_lsn"))
