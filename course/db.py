"""The database: base class, column types, engine and sessions. Nothing here knows Flask."""

from __future__ import annotations

import logging
import select as select_module
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, DateTime, Engine, MetaData, bindparam, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from course.database_address import driver_url, hosts, server_names, shares_connections
from course.primary_search import search_primary
from course.sqlite_file import WalKeeper, prepare_connection
from course.write_turns import WriteTurns

_LOG = logging.getLogger("course.db")
LOCK_SECONDS, CONNECT_SECONDS = 15.0, 5.0  # waits for locks: of transactions that state none, and of new connections
# lock_not_available, deadlock_detected, serialization_failure: https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_LOCK_STATES = frozenset({"55P03", "40P01", "40001"})
PREPARED_FROM = 2  # a statement is prepared when a connection of PostgreSQL is asked it for the third time
ASKED_AFTER_SECONDS = 30.0  # after so long without use a connection of PostgreSQL is asked whether it still is one
# pg_dump and pg_restore leave a connection without a search path, and a pooler gives it to whoever comes next.
OWN_SEARCH_PATH = "SET LOCAL search_path TO DEFAULT"
# A server that does not answer at all, as behind a broken network, is given up after so long: in seconds, and the last in
# milliseconds. An address may state other values: https://www.postgresql.org/docs/current/libpq-connect.html
PATIENCE = {
    "connect_timeout": 3, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 8000,
}  # fmt: skip
READ_ONLY_STATE = "25006"  # read_only_sql_transaction: a primary that has become a standby
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base class of all tables; every constraint has a name, so that a migration can drop it."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, on both engines. Raises ValueError for a time without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def make_engine(url: str, threads: int = 8) -> Engine:
    """An engine for `url` (sqlite or postgresql+psycopg). On SQLite: WAL, durable commits, foreign keys.

    Each of the `threads` may use two connections at once, and the worker needs a few more.
    """
    size = max(16, 2 * threads + 4)
    if make_url(url).get_backend_name() != "sqlite":
        return _make_postgresql_engine(make_url(url), size)
    engine = create_engine(url, connect_args={"timeout": CONNECT_SECONDS}, pool_size=size, pool_use_lifo=True)
    path = sqlite_path(url)
    turns = WriteTurns(WalKeeper(path).begin_write if path else None)
    event.listen(engine, "connect", prepare_connection)
    event.listen(engine, "begin", partial(_begin_sqlite, turns))
    event.listen(engine, "commit", turns.end)
    event.listen(engine, "rollback", turns.end)
    return engine


def _make_postgresql_engine(url: URL, size: int) -> Engine:
    """An engine whose connections read without a transaction; `_begin_postgresql` begins those that need one.

    psycopg drops its prepared statements when a transaction is rolled back, as it is at the end of every page that only
    reads, and PostgreSQL then plans each statement anew. Two pages rarely ask the same, so the connection that was used
    last is taken first: its statements are prepared.
    """
    from course.postgresql_driver import LightCursor, wait_patiently  # noqa: PLC0415 (see there)

    pooled = shares_connections(url)
    engine = create_engine(
        driver_url(url),
        pool_size=size,
        pool_use_lifo=True,
        isolation_level="AUTOCOMMIT",
        connect_args={name: value for name, value in PATIENCE.items() if name not in url.query}
        # A connection behind a pooler is another one in the next transaction, which has not prepared anything.
        | {"prepare_threshold": None if pooled else PREPARED_FROM, "cursor_factory": LightCursor},
    ).execution_options(pooled=pooled)
    if len(hosts(url)) > 1 and url.query.get("target_session_attrs") == "read-write":
        search_primary(engine)
    wait_patiently(engine)
    event.listen(engine, "begin", _begin_postgresql)
    event.listen(engine, "checkin", _note_checkin)
    event.listen(engine, "checkout", _check_connection)
    event.listen(engine, "handle_error", _leave_former_primary)
    return engine


def database_name(url: str) -> str:
    """The database of an address in words, without its password."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return str(parts.database)
    return f"PostgreSQL {parts.database or parts.username or ''} at {server_names(parts)}"


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for another engine."""
    parts = make_url(url)
    return Path(str(parts.database)) if parts.get_backend_name() == "sqlite" else None


def _begin_sqlite(turns: WriteTurns, connection: Any) -> None:
    # A transaction that reads first and writes later fails at once, whatever the timeout, if another one wrote in between.
    # So a transaction that is going to write takes the write lock when it begins.
    options = connection.get_execution_options()
    driver_connection = connection.connection.dbapi_connection
    seconds, writes = options.get("lock_seconds", LOCK_SECONDS), options.get("writes", True)
    # The pool keeps the time of the last transaction. One that writes waits before it begins, and then has the lock.
    wait = 0 if writes else int(seconds * 1000)
    if connection.info.get("busy_timeout") != wait:
        driver_connection.execute(f"PRAGMA busy_timeout={wait}")
        connection.info["busy_timeout"] = wait
    if writes:
        try:
            turns.begin(connection, seconds, options.get("durable", True))
        except sqlite3.OperationalError as error:
            # An error in a listener would otherwise reach the caller as the driver's own.
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
    else:
        driver_connection.execute("BEGIN")


