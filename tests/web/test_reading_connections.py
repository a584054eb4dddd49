"""How the course reads on PostgreSQL: without a transaction, with statements that stay prepared, and after a restart."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from course.content.models import ContentVersion
from course.database_address import driver_url, shares_connections
from course.db import make_engine, make_session_factory
from course.people.models import Team
from course.web.unit_of_work import read_only_session, row_source, unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

pytestmark = pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
LESSON = "/module/secret-contact/when-contact-goes-wrong"


@pytest.fixture
def client(committed: Flask) -> Client:
    with committed.app_context(), unit_of_work() as session:
        person = make_person(session)
    return sign_in(Client(committed), person)


def test_the_statements_of_a_page_stay_prepared(committed: Flask, client: Client) -> None:
    for _ in range(5):
        client.get(LESSON)
    # The connection that was used last is taken first.
    with committed.test_request_context("/"):
        prepared = row_source().execute(text("select statement from pg_prepared_statements")).scalars().all()
    for table in ("credential", "page_read", "page_answer"):
        assert any(table in statement for statement in prepared), table


def test_a_page_that_only_reads_leaves_no_transaction(committed: Flask) -> None:
    with committed.test_request_context("/"):
        # now() is when the transaction began; a statement of its own has one of its own.
        moments = {row_source().execute(text("select now(), pg_sleep(0.01)")).scalar() for _ in range(2)}
    assert len(moments) == 2


def test_a_page_is_shown_after_the_server_has_closed_every_connection(committed: Flask, client: Client) -> None:
    client.get(LESSON)
    other = make_engine(committed.extensions["course"].engine.url.render_as_string(hide_password=False))
    with other.connect() as connection:
        ended = connection.execute(
            text(
                # Waits until they are gone: a busy machine may take a while to end them.
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where pid <> pg_backend_pid() and datname = current_database()"
            )
        )
        assert ended.scalars().all()
    other.dispose()
    for _ in range(2):
        client.get(LESSON, 200)
        client.post(LESSON, {"then": "next"}, 303)


def test_a_snapshot_does_not_see_what_is_written_meanwhile_and_can_be_fetched_in_parts(committed: Flask) -> None:
    teams = select(func.count()).select_from(Team)
    with committed.app_context():
        with read_only_session(snapshot=True) as snapshot, read_only_session() as reading:
            assert (snapshot.execute(teams).scalar(), reading.execute(teams).scalar()) == (0, 0)
            with unit_of_work() as session:
                make_team(session)
            assert (snapshot.execute(teams).scalar(), reading.execute(teams).scalar()) == (0, 1)
            versions = snapshot.execute(select(ContentVersion.ref).execution_options(yield_per=10)).scalars().all()
            assert len(versions) > 10
            with pytest.raises(Exception, match="read-only transaction"):
                snapshot.connection().execute(text("delete from team"))
        with read_only_session() as reading:
            assert reading.execute(text("show transaction_isolation")).scalar() == "read committed"


def test_how_long_a_statement_waits_for_locks_is_said_for_each_use_of_a_connection(committed: Flask) -> None:
    show = text("show lock_timeout")
    with committed.test_request_context("/"):
        assert row_source().execute(show).scalar() == "5s"
    with committed.app_context():
        with unit_of_work() as session:
            assert session.execute(show).scalar() == "0"
        with read_only_session() as session:
            assert session.execute(show).scalar() == "0"
    with committed.test_request_context("/"):
        with unit_of_work() as session:
            assert session.execute(show).scalar() == "5s"
        assert row_source().execute(show).scalar() == "5s"


def test_behind_a_pooler_nothing_is_left_on_a_connection(committed: Flask) -> None:
    url = committed.extensions["course"].engine.url.update_query_dict({"pgbouncer": "true"})
    address = url.render_as_string(hide_password=False)
    engine = make_engine(address)
    assert shares_connections(make_url(address))
    assert "pgbouncer" not in driver_url(make_url(address)).query
    reading = engine.execution_options(writes=False, lock_seconds=5.0)
    for _ in range(6):
        with reading.connect() as connection:
            assert connection.execute(text("show transaction_read_only")).scalar() == "on"
            assert connection.execute(text("show lock_timeout")).scalar() == "5s"
    with engine.connect() as connection:
        assert connection.execute(text("show lock_timeout")).scalar() == "0"
        assert connection.execute(text("select count(*) from pg_prepared_statements")).scalar() == 0
    with make_session_factory(engine, {})() as session:
        session.add(Team(name="Night shift", opened_at=NOW))
        session.commit()
        assert session.execute(select(func.count()).select_from(Team)).scalar() == 1
    engine.dispose()


def test_a_server_that_is_away_is_an_error_of_the_database_and_not_of_the_driver(committed: Flask) -> None:
    engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=1")
    with pytest.raises(OperationalError), engine.execution_options(writes=False).connect():
        pass
    assert committed.extensions["course"].engine is not engine
