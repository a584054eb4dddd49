"""Reports are read on a standby that has all that was committed, and on the primary whenever it has not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from course.db import make_engine
from course.people.queries import person_by_email
from course.web.unit_of_work import SessionFactories, db, read_from_replica, read_only_session, unit_of_work
from tests.cluster.conftest import SAMPLE, course_on, sessions
from tests.conftest import make_app
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.postgres import PORT
from tests.support.replication import ReplicatedCluster, replicated_cluster

IN_RECOVERY = text("select pg_is_in_recovery()")


@pytest.fixture(scope="module")
def pair() -> Iterator[ReplicatedCluster]:
    with replicated_cluster() as running:
        running.primary.ask("create database course")
        yield running


@pytest.fixture(scope="module")
def made(pair: ReplicatedCluster) -> Iterator[Flask]:
    """The course with people on the primary, and without a standby to read from."""
    with course_on(pair.url("course")) as app:
        yield app


@pytest.fixture
def course(pair: ReplicatedCluster, made: Flask) -> Iterator[Flask]:
    """The course, which reads reports on the standby."""
    url = made.extensions["course"].config.database_url
    app = make_app(url, CONTENT=str(SAMPLE), DATABASE_READ_URL=pair.url("course", "prefer-standby"))
    yield app
    app.extensions["course"].engine.dispose()
    pair.standby.ask("select pg_wal_replay_resume()")


def _on_standby(app: Flask) -> bool:
    """Whether a page that asks for the standby reads there now."""
    with app.test_request_context("/"):
        read_from_replica()
        return bool(db().execute(IN_RECOVERY).scalar_one())


def test_a_page_that_asks_for_it_reads_on_the_standby_until_it_writes(course: Flask) -> None:
    with course.test_request_context("/"):
        assert db().execute(IN_RECOVERY).scalar_one() is False
        read_from_replica()
        assert db().execute(IN_RECOVERY).scalar_one() is True
        with unit_of_work(claim_form_key=False) as session:
            assert session.execute(IN_RECOVERY).scalar_one() is False
        assert db().execute(IN_RECOVERY).scalar_one() is False
    with course.app_context(), read_only_session(replica=True, snapshot=True) as session:
        assert session.execute(IN_RECOVERY).scalar_one() is True
    with course.app_context(), read_only_session() as session:
        assert session.execute(IN_RECOVERY).scalar_one() is False


def test_what_was_just_written_is_in_the_report_even_if_the_standby_has_not_got_it(
    course: Flask, pair: ReplicatedCluster
) -> None:
    with sessions(course)() as session:
        manager = person_by_email(session, "manager@example.org")
        assert manager is not None
        client = sign_in(Client(course), manager)
        assert "Learner 0" in client.get("/report").text
        assert _on_standby(course)
        # From here on the standby gets everything and shows nothing of it.
        pair.standby.ask("select pg_wal_replay_pause()")
        make_person(session, "Newly Come", "new@example.org")
    assert not _on_standby(course)
    with sessions(course)() as session:
        administrator = make_person(session, "Ada Admin", "ada@example.org", "administrator")
    assert "Newly Come" in sign_in(Client(course), administrator).get("/report").text
    pair.standby.ask("select pg_wal_replay_resume()")
    assert _on_standby(course)


def test_rows_that_a_report_has_just_derived_are_in_it(course: Flask, pair: ReplicatedCluster) -> None:
    with sessions(course)() as session:
        client = sign_in(Client(course), make_person(session, "Avery Admin", "avery@example.org", "administrator"))
    # What is committed without waiting for the disk is on it, and on the standby, after ten seconds only.
    pair.primary.set(wal_writer_delay="10s")
    try:
        for number in range(3):
            with sessions(course)() as session:
                make_person(session, f"Just Come {number}", f"just{number}@example.org")
            assert f"Just Come {number}" in client.get("/report?q=just+come").text
            assert _on_standby(course)
    finally:
        pair.primary.set(wal_writer_delay="200ms")


def test_a_standby_that_is_away_or_is_none_is_left_out(course: Flask, pair: ReplicatedCluster) -> None:
    primary = pair.url("course").replace(f",{pair.standby.folder}", "").replace("5432,5432", "5432")
    assert make_url(primary).query["host"] == str(pair.primary.folder)
    for address in (primary, primary.replace(str(pair.primary.folder), "/nowhere")):
        app = make_app(pair.url("course"), CONTENT=str(SAMPLE), DATABASE_READ_URL=address)
        assert not _on_standby(app)
        app.extensions["course"].engine.dispose()
    course.extensions["course.sessions"].replica.away_seconds = 0.0
    assert _on_standby(course)
    pair.standby.kill()
    assert not _on_standby(course)
    pair.standby.run()
    assert _on_standby(course)


def test_without_a_standby_nothing_changes(made: Flask) -> None:
    factories = made.extensions["course.sessions"]
    assert isinstance(factories, SessionFactories)
    assert factories.replica is None
    assert not _on_standby(made)


def test_a_server_that_takes_no_writes_any_more_is_left_with_all_connections_to_it(
    course: Flask, pair: ReplicatedCluster
) -> None:
    address = make_url(pair.url("course")).set(query={"host": str(pair.standby.folder), "port": str(PORT)})
    engine = make_engine(address.render_as_string(hide_password=False))
    with engine.connect() as first, engine.connect() as second:
        assert first.execute(IN_RECOVERY).scalar_one() is True
        with pytest.raises(DBAPIError) as caught:
            second.execute(text("delete from sent_form"))
        assert caught.value.connection_invalidated
    engine.dispose()
    assert course.extensions["course"].engine.url.query["target_session_attrs"] == "read-write"
