"""Reading the schema of a database, without changing anything in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from course.database_address import url_without_password
from course.schema_upgrade.rules import REVISION_NUMBER, VERSION_TABLE, DatabaseSchema

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "migrations"
SQLITE_HEADER = b"SQLite format 3\x00"
UNREADABLE_REVISION = "unreadable"  # the revision of a database whose alembic_version table is not Alembic's


@cache
def known_revisions() -> tuple[str, ...]:
    """The numbers of the migration files, the oldest first. Reading file names is faster than asking Alembic."""
    return tuple(
        sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("*.py") if REVISION_NUMBER.match(path.name))
    )


def newest_revision() -> str:
    """The number of the last migration file."""
    return known_revisions()[-1]


def database_label(engine: Engine) -> str:
    """The database in messages: the file of SQLite, or the address without its password."""
    if engine.dialect.name == "sqlite":
        return str(engine_sqlite_path(engine))
    return url_without_password(engine.url).render_as_string()


def engine_sqlite_path(engine: Engine) -> Path:
    """The file of a SQLite database."""
    return Path(str(engine.url.database)).absolute()


def read_schema(connection: Connection) -> DatabaseSchema:
    """The schema of the database that `connection` is open to."""
    seen = inspect(connection)
    tables = frozenset(seen.get_table_names())
    revisions: tuple[str, ...] = ()
    if VERSION_TABLE in tables and all(c["name"] != "version_num" for c in seen.get_columns(VERSION_TABLE)):
        revisions = (UNREADABLE_REVISION,)
    elif VERSION_TABLE in tables:
        rows = connection.execute(text(f"select version_num from {VERSION_TABLE}"))  # noqa: S608
        revisions = tuple(str(number) for (number,) in rows)
    return DatabaseSchema(tables, revisions)


def read_sqlite_schema(path: Path) -> DatabaseSchema | None:
    """The schema in a SQLite file; None if there is no file. Raises sqlite3.Error for a file of another kind.

    The engine is not used: it would create a missing file, and would switch another program's database to WAL.
    """
    if not path.exists():
        return None
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            # SQLite itself accepts a file of one byte as an empty database.
            if file.read(len(SQLITE_HEADER)) != SQLITE_HEADER:
                raise _not_a_database_error()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=15)) as database:
        tables = frozenset(
            name for (name,) in database.execute("select name from sqlite_master where type = 'table'")
            if not name.startswith("sqlite_")
        )  # fmt: skip
        revisions: tuple[str, ...] = ()
        if VERSION_TABLE in tables and all(
            row[1] != "version_num" for row in database.execute(f"PRAGMA table_info({VERSION_TABLE})")
        ):
            revisions = (UNREADABLE_REVISION,)
        elif VERSION_TABLE in tables:
            rows = database.execute(f"select version_num from {VERSION_TABLE}")  # noqa: S608
            revisions = tuple(str(number) for (number,) in rows)
        return DatabaseSchema(tables, revisions)


def _not_a_database_error() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("file is not a database")
    error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    return error


def current_revision(engine: Engine) -> str | None:
    """The number of the last migration of the database; None for an empty database."""
    with engine.connect().execution_options(writes=False) as connection:
        return read_schema(connection).revision


def holds_rows(connection: Connection) -> bool:
    """Whether the database holds rows in any table that a migration does not fill itself."""
    quote = connection.dialect.identifier_preparer.quote
    tables = inspect(connection).get_table_names()
    return any(
        connection.execute(text(f"select 1 from {quote(table)} limit 1")).first() is not None  # noqa: S608
        for table in tables
        if table not in (VERSION_TABLE, "audit_head")
    )


def broken_references(connection: Connection) -> list[tuple[str, int | None, str]]:
    """Rows of SQLite (table, number of the row, table that it refers to) that refer to missing rows."""
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [(str(row[0]), row[1], str(row[2])) for row in rows]


def broken_references_of_file(path: Path) -> list[tuple[str, int | None, str]]:
    """The same as `broken_references`, for a SQLite file."""
    with closing(sqlite3.connect(path, timeout=15)) as database:
        rows = database.execute("PRAGMA foreign_key_check").fetchall()
    return [(str(row[0]), row[1], str(row[2])) for row in rows]
