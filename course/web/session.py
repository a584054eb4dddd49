"""One database session for each request or command: kept if it returns, undone if it raises.

This is the only file that commits. A view that returns keeps what it did, whatever the status of its
response; `abort()` and every other exception undo it, because the error handlers roll back first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session, sessionmaker

P = ParamSpec("P")
R = TypeVar("R")
_KEY = "course.sessions"


def init(app: Flask, sessions: sessionmaker[Session]) -> None:
    """Give each request a session when it first asks for one."""
    app.extensions[_KEY] = sessions
    app.after_request(_keep)
    app.teardown_request(_close)


def db() -> Session:
    """This request's session. A request that only reads does not take the write lock."""
    if "db" not in g:
        session: Session = current_app.extensions[_KEY]()
        writes = request.method not in ("GET", "HEAD", "OPTIONS")
        session.connection(execution_options={"writes": writes})
        g.db = session
    return g.db  # type: ignore[no-any-return]


def undo() -> None:
    """Forget everything that this request did to the database."""
    if "db" in g:
        g.db.rollback()


def _keep(response: Response) -> Response:
    if "db" in g:
        g.db.commit()
    return response


def _close(_error: BaseException | None) -> None:
    session = g.pop("db", None)
    if session is not None:
        session.close()


@contextmanager
def command_session() -> Iterator[Session]:
    """The same for a command: kept if the block ends, undone if it raises."""
    session: Session = current_app.extensions[_KEY]()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


def with_session(function: Callable[..., R]) -> Callable[..., R]:
    """Call a command's function with a session as its first argument."""

    @wraps(function)
    def wrapped(*args: object, **kwargs: object) -> R:
        with command_session() as session:
            return function(session, *args, **kwargs)

    return wrapped
