"""One database session for each request or command: kept if it returns, undone if it raises.

This is the only file that commits. A view that returns keeps what it did, whatever the status of its
response; `abort()` and every other exception undo it, because the error handlers roll back first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, sessionmaker

from course.db import Rows, make_sessions
from course.events import publish

_KEY = "course.sessions"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Sessions:
    """Makes sessions that write, and connections that only read: those take no write lock on SQLite."""

    writing: sessionmaker[Session]
    reading: Callable[[], AbstractContextManager[Connection]]


def init(app: Flask, engine: Engine, info: Mapping[str, Any]) -> None:
    """Give each request a session when it first asks for one. A session that writes carries `info`."""
    app.extensions[_KEY] = Sessions(make_sessions(engine, info), engine.execution_options(writes=False).connect)
    app.after_request(_keep)
    app.teardown_request(_close)


def db() -> Session:
    """This request's session. A request that only reads does not take the write lock."""
    if "db" not in g:
        if request.method in READING:
            g.db = Session(bind=_connection(), expire_on_commit=False)
        else:
            g.db = current_app.extensions[_KEY].writing()
    return g.db  # type: ignore[no-any-return]


def rows() -> Rows:
    """What a query that only wants rows runs on, in the same transaction as `db()`.

    A session keeps track of objects, which a page that only shows rows would pay for and not use. In a
    request that writes it is the session itself, so that what was just added is seen.
    """
    if request.method not in READING:
        return db()
    return _connection()


def _connection() -> Connection:
    found: Connection | None = g.get("rows")
    if found is None:
        g.reading = reading = current_app.extensions[_KEY].reading()
        g.rows = found = reading.__enter__()
    return found


def publish_after(event: object) -> None:
    """Publish an event once the page is made, in a transaction of its own that is kept.

    The only way in which a GET leaves anything: that somebody was shown something. If it cannot be kept, the page is
    not shown either.
    """
    g.setdefault("events", []).append(event)


def when_kept(work: Callable[[], None]) -> None:
    """Do this once what the request did is kept; not at all if it is undone."""
    g.setdefault("when_kept", []).append(work)


def undo() -> None:
    """Forget everything that this request did to the database. What is asked for next begins anew."""
    g.pop("events", None)
    _close(None)


def _keep(response: Response) -> Response:
    # What only read has nothing to keep; closing it ends its transaction.
    if "db" in g and request.method not in READING:
        g.db.commit()
        for work in g.pop("when_kept", ()):
            work()
    if events := g.pop("events", None):
        _close(None)
        with command_session() as session:
            for event in events:
                publish(session, event)
    return response


def _close(_error: BaseException | None) -> None:
    g.pop("when_kept", None)
    if (session := g.pop("db", None)) is not None:
        session.close()
    if g.pop("rows", None) is not None:
        g.pop("reading").__exit__(None, None, None)


@contextmanager
def command_session() -> Iterator[Session]:
    """The same for a command, and for what a page leaves: kept if the block ends, undone if it raises."""
    session: Session = current_app.extensions[_KEY].writing()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


@contextmanager
def reading_session() -> Iterator[Session]:
    """A session for work beside the requests that changes nothing: on SQLite it keeps nobody from writing."""
    with (
        current_app.extensions[_KEY].reading() as connection,
        Session(bind=connection, expire_on_commit=False) as session,
    ):
        yield session
