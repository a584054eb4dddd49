"""The course moved to another database: everything is there, people go on, and nothing is moved by halves."""

from __future__ import annotations

import re
import shutil
import sqlite3
import string
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, inspect, text

from course.backups.actions.moving import MoveOrder, move_database
from course.backups.queries import TableDigest, table_counts, table_digest
from course.backups.rules import BackupFailedError
from course.db import Base, make_engine
from course.web.unit_of_work import unit_of_work
from tests.backups.conftest import KEY, PASSWORD
from tests.backups.test_backups import in_use
from tests.conftest import NOW, make_app, new_database
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.walking import Learner

Row = tuple[int, str | None]


def order(said: Callable[[str, TableDigest], None] = lambda *_: None) -> MoveOrder:
    return MoveOrder(said, NOW, "Europe/London")


def move(app: Flask, url: str) -> Result:
    app.extensions["course.opening"]._is_done = False
    done = app.test_cli_runner().invoke(args=["database", "move", "--to", url])
    assert "Traceback" not in done.output
    return done


def read(engine: Engine) -> dict[str, int]:
    with engine.connect().execution_options(writes=False) as connection:
        found = table_counts(connection)
    engine.dispose()
    return found


def target_url(request: pytest.FixtureRequest, source: Flask, tmp_path: Path) -> str:
    """An empty database of the other engine."""
    if source.extensions["course"].engine.dialect.name == "sqlite":
        return new_database(request.getfixturevalue("postgres_url"), "move_target")
    return f"sqlite:///{tmp_path / 'moved.db'}"


def test_a_learner_goes_on_after_the_course_has_moved_to_the_other_engine(
    lived: Flask, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    source = lived.extensions["course"].engine
    with lived.app_context(), unit_of_work() as session:
        person = make_person(session, "Ola Example", "ola@example.org")
    module = lived.extensions["course"].library.for_("school", "england").modules["secret-contact"]
    client = sign_in(Client(lived), person)
    learner = Learner(lived, client, person.id)
    learner.read(module)
    attempt = client.post(f"/module/{module.id}/check", {})
    assert re.fullmatch(r"/attempt/\d+(/1)?", attempt.location)
    source.dispose()
    before = read(source)
    url = target_url(request, lived, tmp_path)
    done = move(lived, url)
    assert done.exit_code == 0, done.output
    assert f"{len(before)} tables with {sum(before.values()):,} rows are the same in both databases" in done.stdout
    assert read(source) == before, "the former database is as it was"

    moved = make_app(url, SECRET_KEY=KEY)
    after = read(moved.extensions["course"].engine)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"audit_entry": 1}
    checked = moved.test_cli_runner().invoke(args=["audit", "verify"])
    assert checked.exit_code == 0, checked.output
    client = sign_in(Client(moved), person)
    result = Learner(moved, client, person.id).answer_all(attempt)
    assert result.h1
    old = Client(moved)
    old.post("/sign-in", {"email": "bea@example.org", "password": PASSWORD})
    assert "Bea Beispiel" in old.get("/").html
    with moved.app_context(), unit_of_work() as session:
        # Every table that numbers its rows goes on behind those that were moved.
        assert make_person(session, "New Person", "new@example.org").id == person.id + 1
    moved.extensions["course"].engine.dispose()


def test_nothing_is_moved_into_a_database_that_is_not_empty_or_while_others_write(
    lived_file: Path, postgres_url: str, tmp_path: Path
) -> None:
    file = Path(shutil.copy(lived_file, tmp_path / "course.db"))
    app = make_app(f"sqlite:///{file}", SECRET_KEY=KEY)
    url = new_database(postgres_url, "move_target")
    with in_use(file):
        done = move(app, url)
        assert (done.exit_code, "is in use. Stop every server" in done.stderr) == (1, True), done.output
    target = create_engine(url)
    with target.begin() as connection:
        connection.execute(text("create table song (title text)"))
    done = move(app, url)
    assert (done.exit_code, "is not empty (song)" in done.stderr) == (1, True), done.output
    assert read(target) == {"song": 0}
    for wrong in ("nonsense", "mysql://u@h/x", "sqlite://"):
        assert move(app, wrong).exit_code == 1
    # The way back is refused as well while somebody is connected.
    source = make_engine(new_database(postgres_url, "move_source"))
    with target.connect(), pytest.raises(BackupFailedError, match="is in use"):
        move_database(target, source, order())
    source.dispose()
    target.dispose()


