"""A database that this version cannot work on: one sentence, exit code 2, and nothing is touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, text

from course import schema_upgrade
from course.db import make_engine
from course.schema_upgrade.rules import DatabaseSchema, SchemaState, schema_state
from course.schema_upgrade.table_rebuild import TriggerKeepingImpl
from tests.support.ports import free_port
from tests.upgrades.comparing import contents, triggers

OURS = frozenset({"content_version", "person", "enrolment", "alembic_version"})
ROOT = Path(__file__).resolve().parents[2]
FULL = type(shutil.disk_usage(ROOT))(10**9, 10**9 - 4096, 4096)
FLASK = Path(sys.executable).with_name("flask")


@pytest.mark.parametrize(
    ("tables", "revisions", "expected"),
    [
        (frozenset(), (), SchemaState.EMPTY),
        # What is left after every migration was taken back.
        (frozenset({"alembic_version"}), (), SchemaState.EMPTY),
        (OURS, ("0003",), SchemaState.CURRENT),
        (OURS | {"of_another_program"}, ("0003",), SchemaState.CURRENT),
        (OURS, ("0001",), SchemaState.OLDER),
        (OURS, ("0004",), SchemaState.NEWER),
        (OURS, ("0000",), SchemaState.FOREIGN),
        (OURS, ("ae1027a6acf",), SchemaState.FOREIGN),
        (OURS, ("9c3f",), SchemaState.FOREIGN),
        (OURS, (), SchemaState.FOREIGN),
        (OURS, ("0002", "0003"), SchemaState.FOREIGN),
        (frozenset({"user", "alembic_version"}), ("0002",), SchemaState.FOREIGN),
        (frozenset({"user", "alembic_version"}), ("0009",), SchemaState.FOREIGN),
        (frozenset({"alembic_version"}), ("0002",), SchemaState.FOREIGN),
        (frozenset({"user"}), (), SchemaState.FOREIGN),
        (frozenset({"person"}), (), SchemaState.FOREIGN),
    ],
)
def test_a_database_is_told_by_its_tables_and_its_revision(
    tables: frozenset[str], revisions: tuple[str, ...], expected: SchemaState
) -> None:
    assert schema_state(DatabaseSchema(tables, revisions), ("0001", "0002", "0003")) is expected


def newer(engine: Engine) -> None:
    schema_upgrade.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))


def foreign(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table wp_posts (id integer primary key)"))


def foreign_with_alembic(engine: Engine) -> None:
    foreign(engine)
    with engine.begin() as connection:
        connection.execute(text("create table alembic_version (version_num varchar(32) primary key)"))
        connection.execute(text("insert into alembic_version values ('0001')"))


def foreign_with_another_alembic_version(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table alembic_version (number integer primary key)"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (newer, "belongs to a newer version of the course (its revision is 9999"),
        (foreign, "is not a database of this course (it holds other tables: wp_posts)"),
        (foreign_with_alembic, "is not a database of this course (it holds other tables: wp_posts)"),
        (foreign_with_another_alembic_version, "is not a database of this course (tables of the course are missing)"),
    ],
)
def test_a_newer_and_a_foreign_database_are_refused_in_words_and_not_touched(
    engine: Engine, make: Callable[[Engine], None], words: str
) -> None:
    make(engine)
    with engine.connect() as connection:
        before = contents(connection)
    with pytest.raises(schema_upgrade.WrongDatabaseError) as refused:
        schema_upgrade.check_database(engine, older=True)
    assert words in refused.value.message
    assert "set DATABASE_URL to" in refused.value.message
    assert refused.value.exit_code == 2
    for migrate in (schema_upgrade.upgrade, schema_upgrade.downgrade):
        with pytest.raises(schema_upgrade.WrongDatabaseError):
            migrate(engine)
    with engine.connect() as connection:
        assert contents(connection) == before


def test_an_empty_and_an_earlier_database_are_refused_by_what_only_works_on_them(engine: Engine) -> None:
    with pytest.raises(schema_upgrade.WrongDatabaseError, match=r"There is no database|has no tables"):
        schema_upgrade.check_database(engine)
    schema_upgrade.upgrade(engine, "0005")
    with pytest.raises(
        schema_upgrade.WrongDatabaseError, match=r"from an earlier version of the course.*'flask serve'"
    ):
        schema_upgrade.check_database(engine)
    schema_upgrade.check_database(engine, older=True)
    schema_upgrade.upgrade(engine)
    schema_upgrade.check_database(engine)


def test_looking_makes_no_file_and_changes_none(tmp_path: Path) -> None:
    missing, other = tmp_path / "missing.db", tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("create table wp_posts (id integer primary key)")
    before = other.read_bytes()
    for path in (missing, other):
        with pytest.raises(schema_upgrade.WrongDatabaseError):
            schema_upgrade.check_database(make_engine(f"sqlite:///{path}"))
    with pytest.raises(schema_upgrade.WrongDatabaseError):
        schema_upgrade.upgrade(make_engine(f"sqlite:///{other}"))
    # Not even the way in which it keeps its journal.
    assert other.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.parametrize("content", [b"x", b"Not a database. " * 400, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_in_words(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for use in (schema_upgrade.check_database, schema_upgrade.upgrade):
        with pytest.raises(
            schema_upgrade.WrongDatabaseError, match="is not a SQLite database that can be read"
        ) as refused:
            use(make_engine(f"sqlite:///{file}"))
        assert str(file) in refused.value.message
    assert file.read_bytes() == content


def test_a_file_that_may_not_be_opened_is_told_from_one_that_is_no_database(file: Path) -> None:
    file.mkdir()
    for use in (schema_upgrade.check_database, schema_upgrade.upgrade):
        with pytest.raises(
            schema_upgrade.DatabaseUnavailableError, match=r"cannot be opened .*: let the user who runs the course"
        ) as refused:
            use(make_engine(f"sqlite:///{file}"))
        assert refused.value.exit_code == 1


def test_a_full_disk_is_not_taken_for_a_file_that_may_not_be_opened(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without room for the files beside it SQLite cannot even read: "disk I/O error".
    file.mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: FULL)
    for use in (schema_upgrade.check_database, schema_upgrade.upgrade):
        with pytest.raises(schema_upgrade.DatabaseUnavailableError, match=r"cannot be opened .*: its disk is full"):
            use(make_engine(f"sqlite:///{file}"))


def text_file(engine: Engine) -> None:
    Path(str(engine.url.database)).write_text("Not a database. " * 400, encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "make", "words"),
    [
        (("serve",), newer, "belongs to a newer version of the course"),
        (("worker",), foreign, "is not a database of this course"),
        (("demo", "serve"), text_file, "file is not a database"),
    ],
    ids=["serve", "worker", "demo serve"],
)
def test_a_command_ends_with_2_and_a_sentence(
    file: Path, command: tuple[str, ...], make: Callable[[Engine], None], words: str
) -> None:
    engine = make_engine(f"sqlite:///{file}")
    make(engine)
    engine.dispose()
    port = free_port()
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environ |= {"DATABASE_URL": f"sqlite:///{file}", "SECRET_KEY": "x" * 40, "PORT": str(port)}
    done = subprocess.run(
        [str(FLASK), *command], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_migration_would_break_is_refused_and_taken_back(file: Path) -> None:
    engine = make_engine(f"sqlite:///{file}")
    schema_upgrade.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            text("insert into person (id, name, email, created_at) values (7, 'A', 'a@example.org', '2026-01-01')")
        )
        connection.execute(
            text("insert into enrolment (person_id, kind, opened_at) values (7, 'initial', '2026-01-01')")
        )
        before = contents(connection)
    with (
        pytest.raises(
            schema_upgrade.DatabaseUnavailableError,
            match="row 1 of enrolment refers to a row of person that is not there",
        ),
        schema_upgrade.exclusive_connection(engine) as connection,
    ):
        connection.execute(text("delete from person"))
    with engine.connect() as connection:
        assert contents(connection) == before
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_database_that_was_damaged_before_is_refused_and_as_it_was(file: Path) -> None:
    engine = make_engine(f"sqlite:///{file}")
    schema_upgrade.upgrade(engine, "0005")
    with closing(sqlite3.connect(file)) as database:
        database.execute("insert into enrolment (person_id, kind, opened_at) values (99, 'initial', '2026-01-01')")
        database.commit()
    with pytest.raises(
        schema_upgrade.DatabaseUnavailableError,
        match="was damaged before this upgrade and is as it was: row 1 of enrolment",
    ):
        schema_upgrade.upgrade(engine)
    assert schema_upgrade.current_revision(engine) == "0005"


def test_a_table_that_is_rebuilt_keeps_its_triggers(file: Path) -> None:
    assert TriggerKeepingImpl.__dialect__ == "sqlite"
    engine = make_engine(f"sqlite:///{file}")
    schema_upgrade.upgrade(engine)
    with engine.connect() as connection:
        before = triggers(connection)
    assert len(before["audit_entry"]) == 3
    with schema_upgrade.exclusive_connection(engine) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("audit_entry", recreate="always") as batch:
            batch.alter_column("what", new_column_name="event")
    with engine.connect() as connection:
        assert triggers(connection) == before
