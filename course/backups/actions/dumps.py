"""Dumps of a PostgreSQL database, made, read and restored by its own programs pg_dump and pg_restore."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from course.backups.queries import DatabaseFacts, database_facts, table_counts
from course.backups.rules import BackupFailedError, differing_counts
from course.database_address import driver_url
from course.db import assert_outside_unit_of_work, database_name, make_engine
from course.schema_upgrade.queries import read_schema
from course.sqlite_file import sync_to_disk

_DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
_SHARED_OPTIONS = ("--no-owner", "--no-privileges")


def dump_postgresql(engine: Engine, url: str, file: Path) -> DatabaseFacts:
    """Dump the database into a new file as it is at one moment, while others go on writing; what it holds at that moment.

    Raises BackupFailedError.
    """
    assert_outside_unit_of_work("dumping the database")
    # Readable by its owner only, from the first moment: it holds names, answers and password hashes.
    file.touch(mode=0o600, exist_ok=False)
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            # pg_dump reads in the same snapshot as the counts of the manifest.
            snapshot = connection.execute(text("select pg_export_snapshot()")).scalar_one()
            facts = database_facts(connection)
            arguments = (
                "--format=custom",
                *_SHARED_OPTIONS,
                "--no-password",
                f"--snapshot={snapshot}",
                f"--file={file}",
            )
            _run("pg_dump", *arguments, database=url)
    except DBAPIError as error:
        raise BackupFailedError(f"The database {database_name(url)} cannot be read: {error.orig}.") from error
    sync_to_disk(file)
    return facts


def read_dump(file: Path) -> None:
    """Read a dump to its end, without a database. Raises BackupFailedError if it is damaged."""
    listed = _run("pg_restore", "--list", str(file))
    if "TABLE DATA public person " not in listed:
        raise BackupFailedError(f"{file} is a dump of another database: it has no table person.")
    _run("pg_restore", f"--file={os.devnull}", str(file))


def restore_dump(engine: Engine, url: str, file: Path) -> None:
    """Restore a dump into an empty database, all of it or nothing. Raises BackupFailedError."""
    assert_outside_unit_of_work("restoring the database")
    with engine.connect() as connection:
        tables = sorted(read_schema(connection).tables)
    if tables:
        raise BackupFailedError(
            f"The database {database_name(url)} is not empty ({', '.join(tables[:3])} and more), and nothing was changed. "
            "A backup is restored into an empty database only: make one with createdb, and name it in DATABASE_URL."
        )
    _run(
        "pg_restore",
        "--exit-on-error",
        "--single-transaction",
        *_SHARED_OPTIONS,
        "--no-password",
        str(file),
        database=url,
    )


def restore_on_trial(url: str, file: Path, tables: dict[str, int] | None) -> None:
    """Restore a dump into a database that is made for this on the server of `url` and removed again, and compare the
    numbers of rows with `tables`. Raises BackupFailedError."""
    with _scratch_database(url) as scratch:
        engine = make_engine(scratch)
        try:
            restore_dump(engine, scratch, file)
            with engine.connect() as connection:
                found = table_counts(connection)
        finally:
            engine.dispose()
    if tables is not None and (differ := differing_counts(tables, found)):
        raise BackupFailedError(f"The backup does not hold what it says: {'; '.join(differ)}.")


@contextmanager
def _scratch_database(url: str) -> Iterator[str]:
    name = f"course_backup_check_{secrets.token_hex(4)}"
    engine = create_engine(driver_url(make_url(url)), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"create database {name} template template0"))
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection:
                connection.execute(text(f"drop database {name} with (force)"))
    except DBAPIError as error:
        raise BackupFailedError(
            f"No database can be made for the trial, or not be removed ({name}): {error.orig}."
        ) from error
    finally:
        engine.dispose()


def connection_settings(url: str) -> tuple[str, dict[str, str]]:
    """The address of a PostgreSQL database as its programs take it, and the environment that holds the password, which
    does not appear in the list of processes."""
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 (only where PostgreSQL is used: it needs 5 MiB)
    from psycopg.pq import Conninfo  # noqa: PLC0415

    parts = make_url(url)
    _, options = parts.get_dialect()().create_connect_args(parts)
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    settings = {name: str(value) for name, value in options.items() if name in known}
    password = settings.pop("password", None)
    return make_conninfo("", **settings), {} if password is None else {"PGPASSWORD": password}


def _run(program: str, *arguments: str, database: str | None = None) -> str:
    """What a program of PostgreSQL prints. Raises BackupFailedError with its message if it fails."""
    address, environment = connection_settings(database) if database else ("", {})
    command = [_find(program), *arguments, *([f"--dbname={address}"] if database else [])]
    done = subprocess.run(  # noqa: S603 (a program of PostgreSQL, without a shell)
        command, env={**os.environ, **environment}, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise BackupFailedError(f"{program} failed: {' '.join(lines[:3]) or f'exit code {done.returncode}'}")
    return done.stdout


def _find(program: str) -> str:
    """The path of a program of PostgreSQL: the newest one that is installed. Raises BackupFailedError."""
    versions = [path for path in _DEBIAN_PROGRAMS.glob(f"*/bin/{program}") if path.parent.parent.name.isdigit()]
    newest = max(versions, key=lambda path: int(path.parent.parent.name), default=None)
    found = str(newest) if newest else shutil.which(program)
    if found is None:
        raise BackupFailedError(
            f"{program} is not installed here. It comes with PostgreSQL's client programs (Debian: postgresql-client), "
            "which must be as new as the server."
        )
    return found