def test_a_move_that_fails_in_the_middle_leaves_the_target_empty(
    lived_file: Path, postgres_url: str, tmp_path: Path
) -> None:
    file = Path(shutil.copy(lived_file, tmp_path / "course.db"))
    with closing(sqlite3.connect(file)) as database, database:
        # What PostgreSQL does not take.
        database.execute("update person set name = name || char(0) || 'x'")
    app = make_app(f"sqlite:///{file}", SECRET_KEY=KEY)
    url = new_database(postgres_url, "move_target")
    done = move(app, url)
    assert (done.exit_code, "nothing was changed" in done.stderr) == (1, True), done.output
    target = create_engine(url)
    with target.connect() as connection:
        assert inspect(connection).get_table_names() == []
    target.dispose()


def test_a_log_that_was_changed_is_not_moved(lived_file: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(lived_file, tmp_path / "course.db"))
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("drop trigger audit_entry_update")
        database.execute("update audit_entry set details = '{\"x\": 1}' where number = 7")
    done = move(make_app(f"sqlite:///{file}", SECRET_KEY=KEY), f"sqlite:///{tmp_path / 'other.db'}")
    assert (done.exit_code, "audit log is not as it was written" in done.stderr) == (1, True), done.output
    assert read(create_engine(f"sqlite:///{tmp_path / 'other.db'}")) == {}


def test_rows_that_refer_to_later_rows_of_their_own_table_are_moved(
    lived_file: Path, postgres_url: str, tmp_path: Path
) -> None:
    file = Path(shutil.copy(lived_file, tmp_path / "course.db"))
    with closing(sqlite3.connect(file)) as database, database:
        first, last = database.execute("select min(id), max(id) from team").fetchone()
        database.execute("update team set parent_id = null")
        database.execute("update team set parent_id = ? where id = ?", (last, first))
    source, target = make_engine(f"sqlite:///{file}"), make_engine(new_database(postgres_url, "move_target"))
    said: dict[str, TableDigest] = {}
    found = move_database(source, target, order(said.__setitem__))
    assert found == said
    assert set(found) == set(Base.metadata.tables)
    with target.connect() as connection:
        assert connection.execute(text("select parent_id from team where id = :id"), {"id": first}).scalar() == last
        late = connection.execute(text("select count(*) from pg_constraint where condeferrable")).scalar()
        assert late == 0, "references are checked at once again"
    target.dispose()


MEMORY = create_engine("sqlite://")


def digest_of(rows: list[Row], kind: Any = Integer) -> TableDigest:
    table = Table("t", MetaData(), Column("a", kind), Column("b", String))
    with MEMORY.connect() as connection:
        table.create(connection)
        if rows:
            connection.execute(table.insert(), [{"a": a, "b": b} for a, b in rows])
        found = table_digest(connection, table)
        connection.rollback()
        table.drop(connection)
        return found


ROWS = st.lists(st.tuples(st.integers(-5, 5), st.none() | st.text(string.printable, max_size=3)), max_size=8)


@settings(max_examples=30)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_count_in_a_checksum_and_everything_else_does(rows: list[Row], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert digest_of(shuffled) == digest_of(rows)
    if rows:
        one, b = rows[0]
        assert digest_of(rows[1:]) != digest_of(rows)
        assert digest_of([*rows, rows[0]]) != digest_of(rows)
        assert digest_of([(one + 1, b), *rows[1:]]) != digest_of(rows)
        assert digest_of([(one, "" if b is None else None), *rows[1:]]) != digest_of(rows)


def test_a_number_is_not_the_same_as_its_digits() -> None:
    assert digest_of([(1, "x")]) != digest_of([(1, "x")], String)
    assert digest_of([(1, "2"), (2, "1")]) != digest_of([(1, "1"), (2, "2")])
