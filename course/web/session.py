"""One database session for each request or command: kept if it returns, undone if it raises.

This is the only file that commits. A view that returns keeps what it did, whatever the status of its
response; `abort()` and every other exception undo it, because the error handlers roll back first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from course.db import make_sessions

_KEY = "course.sessions"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Sessions:
    """Makes sessions: those that only read do not take SQLite's write lock when they begin."""

    writing: sessionmaker[Session]
    reading: sessionmaker[Session]


def init(app: Flask, engine: Engine) -> None:
    """Give each request a session when it first asks for one."""
    app.extensions[_KEY] = Sessions(make_sessions(engine), make_sessions(engine.execution_options(writes=False)))
    app.after_request(_keep)
    app.teardown_request(_close)


def db() -> Session:
    """This request's session. A request that only reads does not take the write lock."""
    if "db" not in g:
        sessions: Sessions = current_app.extensions[_KEY]
        g.db = sessions.reading() if request.method in READING else sessions.writing()
    return g.db  # type: ignore[no-any-return]


def undo() -> None:
    """Forget everything that this request did to the database."""
    if "db" in g:
        g.db.rollback()


def _keep(response: Response) -> Response:
    # What only read has nothing to keep; closing it ends its transaction.
    if "db" in g and request.method not in READING:
        g.db.commit()
    return response


def _close(_error: BaseException | None) -> None:
    session = g.pop("db", None)
    if session is not None:
        session.close()


@contextmanager
def command_session() -> Iterator[Session]:
    """The same for a command: kept if the block ends, undone if it raises."""
    session: Session = current_app.extensions[_KEY].writing()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()
