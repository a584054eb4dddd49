"""The check of the database before the first connection: which database it is, whether its files are complete and private,
and whether its schema fits.

The check runs when a command first connects. So every command that uses the database is checked, and no other.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from course import schema_upgrade
from course.db import database_name, sqlite_path
from course.sqlite_file import checkpoint_wal, damage_over, find_damage, secure_files, stale_wal_file
from course.web.app_state import app_state

_EXTENSION_KEY = "course.opening"


class DatabaseCheck:
    """The check before the first connection of this process."""

    def __init__(self, engine: Engine, url: str, warnings: Callable[[], Iterable[str]]) -> None:
        self._engine, self._url, self._warnings = engine, url, warnings
        self._is_done = False

    def on_first_connection(self, *_: object) -> None:
        """Check the database before this process connects: a command must be able to work on it."""
        if self._is_done:
            return
        if click.get_current_context(silent=True) is not None:
            self.check()
            return
        # A WSGI server other than waitress: it must not damage the database either.
        self._refuse_stale_wal()
        self._is_done = True

    def _refuse_stale_wal(self) -> None:
        file = sqlite_path(self._url)
        if file is not None and stale_wal_file(file):
            raise schema_upgrade.WrongDatabaseError(str(find_damage(file)))

    def check(self) -> None:
        """Name the database, and refuse one that is missing, belongs to another program, or has another schema."""
        if self._is_done:
            return
        self.announce()
        self._refuse_stale_wal()
        schema_upgrade.check_database(self._engine.execution_options(writes=False))
        self.warn()

    def warn(self) -> None:
        """Say on standard error what else somebody who runs a command on this database should know."""
        for words in self._warnings():
            click.echo(f"Warning: {words}", err=True)

    def announce(self) -> None:
        """Name the database on standard error: standard output may be read by other programs."""
        self._is_done = True
        click.echo(f"Database: {database_name(self._url)}", err=True)

    def prepare(self) -> None:
        """Make the files of the database private and refuse a damaged database; for commands that upgrade its schema."""
        self.announce()
        # Files that this process writes hold names and answers: copies, and the files beside the database.
        os.umask(0o077)
        file = sqlite_path(self._url)
        if file is not None:
            for words in secure_files(file):
                click.echo(f"Warning: {words}", err=True)
            if found := find_damage(file):
                raise schema_upgrade.WrongDatabaseError(found)

    def trust(self) -> None:
        """Go on with a database that another process has prepared for this one."""
        self._is_done = True
        os.umask(0o077)

    def close(self) -> None:
        """Empty the -wal file of SQLite, so that a copy of the database file alone is complete."""
        self._engine.dispose()
        file = sqlite_path(self._url)
        if file is not None and not checkpoint_wal(file):
            click.echo(f"Another process uses {file}: part of it is still in the -wal file beside it.", err=True)


def retry_while_busy(prepare: Callable[[], None], seconds: float) -> None:
    """Do what a start needs of the database, again and again while another program holds its lock or it does not answer.
    Ends the command with 1 after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        try:
            return prepare()
        except OperationalError as error:
            if time.monotonic() >= until:
                raise click.ClickException(f"The database is busy or does not answer: {error.orig}.") from error
            logging.getLogger("course").warning("the database is busy, the start waits: %s", error.orig)
        time.sleep(0.5)


def init(app: Flask, engine: Engine, url: str, warnings: Callable[[], Iterable[str]]) -> None:
    """Check at the first connection. `warnings` gives what else a person who runs a command should know."""
    app.extensions[_EXTENSION_KEY] = check = DatabaseCheck(engine, url, warnings)
    # Before whatever connects in another way than usual (course/primary_search.py).
    event.listen(engine, "do_connect", check.on_first_connection, insert=True)


def current_database_check() -> Any:
    """The DatabaseCheck of this application."""
    return current_app.extensions[_EXTENSION_KEY]


def database_path() -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    return sqlite_path(app_state().config.database_url)


def connected_damage() -> str | None:
    """A sentence about the damage of the SQLite database that this process is connected to, and what to do; None if it is
    sound, and for PostgreSQL. Asked over a connection: opening the file would take the locks of this process away."""
    state = app_state()
    file = database_path()
    if file is None:
        return None
    with state.engine.connect().execution_options(writes=False) as connection:
        opened = connection.connection.dbapi_connection
        assert isinstance(opened, sqlite3.Connection)  # noqa: S101 (DATABASE_URL is of SQLite)
        return damage_over(opened, file)


def current_database_name() -> str:
    """The database of this application in words, without its password."""
    return database_name(app_state().config.database_url)