def _begin_postgresql(connection: Any) -> None:
    """Begin a transaction where one is needed: to write, to read from one snapshot (`snapshot`), or behind a pooler.

    Other reading needs none: in READ COMMITTED each statement sees what is committed by then, in a transaction or not.
    How long a statement waits for locks (`lock_seconds`; without a limit if it is not stated) holds for the transaction,
    or, without one, for the connection, which is told only of another time.
    """
    options = connection.get_execution_options()
    if (level := options.get("isolation_level")) is not None:  # the driver begins
        # AUTOCOMMIT is for what cannot run in a transaction, such as VACUUM.
        if options.get("pooled") and level != "AUTOCOMMIT":
            _tell_postgresql(connection, OWN_SEARCH_PATH)
        return
    seconds, info = options.get("lock_seconds"), connection.info
    milliseconds = 0 if seconds is None else int(seconds * 1000)
    if options.get("writes", True):
        connection.connection.dbapi_connection.leave_turn()
        statement = "BEGIN" if options.get("durable", True) else "BEGIN; SET LOCAL synchronous_commit = off"
    elif options.get("snapshot"):
        statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    elif options.get("pooled"):
        statement = "BEGIN READ ONLY"
    elif milliseconds == info.get("lock_timeout", 0):
        return
    else:
        _tell_postgresql(connection, f"SET lock_timeout = {milliseconds}")
        info["lock_timeout"] = milliseconds
        return
    if options.get("pooled"):
        statement += f"; {OWN_SEARCH_PATH}"
    if milliseconds != info.get("lock_timeout", 0):
        statement += f"; SET LOCAL lock_timeout = {milliseconds}"
    _tell_postgresql(connection, statement)


def _tell_postgresql(connection: Any, statement: str) -> None:
    try:
        connection.connection.dbapi_connection.execute(statement)
    except Exception as error:
        _raise_unless_psycopg(error)
        # As in _begin_sqlite. A connection that the server has closed is not used again.
        if connection.connection.dbapi_connection.closed:
            connection.invalidate(error)
        raise OperationalError(statement, None, error, connection_invalidated=connection.invalidated) from error


