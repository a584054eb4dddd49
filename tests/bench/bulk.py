"""Many rows in little time, by the drivers' own ways: executemany of SQLite, COPY of PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text

Rows = dict[str, list[tuple[Any, ...]]]
Columns = Mapping[str, str]  # the names of the columns of each table, with spaces between them


@contextmanager
def bulk_writer(engine: Engine, columns: Columns) -> Iterator[Callable[[Rows], None]]:
    """Writes rows table by table, in one transaction. References are not looked up: that takes longer than writing."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield lambda rows: _write_sqlite(driver, columns, rows)
            finally:
                driver.execute("PRAGMA foreign_keys=ON")
        else:
            with connection.begin():
                # References are checked by triggers, which a superuser can leave out.
                if connection.execute(text("select current_setting('is_superuser')")).scalar() == "on":
                    connection.execute(text("SET LOCAL session_replication_role = replica"))
                connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
                yield lambda rows: _copy_postgresql(driver, columns, rows)


def _write_sqlite(driver: sqlite3.Connection, columns: Columns, rows: Rows) -> None:
    for table, waiting in rows.items():
        names = columns[table].split()
        marks = ", ".join("?" * len(names))
        driver.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", waiting)


def _copy_postgresql(driver: Any, columns: Columns, rows: Rows) -> None:
    for table, waiting in rows.items():
        if waiting:
            names = ", ".join(f'"{name}"' for name in columns[table].split())
            with driver.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in waiting:
                    copy.write_row(row)


def finish(engine: Engine, columns: Columns) -> None:
    """Count on after the ids that were given, and tell the engine what is in its tables."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            for table, names in columns.items():
                if names.startswith("id "):
                    connection.execute(
                        text(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")
                    )
    with engine.begin() as connection:
        connection.execute(text("analyze"))
