"""Moving the course to another database: all rows in one transaction, compared by count and checksum before it commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ForeignKeyConstraint, Table, delete, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from course.audit import queries as audit
from course.audit.actions import record_event
from course.audit.rules import integrity_faults
from course.backups.actions.numbering import HELD_NUMBERS, last_number, raise_numbers
from course.backups.queries import FETCH_SIZE, TableDigest, table_digest
from course.backups.rules import BackupFailedError
from course.context import Context
from course.db import Base, assert_outside_unit_of_work, make_engine, sqlite_path
from course.schema_upgrade import alembic_config, exclusive_connection, newest_revision
from course.schema_upgrade.queries import database_label, read_schema
from course.schema_upgrade.rules import VERSION_TABLE
from course.sqlite_file import exclusive_lock

_OTHERS_QUERY = (
    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
    "and backend_type = 'client backend'"
)
Progress = Callable[[str, TableDigest], None]


@dataclass(frozen=True)
class MoveOrder:
    """Who hears of each table when it is copied and compared, when it is done, and the time zone of the installation."""

    progress: Progress
    at: datetime
    zone: str


def target_engine(address: str) -> Engine:
    """The engine of an address that a command was given. Raises BackupFailedError if it is none."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise BackupFailedError(
            "--to: is not the address of a database, such as postgresql://user@host/course."
        ) from error
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
        url = url.set(database=str(Path(str(url.database)).absolute()))
    elif url.drivername != "postgresql+psycopg":
        raise BackupFailedError("--to: names neither a PostgreSQL database nor a SQLite file.")
    return make_engine(url.render_as_string(hide_password=False))


def move_database(source: Engine, target: Engine, order: MoveOrder) -> dict[str, TableDigest]:
    """Copy every row of the course from `source` into the empty database `target`; count and checksum of each table.

    The schema is made by the migrations. Nothing else may use the source meanwhile, because what is written there later is
    not moved. Everything happens in one transaction of the target: it has all of it or is as it was. Raises
    BackupFailedError, or DatabaseUnavailableError if a database cannot be reached.
    """
    assert_outside_unit_of_work("moving the database")
    with _sole_reader(source) as reading, exclusive_connection(target) as writing:
        tables = read_schema(writing).tables
        if tables:
            raise BackupFailedError(
                f"The database {database_label(target)} is not empty ({', '.join(sorted(tables)[:3])}). Nothing was "
                "changed. Make an empty one, for example with createdb."
            )
        try:
            _make_empty_schema(writing)
            unknown = set(inspect(reading).get_table_names()) - set(Base.metadata.tables) - {VERSION_TABLE}
            if unknown:
                raise BackupFailedError(f"Tables of another program cannot be moved: {', '.join(sorted(unknown))}.")
            found = _copy_all(reading, writing, order.progress)
            _set_sequences(writing)
            for name in HELD_NUMBERS:
                if last := last_number(reading, name):
                    raise_numbers(writing, name, last)
            _check_log(writing, order)
        except DBAPIError as error:
            raise BackupFailedError(
                f"The database {database_label(target)} does not take the rows, and nothing was changed: {error.orig}."
            ) from error
    return found


@contextmanager
def _sole_reader(source: Engine) -> Iterator[Connection]:
    """A connection that reads one moment of a database that nobody else uses."""
    source.dispose()
    file = sqlite_path(source.url.render_as_string(hide_password=False))
    options: dict[str, Any]
    if file is not None:
        with exclusive_lock(file) as opened:
            free = opened is not None
        options = {"writes": True}  # the write lock, for as long as it takes
    else:
        with source.connect() as connection:
            free = not connection.execute(text(_OTHERS_QUERY)).scalar_one()
        options = {"isolation_level": "REPEATABLE READ"}
    if not free:
        raise BackupFailedError(
            f"The database {database_label(source)} is in use. Stop every server, worker and command of the course, then try "
            "again: what they write meanwhile would be lost. Nothing was changed."
        )
    try:
        with source.connect().execution_options(**options) as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()
    finally:
        source.dispose()


def _make_empty_schema(writing: Connection) -> None:
    """Run the migrations, and remove the rows that they write."""
    from alembic import command  # noqa: PLC0415 (importing it takes a twentieth of a second)

    config = alembic_config()
    config.attributes["connection"] = writing
    command.upgrade(config, newest_revision())
    for table in reversed(Base.metadata.sorted_tables):
        if writing.execute(select(1).select_from(table).limit(1)).first() is not None:
            writing.execute(delete(table))


def _copy_all(reading: Connection, writing: Connection, progress: Progress) -> dict[str, TableDigest]:
    found = {}
    with _references_checked_at_the_end(writing):
        for table in Base.metadata.sorted_tables:
            _copy_table(reading, writing, table)
    for table in Base.metadata.sorted_tables:
        before, after = table_digest(reading, table), table_digest(writing, table)
        if before != after:
            raise BackupFailedError(
                f"The rows of {table.name} are not the same after copying ({before.rows} and {after.rows}), and nothing was "
                "changed. Please report this."
            )
        found[table.name] = after
        progress(table.name, after)
    return found


def _copy_table(reading: Connection, writing: Connection, table: Table) -> None:
    # In the order of the key, which the audit log insists on.
    statement = select(table).order_by(*table.primary_key.columns)
    rows = reading.execute(statement, execution_options={"yield_per": FETCH_SIZE})
    for part in rows.mappings().partitions():
        writing.execute(insert(table), [dict(row) for row in part])


@contextmanager
def _references_checked_at_the_end(writing: Connection) -> Iterator[None]:
    """Rows may come before those of the same table that they refer to. On SQLite references are off in this connection, and
    checked before the commit."""
    postgresql = writing.dialect.name == "postgresql"
    references = [
        f'alter table "{table.name}" alter constraint "{constraint.name}"'
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if postgresql and isinstance(constraint, ForeignKeyConstraint) and constraint.referred_table is table
    ]
    for reference in references:
        writing.execute(text(f"{reference} deferrable initially deferred"))
    yield
    if references:
        writing.execute(text("set constraints all immediate"))
    for reference in references:
        writing.execute(text(f"{reference} not deferrable"))


def _set_sequences(writing: Connection) -> None:
    """New rows get numbers behind those that were copied. SQLite takes the next one by itself."""
    if writing.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = writing.execute(
            text("select pg_get_serial_sequence(:name, :column)"), {"name": f'"{table.name}"', "column": column.name}
        ).scalar()
        if sequence is not None:
            newest = f'(select max("{column.name}") from "{table.name}")'  # noqa: S608 (names of our own tables)
            writing.execute(text(f"select setval('{sequence}', coalesce({newest}, 1), {newest} is not null)"))


def _check_log(writing: Connection, order: MoveOrder) -> None:
    """The audit log must be as it was written. Then its next entry says that the course was moved."""
    with Session(writing, join_transaction_mode="create_savepoint") as session, session.begin():
        head = audit.recorded_head(session)
        fault = next(iter(integrity_faults(audit.all_entries(session), [head] if head and head[0] else [])), None)
        if fault is not None:
            raise BackupFailedError(f"The audit log is not as it was written, and nothing was changed: {fault}")
        number, digest = audit.log_head(session)
        details = {"entries": number, "head": digest}
        record_event(Context(session, None, order.at, order.zone), "backup.moved", None, details)