def _note_checkin(_driver_connection: object, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _check_connection(driver_connection: Any, record: Any, _proxy: object) -> None:
    """Leave a connection that the server has closed, as after a restart, and all others that are as old.

    A server that says goodbye leaves something to be read, which costs no question to the server. One that could not say
    goodbye, as behind a broken network, shows in an answer that does not come: that is asked for after a pause.
    """
    used = record.info.get("used")
    if used is None:
        return  # it is new
    if time.monotonic() - used > ASKED_AFTER_SECONDS or _has_input(driver_connection.fileno()):
        try:
            driver_connection.execute("")
        except Exception as error:
            _raise_unless_psycopg(error)
            raise InvalidatePoolError("the server has closed this connection") from error


def _raise_unless_psycopg(error: Exception) -> None:
    from psycopg import Error  # noqa: PLC0415 (it needs 5 MiB, and SQLite does not need it)

    if not isinstance(error, Error):
        raise error


def _leave_former_primary(context: Any) -> None:
    """Leave all connections to a server that takes no writes any more: new ones find the one that does (see
    `target_session_attrs` in the address), or the same once it does again."""
    if getattr(context.original_exception, "sqlstate", None) != READ_ONLY_STATE or context.connection is None:
        return
    if context.connection.get_execution_options().get("writes", True):
        context.is_disconnect = True


def _has_input(descriptor: int) -> bool:
    if not hasattr(select_module, "poll"):
        return True  # Windows: the server is asked each time
    waiting = select_module.poll()
    waiting.register(descriptor, select_module.POLLIN)
    return bool(waiting.poll(0))


def is_lock_failure(error: BaseException | None) -> bool:
    """Whether a statement failed only because of other transactions, so that the same work may succeed when it is done
    again: SQLite's write lock or a lock of PostgreSQL was not free in time, two transactions waited for each other, or
    they could not be ordered."""
    if not isinstance(error, OperationalError):
        return False
    cause: Any = error.orig
    if isinstance(cause, sqlite3.Error):
        return (cause.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return getattr(cause, "sqlstate", None) in POSTGRESQL_LOCK_STATES


StorageFault = Literal["full", "unwritable", "away"]
# Result codes of SQLite: https://www.sqlite.org/rescode.html
_SQLITE_FAULTS: Mapping[int, StorageFault] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "unwritable",
    sqlite3.SQLITE_IOERR: "unwritable",
    sqlite3.SQLITE_CANTOPEN: "unwritable",
}
# disk_full, read_only_sql_transaction, io_error: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL_FAULTS: Mapping[str, StorageFault] = {"53100": "full", "25006": "unwritable", "58030": "unwritable"}
# Classes of codes of a server that cannot be reached, has no connection left, or stops or starts.
_POSTGRESQL_AWAY = ("08", "53", "57P")


def storage_fault(error: BaseException | None) -> StorageFault | None:
    """Why nothing can be stored, or nothing read, whatever is asked for: the disk is full, it cannot be written to, or the
    server of the database is away. None for any other error. All of these may be over later."""
    if not isinstance(error, DBAPIError):
        return None
    cause: Any = error.orig
    if isinstance(cause, sqlite3.Error):
        return _SQLITE_FAULTS.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(cause, "sqlstate", None) or ""
    if state in _POSTGRESQL_FAULTS:
        return _POSTGRESQL_FAULTS[state]
    is_away = state.startswith(_POSTGRESQL_AWAY) or (not state and isinstance(error, OperationalError))
    return "away" if is_away or error.connection_invalidated else None


# What a query runs on that returns rows and no objects.
RowSource = Connection | Session


def dialect_name(source: RowSource) -> str:
    """The engine on which a query runs: sqlite or postgresql."""
    return source.dialect.name if isinstance(source, Connection) else source.get_bind().dialect.name


# Whether this thread is inside a unit of work, which holds SQLite's only write lock.
unit_of_work_open: ContextVar[bool] = ContextVar("unit_of_work_open", default=False)


class SlowInUnitOfWorkError(RuntimeError):
    """Slow work was begun inside a unit of work, where all other writers wait for it."""


def assert_outside_unit_of_work(what: str) -> None:
    """Called before slow work: hashing, network, typesetting, rendering, reading an upload, making a file.

    Slow work inside a unit of work is a mistake: tests raise SlowInUnitOfWorkError (see `raise_if_slow`), a running
    course logs an error and goes on.
    """
    if not unit_of_work_open.get():
        return
    if raise_if_slow:
        raise SlowInUnitOfWorkError(f"{what} inside a unit of work")
    _LOG.error("%s inside a unit of work", what, stack_info=True)


raise_if_slow = False  # tests set it


class ReadOnlySession(Session):
    """A session that raises RuntimeError instead of writing: outside a unit of work nothing is committed."""


def _refuse_write(*_args: object) -> None:
    raise RuntimeError("this session only reads; write inside unit_of_work()")


def _refuse_write_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        _refuse_write()


event.listen(ReadOnlySession, "before_flush", _refuse_write)
event.listen(ReadOnlySession, "do_orm_execute", _refuse_write_statement)


def insert_if_absent(session: Session, table: type[Base], **values: Any) -> bool:
    """Insert a row unless it conflicts with another; whether it was inserted. As `insert_once`, for a key of any type."""
    return session.execute(_insert_once_statement(table, session.get_bind().dialect.name), values).scalar() is not None


def insert_once(session: Session, table: type[Base], **values: Any) -> int | None:
    """Insert a row unless it conflicts with another: the value of its first key column, or None on a conflict.

    One statement on both engines; of two transactions at once, the second inserts nothing.
    """
    found = session.execute(_insert_once_statement(table, session.get_bind().dialect.name), values).scalar()
    return None if found is None else int(found)


def insert_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, except those that conflict with another, such as one that another process has just inserted."""
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(make(table.metadata.tables[table.__tablename__]).on_conflict_do_nothing(), list(rows))


@cache
def _insert_once_statement(table: type[Base], dialect: str) -> Any:
    """The INSERT statement, built once for each table: building takes longer than running it."""
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    rows = table.metadata.tables[table.__tablename__]
    return make(rows).on_conflict_do_nothing().returning(*list(rows.primary_key)[:1])


def lock_row(session: Session, table: type[Base], key: int) -> None:
    """Lock a row until this transaction ends: another transaction waits here, and then sees what this one wrote.

    Others can still add rows that refer to the row, so that two cannot wait for each other. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_lock_statement(table), {"key": key})


@cache
def _lock_statement(table: type[Base]) -> Any:
    column = next(iter(table.metadata.tables[table.__tablename__].primary_key))
    return select(column).where(column == bindparam("key")).with_for_update(key_share=True)


def lock_name(session: Session, name: str) -> None:
    """As `lock_row`, for what has no row yet: another transaction waits here for the same name until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def make_session_factory(engine: Engine, info: Mapping[str, Any]) -> sessionmaker[Session]:
    """A factory of sessions whose objects stay readable after the commit. Each session carries `info`."""
    return sessionmaker(engine, expire_on_commit=False, info=dict(info))
