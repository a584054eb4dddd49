"""A database that another transaction keeps locked: a short wait, then a page that keeps what was entered."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, make_url, select, text
from sqlalchemy.exc import OperationalError

from course.db import is_lock_failure
from course.people.models import Team
from course.web import unit_of_work as unit_of_work_module
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client, Page
from tests.support.pseudo_language import offered, pseudo


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work_module, "REQUEST_LOCK_SECONDS", 0.3)


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """Another transaction that holds the lock that every write with an audit event needs."""
    engine = app.extensions["course"].engine
    with engine.connect() as connection, connection.begin() as transaction:
        if engine.dialect.name == "postgresql":
            connection.execute(text("lock table audit_head, audit_entry, sent_form in exclusive mode"))
        yield
        transaction.rollback()


@contextmanager
def locked_for(app: Flask, seconds: float) -> Iterator[None]:
    """Another program that holds SQLite's write lock for so long."""
    file, begun = make_url(app.extensions["course"].config.database_url).database, threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(str(file), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            begun.set()
            time.sleep(seconds)
            other.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(10)
    yield
    thread.join(10)


@contextmanager
def locked_against_readers(app: Flask, tables: str) -> Iterator[None]:
    """Another transaction that has locked these tables, as a migration does: others cannot even read them."""
    with app.extensions["course"].engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text(f"lock table {tables} in access exclusive mode"))
        yield
        transaction.rollback()


