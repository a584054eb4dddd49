"""The page "Worried about a child?" answers also when the database does not."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text

from app import create_app
from course.context import make_context
from course.organisation.actions import confirm_contact
from course.server.commands import prepare_course
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_config
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, Page
from tests.support.ports import free_port

NATIONAL = ("999", "0808 800 5000", "0800 1111")


def _answers(client: Client) -> list[Page]:
    """Both pages, which always have the national helplines."""
    pages = [client.get("/concern"), client.get("/first-hour")]
    for page in pages:
        assert all(number in page.text for number in NATIONAL)
    return pages


def _with_contact(app: Flask) -> Client:
    """The client of a person who has signed in, and a lead whom the pages have shown."""
    with app.app_context(), unit_of_work() as session:
        person = make_person(session)
        confirm_contact(make_context(session, None, NOW), "lead", "Lena Hill", "+44 (0)1632 960101", "")
    client = sign_in(Client(app), person)
    for page in _answers(client):
        assert "Lena Hill" in page.text
        assert "Sam Okafor" in page.text
        assert 'href="tel:+441632960101"' in page.html
        assert "cannot be read" not in page.text
        assert page.headers["Cache-Control"] == "no-store"
    return client


def _shows_last_read_contacts(client: Client) -> None:
    for page in _answers(client):
        assert "Lena Hill" in page.text
        assert 'href="tel:+441632960101"' in page.html
        assert "The latest contacts cannot be read just now. These are as of" in page.text


def _drop_postgresql(app: Flask) -> None:
    url = app.extensions["course"].engine.url
    with create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"drop database {url.database} with (force)"))


def _replace(file: Path) -> None:
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()
    file.write_bytes(b"This is not a database. " * 100)


def test_it_shows_the_contacts_that_were_read_last_when_the_database_is_gone(committed: Flask) -> None:
    client = _with_contact(committed)
    engine = committed.extensions["course"].engine
    if engine.name == "postgresql":
        _drop_postgresql(committed)
    else:
        engine.dispose()
        _replace(Path(str(engine.url.database)))
    client.flask_page("/me")
    _shows_last_read_contacts(client)


def test_without_the_database_a_site_is_chosen_by_its_address_and_nobody_gets_the_numbers_of_another(
    committed: Flask,
) -> None:
    with committed.app_context(), unit_of_work() as session:
        teams = [make_team(session, name) for name in ("Oakfield", "Bryn House")]
        people = [
            make_person(session, team.name, f"p{number}@example.org", team=team) for number, team in enumerate(teams)
        ]
        context = make_context(session, None, NOW)
        confirm_contact(context, "lead", "Lena Hill", "01632 960101", "")
        for number, team in enumerate(teams):
            confirm_contact(context, "lead", f"Lead of {team.name}", f"01632 96011{number}", "", team.id)
    clients = [sign_in(Client(committed), person) for person in people]
    for client, team in zip(clients, teams, strict=True):
        assert [f"Lead of {one.name}" in client.get("/concern").text for one in teams] == [one is team for one in teams]
    engine = committed.extensions["course"].engine
    if engine.name == "postgresql":
        _drop_postgresql(committed)
    else:
        engine.dispose()
        _replace(Path(str(engine.url.database)))
    # Who is signed in cannot be known now: they get the organisation's numbers and the choice.
    for client in clients:
        for page in _answers(client):
            assert "Lena Hill" in page.text
            assert "Lead of" not in page.text
            assert "Where do you work?" in page.text
        page = client.get(f"/concern?site={teams[1].id}")
        assert "Lead of Bryn House" in page.text
        assert "Lead of Oakfield" not in page.text
        assert "The latest contacts cannot be read just now." in page.text


def test_a_server_without_any_request_yet_knows_the_contacts_when_the_database_is_gone(fresh_app: Flask) -> None:
    _with_contact(fresh_app)
    engine = fresh_app.extensions["course"].engine
    engine.dispose()
    started = create_app(make_config(str(engine.url)))
    with started.app_context():
        prepare_course()
    started.extensions["course"].engine.dispose()
    _replace(Path(str(engine.url.database)))
    _shows_last_read_contacts(Client(started))


def test_it_does_not_wait_for_a_locked_database(fresh_app: Flask) -> None:
    client = _with_contact(fresh_app)
    engine = fresh_app.extensions["course"].engine
    engine.dispose()
    waiting: list[threading.Thread] = []
    event.listen(engine, "do_connect", lambda *_: waiting.append(threading.current_thread()))
    with closing(sqlite3.connect(str(engine.url.database))) as other:
        other.execute("pragma locking_mode=exclusive")
        other.execute("begin exclusive")
        _shows_last_read_contacts(client)
        other.rollback()
    # The thread that reads with a deadline asks the database, and nothing else that these pages are made of does.
    assert len(waiting) == 1
    assert threading.current_thread() not in waiting


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def hold() -> None:
            while True:
                try:
                    held.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=hold, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection, _ in held:
            connection.close()


@pytest.mark.parametrize("port", [free_port, None], ids=["refused", "silent"])
def test_it_answers_when_no_contact_was_ever_read(port: Callable[[], int] | None, silent: int) -> None:
    url = f"postgresql+psycopg://course@127.0.0.1:{port() if port else silent}/course"
    for page in _answers(Client(create_app(make_config(url)))):
        assert "The contacts of your organisation cannot be read just now. Ask a manager" in page.text
        assert "Children’s social work" in page.text if page.h1 == "Worried about a child?" else True
