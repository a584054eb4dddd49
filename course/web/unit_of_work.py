"""Reading and writing in a request or a command. This is the only file that commits.

A request reads on a connection that takes no write lock, and writes in one short unit of work:

    found = queries.something(db(), …)                 # read, check, hash, fetch, render: before
    with unit_of_work() as session:                    # then write, in one short transaction
        actions.something(session, found, …)
    return seen_redirect(…)                            # what was written is kept from here on

What the block did is kept when it ends, and undone if it raises. Nothing slow may happen inside; `outside_unit_of_work`
in course/db.py refuses it in tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, sessionmaker

from course.clock import now
from course.db import ReadOnlySession, RowSource, make_session_factory, unit_of_work_open
from course.events import publish
from course.idempotency.actions import claim_form, release_form
from course.idempotency.queries import was_form_sent
from course.idempotency.rules import FORM_KEY_FIELD, MAX_KEY_LENGTH, form_fingerprint

_SESSIONS_KEY = "course.sessions"
_CLAIMED_FORM_KEY = "course.form_claimed"
FORM_REFUSED_STATUS = 422  # the status of a form that is shown again
WriteSession = Session  # what a unit of work hands to actions; views name it by this


class FormAlreadySentError(Exception):
    """The same form was sent before, by a second press of its button, and is kept already."""


@dataclass(frozen=True)
class SessionFactories:
    """Makes sessions that write, and connections that only read: those take no write lock on SQLite."""

    writing: sessionmaker[Session]
    reading: Callable[[], AbstractContextManager[Connection]]


def init(app: Flask, engine: Engine, info: Mapping[str, Any]) -> None:
    """Give each request a session when it first asks for one. A session that writes carries `info`."""
    app.extensions[_SESSIONS_KEY] = SessionFactories(
        make_session_factory(engine, info), engine.execution_options(writes=False).connect
    )
    app.after_request(_publish_events)
    app.after_request(_release_refused_form)
    app.teardown_request(_close_read_session)


def db() -> Session:
    """The session on which this request reads; inside a unit of work it is that one's, which sees what was written.

    Outside a unit of work it refuses to write.
    """
    if "unit" in g:
        return g.unit  # type: ignore[no-any-return]
    if "db" not in g:
        g.db = ReadOnlySession(bind=_read_connection(), expire_on_commit=False)
    return g.db  # type: ignore[no-any-return]


def row_source() -> RowSource:
    """What a query that only wants rows runs on, in the same transaction as `db()`.

    A session keeps track of objects, which a page that only shows rows would pay for and not use.
    """
    return db() if "unit" in g else _read_connection()


def _read_connection() -> Connection:
    found: Connection | None = g.get("rows")
    if found is None:
        g.reading = reading = current_app.extensions[_SESSIONS_KEY].reading()
        g.rows = found = reading.__enter__()
    return found


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One write transaction of a request or a command: kept when the block ends, undone if it raises.

    What was read before is read anew afterwards. A block inside another one is refused with RuntimeError. A form that
    carries a key (see idempotency/rules.py) is kept once: AlreadySentError for the request that brings it again.
    """
    if unit_of_work_open.get():
        raise RuntimeError("a unit of work is open already")
    sent = None
    if has_request_context():
        _close_read_session(None)
        sent = _unclaimed_fingerprint()
    session: Session = current_app.extensions[_SESSIONS_KEY].writing()
    token = unit_of_work_open.set(True)
    if has_request_context():
        g.unit = session
    try:
        if sent is not None and not claim_form(session, sent, now()):
            raise FormAlreadySentError
        yield session
        session.commit()
        if sent is not None:
            request.environ[_CLAIMED_FORM_KEY] = sent
    except BaseException:
        session.rollback()
        raise
    finally:
        if has_request_context():
            g.pop("unit", None)
        unit_of_work_open.reset(token)
        session.close()


def _unclaimed_fingerprint() -> str | None:
    """The fingerprint of the form that this request brings, the first time that it is asked for."""
    # Beside the request and not in `g`: work that is done inside a request has a `g` of its own.
    if _CLAIMED_FORM_KEY in request.environ:
        return None
    request.environ[_CLAIMED_FORM_KEY] = None
    return _request_fingerprint()


def _release_refused_form(response: Response) -> Response:
    """A form that is shown again with what is wrong in it has done nothing: sent once more as it is, it may do so."""
    if response.status_code == FORM_REFUSED_STATUS and (sent := request.environ.get(_CLAIMED_FORM_KEY)) is not None:
        with unit_of_work() as session:
            release_form(session, sent)
    return response


def refuse_duplicate_form() -> None:
    """Raise AlreadySentError for a form that was kept before: what it would do now must not be said to be a mistake."""
    sent = _request_fingerprint()
    if sent is not None and was_form_sent(row_source(), sent):
        raise FormAlreadySentError


def _request_fingerprint() -> str | None:
    """That of the form which this request brings; None if it has no key."""
    key = request.form.get(FORM_KEY_FIELD, "") if request.method == "POST" else ""
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        return None
    files = []
    for file in request.files.values():
        files.append(file.read())
        file.seek(0)
    return form_fingerprint(key, request.path, request.form.items(multi=True), files)


def publish_after_response(event: object) -> None:
    """Publish an event once the page is made, in a transaction of its own that is kept.

    The only way in which a GET leaves anything: that somebody was shown something. If it cannot be kept, the page is
    not shown either.
    """
    g.setdefault("events", []).append(event)


def discard_request_state() -> None:
    """Forget what this request has read and was going to publish. What is asked for next begins anew."""
    g.pop("events", None)
    _close_read_session(None)


def _publish_events(response: Response) -> Response:
    if events := g.pop("events", None):
        _close_read_session(None)
        with unit_of_work() as session:
            for event in events:
                publish(session, event)
    return response


def _close_read_session(_error: BaseException | None) -> None:
    if (session := g.pop("db", None)) is not None:
        session.close()
    if g.pop("rows", None) is not None:
        g.pop("reading").__exit__(None, None, None)


@contextmanager
def read_only_session() -> Iterator[Session]:
    """A session for work beside the requests that changes nothing: on SQLite it keeps nobody from writing."""
    with (
        current_app.extensions[_SESSIONS_KEY].reading() as connection,
        ReadOnlySession(bind=connection, expire_on_commit=False) as session,
    ):
        yield session