@contextmanager
def locked_by_another_program(file: str) -> Iterator[None]:
    """A program that has SQLite's file for itself: others cannot even read it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def administrator(app: Flask) -> Client:
    with app.app_context(), unit_of_work() as session:
        person = make_person(session, role="administrator")
    return sign_in(Client(app), person)


def team_names(app: Flask) -> list[str]:
    with app.app_context(), read_only_session() as session:
        return list(session.execute(select(Team.name)).scalars())


def test_a_form_waits_shortly_then_comes_back_with_what_was_entered_and_can_be_sent_again(committed: Flask) -> None:
    client = administrator(committed)
    form = client.get("/people/teams/add").fields() | {"parent": "", "name": "Kitchen & garden"}
    with locked(committed):
        started = time.monotonic()
        page = client.post("/people/teams/add?x=1", form, 503)
        assert 0.2 < time.monotonic() - started < 5
    assert page.headers["Retry-After"] == "5"
    assert page.headers["Cache-Control"] == "no-store"
    assert "What you entered is kept on this page" in page.text
    assert page.all("form")[-1].get("action") == "/people/teams/add?x=1"
    assert "Send it again" in page.text
    again = page.fields()
    assert again["name"] == "Kitchen & garden"
    assert team_names(committed).count("Kitchen & garden") == 0
    client.post("/people/teams/add?x=1", again, 303)
    assert team_names(committed).count("Kitchen & garden") == 1
    # The key of the form came along: a further press is recognised.
    client.post("/people/teams/add?x=1", again, 303)
    assert team_names(committed).count("Kitchen & garden") == 1


def test_a_password_is_not_written_into_the_page(committed: Flask) -> None:
    client = administrator(committed)
    form = client.get("/me").fields() | {"current": "quiet-river-stones-42", "password": "a quiet harbour wall"}
    with locked(committed):
        page = client.post("/me", form, 503)
    assert "harbour" not in page.html
    assert "Nothing has been recorded. Wait a few seconds, then try again." in page.text


def test_pages_are_shown_while_another_transaction_writes(committed: Flask) -> None:
    client = administrator(committed)
    with locked(committed):
        assert client.get("/me", 200).h1


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_page_waits_shortly_for_tables_that_are_locked_against_readers(committed: Flask) -> None:
    client = administrator(committed)
    form = client.get("/people/teams/add").fields() | {"parent": "", "name": "Kitchen"}
    client.token()
    started = time.monotonic()
    with locked_against_readers(committed, "team"):
        # As a browser says where the form comes from: who is signed in cannot be read either.
        posted = Page(client.flask.post("/people/teams/add", data=form, headers={"Origin": "http://localhost"}))
        assert posted.status == 503
        with (
            committed.test_request_context("/"),
            read_only_session() as session,
            pytest.raises(OperationalError) as error,
        ):
            session.execute(select(Team.name)).all()
    with locked_against_readers(committed, "person, team, organisation"):
        page = client.get("/people", 503)
    assert time.monotonic() - started < 5
    assert is_lock_failure(error.value)
    assert posted.fields()["name"] == "Kitchen"
    for answer in (page, posted):
        assert answer.headers["Retry-After"] == "5"
    assert "The course is busy" in page.text
    assert client.get("/people", 200).h1
    with committed.app_context(), read_only_session() as session:
        assert session.execute(text("show lock_timeout")).scalar() == "0", "a job that only reads waits"


def test_a_request_asks_a_database_that_cannot_be_read_once(committed: Flask) -> None:
    """Not again for the words of the page that says so."""
    client, engine = administrator(committed), committed.extensions["course"].engine
    form, asked = client.get("/people/teams/add").fields() | {"parent": "", "name": "Kitchen"}, []
    if engine.name == "postgresql":
        locking = locked_against_readers(committed, "person, organisation")
        event.listen(engine, "before_cursor_execute", lambda *_: asked.append("statement"))
    else:
        engine.dispose()
        locking = locked_by_another_program(str(engine.url.database))
        event.listen(engine, "do_connect", lambda *_: asked.append("connection"))
    with locking:
        asked.clear()  # the statement that locks
        page = client.get("/people", 503)
        assert len(asked) == 1
        posted = Page(client.flask.post("/people/teams/add", data=form, headers={"Origin": "http://localhost"}))
        assert len(asked) == 2
    assert "The course is busy" in page.text
    assert (posted.status, posted.fields()["name"]) == (503, "Kitchen")
    assert client.get("/people", 200).h1


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_person_whose_choice_of_language_cannot_be_read_is_told_so_in_that_of_the_browser(committed: Flask) -> None:
    client = administrator(committed)
    with offered() as language, locked_against_readers(committed, "person"):
        page = client.get("/people", 503, {"Accept-Language": language})
    assert f'<html lang="{language}">' in page.html
    assert pseudo("The course is busy") in page.html


def test_a_page_that_must_be_recorded_is_not_shown_while_it_cannot_be(fresh_app: Flask) -> None:
    client = administrator(fresh_app)
    with fresh_app.app_context(), unit_of_work() as session:
        other = make_person(session, "Kim Else", "kim@example.org").id
    with locked(fresh_app):
        page = client.get(f"/report/people/{other}", 503)
    assert "The course is busy" in page.text
    assert "Kim Else" not in page.text


def test_a_command_waits_longer_than_a_request(fresh_app: Flask) -> None:
    with locked_for(fresh_app, 1.0), fresh_app.test_request_context("/"):
        with pytest.raises(OperationalError) as error, unit_of_work():
            pass
        assert is_lock_failure(error.value)
    with locked_for(fresh_app, 1.0), fresh_app.app_context(), unit_of_work() as session:
        session.add(Team(name="Waited", opened_at=NOW, open_key="waited"))
    assert "Waited" in team_names(fresh_app)


def test_threads_that_write_at_once_have_their_turns_and_none_is_left_out(fresh_app: Flask) -> None:
    def write(number: int) -> None:
        for turn in range(5):
            with fresh_app.app_context(), unit_of_work() as session:
                session.add(Team(name=f"{number} {turn}", opened_at=NOW, open_key=f"{number} {turn}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {f"{number} {turn}" for number in range(8) for turn in range(5)} <= set(team_names(fresh_app))


def fail(app: Flask) -> None:
    with app.app_context(), unit_of_work() as session:
        session.add(Team(name="Never", opened_at=NOW, open_key="never"))
        raise LookupError


def test_a_turn_that_fails_is_given_on(fresh_app: Flask) -> None:
    for _ in range(3):
        with pytest.raises(LookupError):
            fail(fresh_app)
    started = time.monotonic()
    with fresh_app.app_context(), unit_of_work() as session:
        session.add(Team(name="Next", opened_at=NOW, open_key="next"))
    assert time.monotonic() - started < 5
    assert {"Next", "Never"} & set(team_names(fresh_app)) == {"Next"}


def test_a_missing_table_is_no_lock_failure(fresh_app: Flask) -> None:
    with fresh_app.extensions["course"].engine.connect() as connection, pytest.raises(OperationalError) as error:
        connection.exec_driver_sql("select * from nowhere")
    assert not is_lock_failure(error.value)
