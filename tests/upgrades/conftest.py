"""Databases of their own for the tests of upgrades, and processes that use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from course.db import make_engine

Database = Callable[[], Engine]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Gives an engine for one and the same database, empty at first, each time that it is called."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'course.db'}"
    else:
        base = make_url(request.getfixturevalue("postgres_url"))
        with create_engine(base, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("drop database if exists upgrades with (force)"))
            connection.execute(text("create database upgrades"))
        url = base.set(database="upgrades").render_as_string(hide_password=False)
    made: list[Engine] = []

    def engine() -> Engine:
        made.append(make_engine(url))
        return made[-1]

    yield engine
    for one in made:
        one.dispose()


@pytest.fixture
def engine(database: Database) -> Engine:
    """An empty database."""
    return database()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The path of a SQLite file that is not there yet."""
    return tmp_path / "course.db"
