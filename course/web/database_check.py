"""Opening the database: which one it is, whether its files are whole and private, and whether it may be used.

It is done when a command first connects, so that every command does it, and those that need no database do not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from course import schema_upgrade
from course.db import database_name, sqlite_path, url_without_password
from course.sqlite_file import checkpoint_wal, find_damage, secure_files, stale_wal_file
from course.web.app_state import app_state

_EXTENSION_KEY = "course.opening"


class DatabaseCheck:
    """What is done before the first connection of this process."""

    def __init__(self, engine: Engine, url: str, look: Callable[[], Iterable[str]]) -> None:
        self._engine, self._url, self._look = engine, url, look
        self._done = False

    def first(self, *_: object) -> None:
        """This process is about to connect: if it is a command, it must be able to work on this database."""
        if self._done:
            return
        if click.get_current_context(silent=True) is not None:
            self.open()
            return
        # Another WSGI server than ours. It must not spoil the database either.
        self._refuse_leftover()
        self._done = True

    def _refuse_leftover(self) -> None:
        file = sqlite_path(self._url)
        if file is not None and stale_wal_file(file):
            raise schema_upgrade.WrongDatabaseError(str(find_damage(file)))

    def open(self) -> None:
        """Name the database, and refuse one that is missing, not ours, or of another version."""
        if self._done:
            return
        self.say()
        self._refuse_leftover()
        schema_upgrade.check_database(self._engine.execution_options(writes=False))
        for words in self._look():
            click.echo(f"Warning: {words}", err=True)

    def say(self) -> None:
        """Name the database, on standard error: what a command prints is for other programs."""
        self._done = True
        click.echo(f"Database: {database_name(self._url)}", err=True)

    def prepare(self) -> None:
        """For a command that brings the database up to date: see to its files, and refuse a damaged one."""
        self.say()
        # What this process writes holds names and answers: copies and files beside the database as well.
        os.umask(0o077)
        file = sqlite_path(self._url)
        if file is not None:
            for words in secure_files(file):
                click.echo(f"Warning: {words}", err=True)
            if found := find_damage(file):
                raise schema_upgrade.WrongDatabaseError(found)

    def close(self) -> None:
        """Leave nothing in the -wal file of SQLite: a copy that somebody makes of the database now is all of it."""
        self._engine.dispose()
        file = sqlite_path(self._url)
        if file is not None and not checkpoint_wal(file):
            click.echo(f"Another process uses {file}: part of it is still in the -wal file beside it.", err=True)


def init(app: Flask, engine: Engine, url: str, look: Callable[[], Iterable[str]]) -> None:
    """Watch the first connection. `look` says what else somebody who runs a command should know."""
    app.extensions[_EXTENSION_KEY] = opening = DatabaseCheck(engine, url, look)
    event.listen(engine, "do_connect", opening.first)


def current_database_check() -> Any:
    """The Opening of this application."""
    return current_app.extensions[_EXTENSION_KEY]


def database_path() -> Path | None:
    """The file of the database, if it is one of SQLite."""
    return sqlite_path(app_state().config.database_url)


def current_database_name() -> str:
    """Which database this application works on, in words and without its password."""
    return database_name(app_state().config.database_url)


def postgresql_address() -> str:
    """The address of a PostgreSQL database as its own programs take it, without its password."""
    parts = url_without_password(make_url(app_state().config.database_url))
    return parts.set(drivername="postgresql").render_as_string()
