"""Bringing a database to the newest schema: by one process at a time, all of it or nothing."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from course.schema_upgrade import rules
from course.schema_upgrade.backup_copies import CopyError, keep_copy, prune_copies
from course.schema_upgrade.queries import (
    MIGRATIONS,
    ROOT,
    broken_references,
    broken_references_of_file,
    known_revisions,
    newest,
    schema_of,
    schema_of_file,
    sqlite_file,
    where,
)

# Alembic is loaded where it is used: it takes a twentieth of a second of every start.
if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

WAIT_SECONDS = 300.0  # for another process that migrates, or that writes to a SQLite file
PAUSE_SECONDS = 0.1  # between two looks whether it is done
LOCK = int.from_bytes(b"course", "big")  # the number of PostgreSQL's advisory lock
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT)
LOCK_NOT_AVAILABLE = "55P03"


def alembic_config() -> AlembicConfig:
    """Alembic's settings, which stand in pyproject.toml."""
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    config = AlembicConfig(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


class DatabaseError(click.ClickException):
    """The database cannot be used now. A command that meets it prints the message and ends with 1."""


class WrongDatabaseError(DatabaseError):
    """The database is not one that this version can work on. A command prints the message and ends with 2."""

    exit_code = 2


def check(engine: Engine, *, older: bool = False) -> None:
    """Refuse a database that no command can work on: it is missing, empty, somebody else's, newer or older.

    Nothing is written: no file is made, and none is changed. `older` accepts an earlier revision of the schema, for
    what only copies the database. Raises WrongDatabaseError, or DatabaseError if the database cannot be reached.
    """
    place = where(engine)
    schema = _schema_before(engine)
    if schema is None:
        raise WrongDatabaseError(rules.missing_file(place))
    reason = rules.refusal_to_work(schema, known_revisions(), place, older)
    if reason:
        raise WrongDatabaseError(reason)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run every migration that the database does not have yet, in one transaction.

    Of a SQLite file that holds anything a copy is kept beside it. Raises WrongDatabaseError or DatabaseError; the database
    is then as it was.
    """
    target = newest() if revision == "head" else revision
    if _refuse_others(engine).revision != target:
        from alembic import command  # noqa: PLC0415

        _migrate(engine, command.upgrade, target)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take migrations back, down to `revision`. What the older schema cannot hold is lost; a copy is kept on SQLite."""
    from alembic import command  # noqa: PLC0415

    _refuse_others(engine)
    _migrate(engine, command.downgrade, revision)


def _migrate(engine: Engine, run: Callable[[AlembicConfig, str], None], target: str) -> None:
    copy: Path | None = None
    try:
        with exclusive(engine) as connection:
            # Another process may have migrated while this one waited.
            schema = schema_of(connection)
            _refuse(schema, engine)
            if schema.revision == target:
                return
            if engine.dialect.name == "sqlite":
                copy = keep_copy(connection, sqlite_file(engine), target)
            config = alembic_config()
            config.attributes["connection"] = connection
            run(config, target)
    except BaseException as error:
        # The database is as it was, and so is the copy: nobody needs it.
        if copy:
            copy.unlink(missing_ok=True)
        if isinstance(error, CopyError):
            raise DatabaseError(str(error)) from error
        raise
    if copy:
        click.echo(f"The database is now at revision {target}. As it was before, it is kept in {copy}.", err=True)
        prune_copies(sqlite_file(engine))


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that no other process migrates beside. It commits when the block ends.

    On SQLite foreign keys are off in it, because a table that is rebuilt is dropped for a moment; they are checked before
    the commit. On PostgreSQL an advisory lock is held, around the transaction. Raises DatabaseError.
    """
    sqlite = engine.dialect.name == "sqlite"
    connection = _begin_sqlite(engine) if sqlite else _begin_postgresql(engine)
    try:
        with closing(connection), connection.get_transaction() or connection.begin():
            yield connection
            if sqlite and (broken := broken_references(connection)):
                raise _BrokenReferencesError(broken)
    except _BrokenReferencesError as error:
        before = bool(broken_references_of_file(sqlite_file(engine)))
        raise DatabaseError(rules.violations(where(engine), error.rows, before)) from error
    except (DBAPIError, sqlite3.Error) as error:
        raise DatabaseError(_in_words(error, where(engine))) from error


class _BrokenReferencesError(Exception):
    """Rows refer to what is not there (see broken_references)."""

    def __init__(self, rows: list[tuple[str, int | None, str]]) -> None:
        super().__init__(rows)
        self.rows = rows


def _begin_sqlite(engine: Engine) -> Connection:
    """A connection with foreign keys off that holds the write lock."""
    path = sqlite_file(engine)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            # Readable by its owner only, from the first moment. The files beside it take this over.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise DatabaseError(rules.cannot_open(str(path), str(error))) from error

    def begin() -> Connection | None:
        connection = None
        try:
            connection = engine.connect()
            # It is closed at the end, not given back: no page gets a connection that checks no foreign keys.
            connection.detach()
            raw: Any = connection.connection.dbapi_connection
            # Short waits, so that Ctrl+C and SIGTERM are heard; and before the transaction: within one it does nothing.
            raw.execute(f"PRAGMA busy_timeout={int(PAUSE_SECONDS * 1000)}")
            raw.execute("PRAGMA foreign_keys=OFF")
            connection.begin()
        except (DBAPIError, sqlite3.Error) as error:
            if connection is not None:
                connection.close()
            cause = error.orig if isinstance(error, DBAPIError) else error
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF in BUSY:
                return None
            raise DatabaseError(rules.cannot_open(str(path), str(cause))) from error
        return connection

    return _wait(begin, str(path))


def _begin_postgresql(engine: Engine) -> Connection:
    """A connection of its own that holds the advisory lock; closing it gives the lock back."""
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise DatabaseError(rules.cannot_reach(where(engine), str(error.orig))) from error
    connection.detach()

    def lock() -> Connection | None:
        with connection.begin():
            return connection if connection.exec_driver_sql(f"select pg_try_advisory_lock({LOCK})").scalar() else None

    try:
        return _wait(lock, where(engine))
    except BaseException:
        connection.close()
        raise


def _wait(attempt: Callable[[], Connection | None], place: str) -> Connection:
    """What `attempt` gives, tried again while it gives None. Raises DatabaseError when that takes too long."""
    began, told = time.monotonic(), False
    while (connection := attempt()) is None:
        waited = time.monotonic() - began
        if waited > WAIT_SECONDS:
            raise DatabaseError(rules.waited_too_long(place, WAIT_SECONDS))
        if waited > 1 and not told:
            click.echo(f"Waiting until another process is done with the database {place} …", err=True)
            told = True
        time.sleep(PAUSE_SECONDS)
    return connection


def _schema_before(engine: Engine) -> rules.Schema | None:
    """The schema, read without a lock and without changing anything; None if there is no SQLite file."""
    if engine.dialect.name == "sqlite":
        path = sqlite_file(engine)
        try:
            return schema_of_file(path)
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in BUSY:
                raise DatabaseError(rules.waited_too_long(str(path), 15)) from error
            if code in UNREADABLE:
                raise WrongDatabaseError(rules.not_sqlite(str(path), str(error))) from error
            raise DatabaseError(rules.cannot_open(str(path), str(error))) from error
    try:
        with engine.connect() as connection:
            return schema_of(connection)
    except DBAPIError as error:
        raise DatabaseError(rules.cannot_reach(where(engine), str(error.orig))) from error


def _refuse_others(engine: Engine) -> rules.Schema:
    """The schema of a database that may be migrated, also an empty one. Raises WrongDatabaseError for any other."""
    schema = _schema_before(engine) or rules.Schema(frozenset(), ())
    _refuse(schema, engine)
    return schema


def _refuse(schema: rules.Schema, engine: Engine) -> None:
    reason = rules.refusal(schema, known_revisions(), where(engine))
    if reason:
        raise WrongDatabaseError(reason)


def _in_words(error: Exception, place: str) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return rules.failed(place, str(cause), in_use=getattr(cause, "sqlstate", None) == LOCK_NOT_AVAILABLE)
