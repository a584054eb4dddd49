"""Running migrations: one process at a time, all of them or none."""

from __future__ import annotations

import os
import shutil
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
from course.schema_upgrade.backup_copies import CopyFailedError, create_backup_copy, prune_copies
from course.schema_upgrade.queries import (
    MIGRATIONS,
    ROOT,
    broken_references,
    broken_references_of_file,
    database_label,
    engine_sqlite_path,
    holds_rows,
    known_revisions,
    newest_revision,
    read_schema,
    read_sqlite_schema,
)

# Alembic is imported where it is used: importing it takes a twentieth of a second.
if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

WAIT_SECONDS = 300.0  # for another process that migrates, or that writes to a SQLite file
PAUSE_SECONDS = 0.1  # between two attempts to get the lock
ADVISORY_LOCK = int.from_bytes(b"course", "big")  # the number of PostgreSQL's advisory lock
BUSY_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
UNREADABLE_CODES = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT)
LOCK_NOT_AVAILABLE = "55P03"


def alembic_config() -> AlembicConfig:
    """The settings of Alembic, from pyproject.toml."""
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    config = AlembicConfig(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


class DatabaseUnavailableError(click.ClickException):
    """The database cannot be used now. A command prints the message and ends with 1."""


class WrongDatabaseError(DatabaseUnavailableError):
    """The database is not one that this version can work on. A command prints the message and ends with 2."""

    exit_code = 2


def check_database(engine: Engine, *, older: bool = False) -> None:
    """Refuse a database that no command can work on: missing, empty, of another program, newer or older.

    Nothing is written: no file is created or changed. `older` accepts an earlier revision of the schema, for commands that
    only copy the database. Raises WrongDatabaseError, or DatabaseUnavailableError if the database cannot be reached.
    """
    place = database_label(engine)
    schema = _schema_before_lock(engine)
    if schema is None:
        raise WrongDatabaseError(rules.missing_file_message(place))
    reason = rules.command_refusal(schema, known_revisions(), place, older)
    if reason:
        raise WrongDatabaseError(reason)


def upgrade(engine: Engine, revision: str = "head", before: Callable[[], None] | None = None) -> None:
    """Run every migration that the database does not have yet, in one transaction.

    A copy of a SQLite file that holds rows is kept beside it. `before` is called while no other process migrates and
    nothing is changed yet, unless the database holds no rows; if it raises, nothing is migrated. Raises
    WrongDatabaseError or DatabaseUnavailableError; the database is then unchanged.
    """
    target = newest_revision() if revision == "head" else revision
    if _migratable_schema(engine).revision != target:
        from alembic import command  # noqa: PLC0415

        _migrate(engine, command.upgrade, target, before)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Undo migrations down to `revision`. Data that the older schema cannot hold is lost; on SQLite a copy is kept."""
    from alembic import command  # noqa: PLC0415

    _migratable_schema(engine)
    _migrate(engine, command.downgrade, revision)


def _migrate(
    engine: Engine,
    run: Callable[[AlembicConfig, str], None],
    target: str,
    before: Callable[[], None] | None = None,
) -> None:
    copy: Path | None = None
    try:
        with exclusive_connection(engine) as connection:
            # Another process may have migrated while this one waited.
            schema = read_schema(connection)
            _refuse_schema(schema, engine)
            if schema.revision == target:
                return
            if before is not None and holds_rows(connection):
                before()
            if engine.dialect.name == "sqlite":
                copy = create_backup_copy(connection, engine_sqlite_path(engine), target)
            config = alembic_config()
            config.attributes["connection"] = connection
            run(config, target)
    except BaseException as error:
        # The database is unchanged, so the copy is not needed.
        if copy:
            copy.unlink(missing_ok=True)
        if isinstance(error, CopyFailedError):
            raise DatabaseUnavailableError(str(error)) from error
        raise
    if copy:
        click.echo(f"The database is now at revision {target}. As it was before, it is kept in {copy}.", err=True)
        prune_copies(engine_sqlite_path(engine))


@contextmanager
def exclusive_connection(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction during which no other process migrates. It commits when the block ends.

    On SQLite foreign keys are off, because a table that is rebuilt is dropped for a moment; they are checked before the
    commit. On PostgreSQL the transaction holds an advisory lock. Raises DatabaseUnavailableError.
    """
    sqlite = engine.dialect.name == "sqlite"
    connection = _begin_sqlite(engine) if sqlite else _begin_postgresql(engine)
    try:
        with closing(connection), connection.get_transaction() or connection.begin():
            yield connection
            if sqlite and (broken := broken_references(connection)):
                raise _BrokenReferencesError(broken)
    except _BrokenReferencesError as error:
        before = bool(broken_references_of_file(engine_sqlite_path(engine)))
        raise DatabaseUnavailableError(rules.violations_message(database_label(engine), error.rows, before)) from error
    except (DBAPIError, sqlite3.Error) as error:
        raise DatabaseUnavailableError(_failure_message(error, database_label(engine))) from error


class _BrokenReferencesError(Exception):
    """Rows refer to rows that do not exist (see broken_references)."""

    def __init__(self, rows: list[tuple[str, int | None, str]]) -> None:
        super().__init__(rows)
        self.rows = rows


def _begin_sqlite(engine: Engine) -> Connection:
    """A connection with foreign keys off that holds the write lock."""
    path = engine_sqlite_path(engine)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            # Readable by its owner only, from the first moment. The files beside it inherit this mode.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise DatabaseUnavailableError(_cannot_open_message(path, error)) from error

    def begin() -> Connection | None:
        connection = None
        try:
            # Short waits, so that Ctrl+C and SIGTERM are heard.
            connection = engine.connect().execution_options(lock_seconds=PAUSE_SECONDS)
            # The connection is closed at the end and not returned to the pool: no page may get one that checks no foreign keys.
            connection.detach()
            raw: Any = connection.connection.dbapi_connection
            # Before the transaction begins: within one this pragma does nothing.
            raw.execute("PRAGMA foreign_keys=OFF")
            connection.begin()
        except (DBAPIError, sqlite3.Error) as error:
            if connection is not None:
                connection.close()
            cause = error.orig if isinstance(error, DBAPIError) else error
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF in BUSY_CODES:
                return None
            raise DatabaseUnavailableError(_cannot_open_message(path, cause)) from error
        return connection

    return _wait_for_lock(begin, str(path))


def _begin_postgresql(engine: Engine) -> Connection:
    """A connection outside the pool in a transaction that holds the advisory lock; the end of the transaction releases it.

    A lock of the session would stay behind a pooler, whose connections do not end with ours.
    """
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise DatabaseUnavailableError(rules.cannot_reach_message(database_label(engine), str(error.orig))) from error
    connection.detach()

    def lock() -> Connection | None:
        transaction = connection.begin()
        if connection.exec_driver_sql(f"select pg_try_advisory_xact_lock({ADVISORY_LOCK})").scalar():
            return connection
        transaction.rollback()
        return None

    try:
        return _wait_for_lock(lock, database_label(engine))
    except BaseException:
        connection.close()
        raise


def _wait_for_lock(attempt: Callable[[], Connection | None], place: str) -> Connection:
    """The result of `attempt`, repeated while it returns None. Raises DatabaseUnavailableError after WAIT_SECONDS."""
    began, announced = time.monotonic(), False
    while (connection := attempt()) is None:
        waited = time.monotonic() - began
        if waited > WAIT_SECONDS:
            raise DatabaseUnavailableError(rules.lock_timeout_message(place, WAIT_SECONDS))
        if waited > 1 and not announced:
            click.echo(f"Waiting until another process is done with the database {place} …", err=True)
            announced = True
        time.sleep(PAUSE_SECONDS)
    return connection


def _schema_before_lock(engine: Engine) -> rules.DatabaseSchema | None:
    """The schema, read without a lock and without changing anything; None if there is no SQLite file."""
    if engine.dialect.name == "sqlite":
        path = engine_sqlite_path(engine)
        try:
            return read_sqlite_schema(path)
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in BUSY_CODES:
                raise DatabaseUnavailableError(rules.lock_timeout_message(str(path), 15)) from error
            if code in UNREADABLE_CODES:
                raise WrongDatabaseError(rules.not_sqlite_message(str(path), str(error))) from error
            raise DatabaseUnavailableError(_cannot_open_message(path, error)) from error
    try:
        with engine.connect() as connection:
            return read_schema(connection)
    except DBAPIError as error:
        raise DatabaseUnavailableError(rules.cannot_reach_message(database_label(engine), str(error.orig))) from error


def _cannot_open_message(path: Path, error: object) -> str:
    room = None
    with suppress(OSError):
        room = shutil.disk_usage(path.parent).free
    return rules.cannot_open_message(str(path), str(error), room)


def _migratable_schema(engine: Engine) -> rules.DatabaseSchema:
    """The schema of a database that may be migrated, also an empty one. Raises WrongDatabaseError for any other."""
    schema = _schema_before_lock(engine) or rules.DatabaseSchema(frozenset(), ())
    _refuse_schema(schema, engine)
    return schema


def _refuse_schema(schema: rules.DatabaseSchema, engine: Engine) -> None:
    reason = rules.migration_refusal(schema, known_revisions(), database_label(engine))
    if reason:
        raise WrongDatabaseError(reason)


def _failure_message(error: Exception, place: str) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return rules.migration_failed_message(
        place, str(cause), in_use=getattr(cause, "sqlstate", None) == LOCK_NOT_AVAILABLE
    )
