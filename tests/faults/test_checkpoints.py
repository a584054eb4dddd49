"""When the -wal file of SQLite is written into the database: never while others may write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from course.db import make_engine
from course.sqlite_file import checkpoint_wal, sidecar_path

WRITES = 450  # of which each needs a page or two


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = make_engine(f"sqlite:///{tmp_path / 'course.db'}")
    with engine.begin() as connection:
        connection.execute(text("create table word (number integer primary key, said text)"))
    return engine


def test_no_connection_makes_a_checkpoint_when_others_may_write(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0


def test_the_wal_file_does_not_grow_with_what_is_written(engine: Engine, tmp_path: Path) -> None:
    wal, sizes = sidecar_path(tmp_path / "course.db", "-wal"), []
    for number in range(WRITES):
        with engine.begin() as connection:
            connection.execute(text("insert into word values (:number, :said)"), {"number": number, "said": "x" * 3000})
        sizes.append(wal.stat().st_size)
    # It is used again from its beginning after each hundred, and keeps its length.
    assert sizes[WRITES - 1] < 1.2 * sizes[110]
    assert (tmp_path / "course.db").stat().st_size > 300 * 3000


def test_a_large_wal_file_is_written_back_by_the_next_who_writes(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        rows = [{"number": number, "said": "x" * 3000} for number in range(1500)]
        connection.execute(text("insert into word values (:number, :said)"), rows)
    assert (tmp_path / "course.db").stat().st_size < 1_000_000
    with engine.begin() as connection:
        connection.execute(text("insert into word values (-1, '')"))
    assert (tmp_path / "course.db").stat().st_size > 4_000_000


def test_nothing_is_written_back_while_another_connection_writes(engine: Engine, tmp_path: Path) -> None:
    database = tmp_path / "course.db"
    with engine.begin() as connection:
        connection.execute(text("insert into word values (1, 'kept')"))
    before = database.read_bytes()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not checkpoint_wal(database)
        assert database.read_bytes() == before
    engine.dispose()
    assert checkpoint_wal(database)
    assert not os.path.exists(sidecar_path(database, "-wal"))
    with closing(sqlite3.connect(database)) as whole:
        assert whole.execute("select said from word").fetchall() == [("kept",)]
