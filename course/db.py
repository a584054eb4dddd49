"""The database: base class, column types, engine and sessions. Nothing here knows Flask."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, DateTime, Engine, MetaData, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

_LOG = logging.getLogger("course.db")
_SECRET_PARAMETER = re.compile("pass(?!file)|pwd|secret|scram", re.IGNORECASE)
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables hang here; every constraint has a name, so that a migration can drop it."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Refuses times without a zone, stores UTC and gives UTC back, on both engines."""

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

    Each of so many `threads` may use two connections at once, and the worker beside them some more.
    """
    size = max(16, 2 * threads + 4)
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=size, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 15}, pool_size=size)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def database_name(url: str) -> str:
    """Which database an address means, in words and without its password."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return str(parts.database)
    host = parts.host or parts.query.get("host") or "this machine"
    port = f", port {parts.port}" if parts.port not in (None, 5432) else ""
    return f"PostgreSQL {parts.database or parts.username or ''} at {host if isinstance(host, str) else host[0]}{port}"


def url_without_password(url: URL) -> URL:
    """A database's address without its password, and without what else in it may be secret, such as ?password=…"""
    safe = {name: value for name, value in url.query.items() if not _SECRET_PARAMETER.search(name)}
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, safe)


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for another engine."""
    parts = make_url(url)
    return Path(str(parts.database)) if parts.get_backend_name() == "sqlite" else None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions start late and end early; ours are begun by name, below.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later can lose the race for the write lock and fail
    # at once, whatever the timeout. One that is going to write takes the lock when it begins.
    writes = connection.get_execution_options().get("writes", True)
    # Straight to the driver: this is done for every page.
    connection.connection.dbapi_connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


# What a query that only wants rows can run on.
RowSource = Connection | Session


# Whether this thread is inside a unit of work, which holds SQLite's only write lock.
unit_of_work_open: ContextVar[bool] = ContextVar("unit_of_work_open", default=False)


class SlowInUnitOfWorkError(RuntimeError):
    """Something slow was begun inside a unit of work, where everybody else waits for it."""


def assert_outside_unit_of_work(what: str) -> None:
    """Say so before anything slow: hashing, the network, typesetting, rendering, reading an upload, making a file.

    Inside a unit of work that is a mistake: tests raise SlowInUnitOfWorkError (see `raise_if_slow`), a running course
    writes it to its log and goes on.
    """
    if not unit_of_work_open.get():
        return
    if raise_if_slow:
        raise SlowInUnitOfWorkError(f"{what} inside a unit of work")
    _LOG.error("%s inside a unit of work", what, stack_info=True)


raise_if_slow = False  # tests set it


class ReadOnlySession(Session):
    """A session that refuses to write, so that nothing is lost in silence outside a unit of work."""


def _refuse_write(*_args: object) -> None:
    raise RuntimeError("this session only reads; write inside unit_of_work()")


def _refuse_write_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        _refuse_write()


event.listen(ReadOnlySession, "before_flush", _refuse_write)
event.listen(ReadOnlySession, "do_orm_execute", _refuse_write_statement)


def insert_if_absent(session: Session, table: type[Base], **values: Any) -> bool:
    """Insert a row unless one stands in its way; whether it was inserted. As `insert_once`, for a key of any type."""
    return session.execute(_insert_once_statement(table, session.get_bind().dialect.name), values).scalar() is not None


def insert_once(session: Session, table: type[Base], **values: Any) -> int | None:
    """Insert a row unless one stands in its way: its first key column, or None if there was such a row.

    One statement on both engines; whoever comes second changes nothing.
    """
    found = session.execute(_insert_once_statement(table, session.get_bind().dialect.name), values).scalar()
    return None if found is None else int(found)


def insert_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, but for those in whose way one stands by now, such as one that another process puts there as well."""
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(make(table.metadata.tables[table.__tablename__]).on_conflict_do_nothing(), list(rows))


@cache
def _insert_once_statement(table: type[Base], dialect: str) -> Any:
    """The statement, put together once: that takes longer than running it."""
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    rows = table.metadata.tables[table.__tablename__]
    return make(rows).on_conflict_do_nothing().returning(*list(rows.primary_key)[:1])


def lock_row(session: Session, table: type[Base], key: int) -> None:
    """Let no other transaction pass this point for the same row until this one ends; what it wrote is seen after it.

    Rows that refer to the row can still be added by others, so that two cannot wait for each other. SQLite has one
    writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        column = next(iter(table.metadata.tables[table.__tablename__].primary_key))
        session.execute(select(column).where(column == key).with_for_update(key_share=True))


def lock_name(session: Session, name: str) -> None:
    """As `lock_row`, for what has no row yet: until this transaction ends, nobody else passes this point for the name."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def make_session_factory(engine: Engine, info: Mapping[str, Any]) -> sessionmaker[Session]:
    """Sessions that keep objects readable after the commit. `info` goes with each of them."""
    return sessionmaker(engine, expire_on_commit=False, info=dict(info))
