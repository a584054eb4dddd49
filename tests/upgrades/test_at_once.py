"""Several processes that start at the same moment migrate once; one that has to wait too long says so."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from course import schema_upgrade
from course.content.actions import archive
from course.content.library import load_library
from course.schema_upgrade import actions
from course.schema_upgrade.queries import engine_sqlite_path
from tests.conftest import NOW
from tests.upgrades.comparing import contents, described, differences
from tests.upgrades.conftest import Database
from tests.upgrades.filling import Filler
from tests.upgrades.processes import at_once
from tests.upgrades.test_every_migration import brought_up


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "old"])
def test_three_processes_that_start_at_once_migrate_once(database: Database, filled: bool) -> None:
    before = filled_at("0001", database) if filled else {}
    assert at_once(*[lambda: schema_upgrade.upgrade(database())] * 3) == [(0, "")] * 3
    engine = database()
    schema_upgrade.check_database(engine)
    with engine.connect() as connection:
        assert not differences(brought_up(before), contents(connection), None)
        assert connection.execute(text("select count(*) from alembic_version")).scalar() == 1
        assert connection.execute(text("select count(*) from audit_head")).scalar() == 1
    if engine.dialect.name == "sqlite":
        folder = engine_sqlite_path(engine).parent
        copies = {file.name for file in folder.iterdir() if "before" in file.name}
        assert copies == ({f"course.db.before-{schema_upgrade.newest_revision()}"} if filled else set())


def filled_at(revision: str, database: Database) -> Any:
    """Bring the database to that revision, with rows in every table; what is in it."""
    engine = database()
    schema_upgrade.upgrade(engine, revision)
    with engine.begin() as connection:
        Filler().fill(connection, described(connection))
        found = contents(connection)
    engine.dispose()
    return found


def test_a_process_that_is_killed_in_the_middle_leaves_the_database_as_it_was(database: Database) -> None:
    before = filled_at("0010", database)

    def die() -> None:
        engine = database()

        @event.listens_for(engine, "before_cursor_execute")
        def _(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            if "CREATE TABLE person_change" in statement:
                os.kill(os.getpid(), signal.SIGKILL)

        schema_upgrade.upgrade(engine)

    assert at_once(die) == [(-signal.SIGKILL, "")]
    engine = database()
    assert schema_upgrade.current_revision(engine) == "0010"
    with engine.connect() as connection:
        assert not differences(before, contents(connection), None)
        assert "outbox_mail" in before
        assert "mark" not in described(connection)["outbox_mail"]["columns"]
    schema_upgrade.upgrade(engine)
    with engine.connect() as connection:
        assert not differences(brought_up(before), contents(connection), None)


def test_who_waits_too_long_for_another_process_is_told_so(
    database: Database, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(actions, "WAIT_SECONDS", 1.3)
    with schema_upgrade.exclusive_connection(database()):
        (found,) = at_once(lambda: schema_upgrade.upgrade(database()))
    assert found[0] == 1
    assert "Another process has been busy with the database" in found[1]
    assert "Nothing was changed." in found[1]
    assert "Waiting until another process is done" in capfd.readouterr().err
    assert schema_upgrade.current_revision(database()) is None
    # Once the other one is done, all goes on.
    schema_upgrade.upgrade(database())
    schema_upgrade.check_database(database())


def test_two_servers_that_start_at_once_keep_each_version_of_the_content_once(database: Database) -> None:
    schema_upgrade.upgrade(database())
    library = load_library(Path(__file__).resolve().parents[1] / "sample_modules")
    archived = multiprocessing.get_context("fork").Event()

    def first() -> None:
        with Session(database()) as session:
            assert archive(session, library, NOW) == len(library.parts)
            archived.set()
            time.sleep(0.6)
            session.commit()

    def second() -> None:
        assert archived.wait(60)
        with Session(database()) as session:
            archive(session, library, NOW)
            session.commit()

    assert at_once(first, second) == [(0, "")] * 2
    with database().connect() as connection:
        assert connection.execute(text("select count(*) from content_version")).scalar() == len(library.parts)
