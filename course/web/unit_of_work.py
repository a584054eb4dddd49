"""Reading and writing in a request, a command or a job. This is the only module that commits.

A request reads on a connection that takes no write lock, and writes in one short unit of work:

    found = queries.something(db(), …)                 # before: read, check, hash, fetch, render
    with unit_of_work() as session:                    # then write, in one short transaction
        actions.something(signed_in_context(session), found, …)
    return redirect_after_post(…)                      # what was written is committed from here on

A unit of work commits when its block ends, and rolls back if the block raises. Nothing slow may happen inside;
`assert_outside_unit_of_work` in course/db.py refuses it in tests.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from course.clock import now
from course.context import OWN_ROLES_KEY, Context, make_context
from course.db import (
    ReadOnlySession,
    RowSource,
    is_lock_failure,
    make_session_factory,
    storage_fault,
    unit_of_work_open,
)
from course.events import publish
from course.read_replica import ReadReplica
from course.request_turns import come_back
from course.web.current import this_app, this_g, this_request, this_user
from course.web.duplicate_forms import claim_request_form, confirm_claim, is_form_claimed, release_request_form

_LOG = logging.getLogger("course")
_SESSIONS_KEY = "course.sessions"
_COMMITTED_KEY = "course.committed"  # in the WSGI environment of a request
FORM_REFUSED_STATUS = 422  # the status of a form that is shown again with its errors
# How long a request waits for the locks of other transactions, before it answers that the course is busy. Commands and
# jobs, for which nobody waits at a page, have the longer time of their connection.
REQUEST_LOCK_SECONDS = 5.0
BRIEF_LOCK_SECONDS = 0.01  # how long a page waits for what need not be recorded now
WriteSession = Session  # the session of a unit of work, as views name it: they do not import SQLAlchemy


class SilentDatabaseError(SQLAlchemyError):
    """The database was asked in this request, and did not answer in time."""


@dataclass(frozen=True)
class SessionFactories:
    """`writing` makes sessions that write, `reading` connections that only read: these take no write lock on SQLite.
    `reading_in_request` makes those of requests, which wait for locks as long as a request may: on PostgreSQL a migration or
    a maintenance command of the database can lock a table against readers as well."""

    writing: sessionmaker[Session]
    reading: Callable[[], AbstractContextManager[Connection]]
    reading_in_request: Callable[[], AbstractContextManager[Connection]]
    replica: ReadReplica | None = None  # for pages and jobs that read a lot


def session_factories(engine: Engine, info: Mapping[str, Any], replica: Engine | None = None) -> SessionFactories:
    """What makes the sessions of an engine. Each session carries `info`. `replica` is a standby of the database."""
    return SessionFactories(
        make_session_factory(engine, info),
        engine.execution_options(writes=False).connect,
        engine.execution_options(writes=False, lock_seconds=REQUEST_LOCK_SECONDS).connect,
        ReadReplica(replica) if replica else None,
    )


def init(app: Flask, engine: Engine, info: Mapping[str, Any], replica: Engine | None = None) -> None:
    """Prepare the sessions of the application. Each session carries `info`. `replica` is a standby of the database."""
    app.extensions[_SESSIONS_KEY] = session_factories(engine, info, replica)
    app.after_request(_publish_events)
    app.after_request(_release_refused_form)
    app.teardown_request(_close_read_session)


def db() -> Session:
    """The session on which this request reads, which refuses to write. Inside a unit of work it is the session of the
    unit of work, which sees what was written."""
    kept = this_g()
    session: Session | None = kept.get("unit") or kept.get("db")
    if session is None:
        session = kept.db = ReadOnlySession(bind=_read_connection(), expire_on_commit=False, info=_session_info())
    return session


def row_source() -> RowSource:
    """What a query that returns rows and no objects runs on, in the same transaction as `db()`.

    A session keeps track of objects, which costs time on pages that only show rows.
    """
    unit: Session | None = this_g().get("unit")
    return _read_connection() if unit is None else unit


def read_from_replica() -> None:
    """Let this request read on the standby of DATABASE_READ_URL from here on, until it writes: for a page that reads a lot
    about many people. It sees all that was committed by now; without a standby that has come so far, nothing changes."""
    replica: ReadReplica | None = current_app.extensions[_SESSIONS_KEY].replica
    if replica is None or "unit" in g:
        return
    connection = replica.connect(_read_connection())
    if connection is not None:
        _close_read_session(None)
        g.reading, g.rows = connection, connection.execution_options(lock_seconds=REQUEST_LOCK_SECONDS)


def give_up_reading() -> None:
    """Let whatever else this request reads fail at once with SilentDatabaseError: the database did not answer in time, and a
    page that is shown all the same must not wait for it again."""
    this_g().database_is_silent = True


def _session_info() -> dict[str, Any]:
    info: dict[str, Any] = this_app().extensions[_SESSIONS_KEY].writing.kw["info"]
    return info


def _read_connection() -> Connection:
    kept = this_g()
    connection: Connection | None = kept.get("rows")
    if connection is None:
        if kept.get("database_is_silent"):
            raise SilentDatabaseError
        kept.reading = reading = this_app().extensions[_SESSIONS_KEY].reading_in_request()
        kept.rows = connection = reading.__enter__()
    return connection


@contextmanager
def unit_of_work(
    claim_form_key: bool = True, lock_seconds: float | None = None, durable: bool = True
) -> Iterator[Session]:
    """One write transaction of a request, a command or a job: committed when the block ends, rolled back if it raises.

    What was read before is read anew afterwards. The form of the request is claimed (see duplicate_forms) unless
    `claim_form_key` is False, for what is recorded whatever becomes of the form. In a request it waits for the locks of
    others for REQUEST_LOCK_SECONDS, or for `lock_seconds`. If its thread left its turn to wait (see request_turns), it takes
    one again only when the block has ended, so that nobody waits for what it has locked.

    With `durable` False the commit does not wait for the disk: after a loss of power it may be gone as a whole,
    unless a later one was durable. Only for what is derived from other facts and found to be missing. If pages read on a
    standby it waits all the same, because a standby is sent only what the primary has on its disk.

    Raises RuntimeError inside another unit of work, FormAlreadySentError for a form that was sent twice, and
    OperationalError if the locks of other transactions last too long (see is_lock_failure).
    """
    if unit_of_work_open.get():
        raise RuntimeError("a unit of work is open already")
    in_request = has_request_context()
    if in_request:
        _close_read_session(None)
    factories: SessionFactories = this_app().extensions[_SESSIONS_KEY]
    session = factories.writing()
    token = unit_of_work_open.set(True)
    kept = this_g()
    if in_request:
        kept.unit = session
    try:
        fingerprint = None
        options: dict[str, Any] = {} if durable or factories.replica else {"durable": False}
        if in_request:
            options["lock_seconds"] = lock_seconds or REQUEST_LOCK_SECONDS
        if options:
            session.connection(execution_options=options)
        if in_request:
            fingerprint = claim_request_form(session) if claim_form_key else None
        yield session
        session.commit()
        if in_request:
            confirm_claim(fingerprint)
            kept.own_roles_changed = kept.get("own_roles_changed", False) or session.info.get(OWN_ROLES_KEY, False)
            this_request().environ[_COMMITTED_KEY] = True
    except BaseException:
        session.rollback()
        raise
    finally:
        if in_request:
            kept.pop("unit", None)
        unit_of_work_open.reset(token)
        session.close()
        come_back()


def has_committed() -> bool:
    """Whether a unit of work of this request is committed, even if it found nothing to change."""
    return bool(request.environ.get(_COMMITTED_KEY))


def signed_in_context(session: Session, at: datetime | None = None) -> Context:
    """The context in which the signed-in person acts in this unit of work; `at` is the moment, if a view has asked for
    the time already. What a deputy does there is recorded with the manager for whom it is done."""
    user = this_user()
    context = make_context(session, int(user.person.id), at or now(), user.sitting)
    return replace(context, managers_of=user.managers_of) if user.person.acts else context


def write_if_free(write: Callable[[Session], object]) -> bool:
    """Write in a unit of work of a page that only reads, unless the database is busy; whether it was written. Only for what
    can be recorded at another time: the page must not wait for it."""
    try:
        with unit_of_work(claim_form_key=False, lock_seconds=BRIEF_LOCK_SECONDS) as session:
            write(session)
    except DBAPIError as error:
        if not is_lock_failure(error) and storage_fault(error) is None:
            raise
        _LOG.warning("the database takes nothing: what a page would have recorded is left for another time")
        return False
    return True


def _release_refused_form(response: Response) -> Response:
    """Release a form that is shown again with its errors: the form changed nothing, and may be sent again as it is."""
    if response.status_code == FORM_REFUSED_STATUS and is_form_claimed():
        try:
            with unit_of_work() as session:
                release_request_form(session)
        except DBAPIError as error:
            # Showing the form with what was entered is worth more than the release.
            if not is_lock_failure(error) and storage_fault(error) is None:
                raise
            _LOG.warning("a refused form was not released: the database takes nothing")
    return response


def publish_after_response(event: object) -> None:
    """Publish an event once the page is rendered, in a transaction of its own.

    This is the only way for a GET to write: that a person was shown something. If it cannot be written, the page is
    not shown either.
    """
    g.setdefault("events", []).append(event)


def discard_request_state() -> None:
    """Close the read transaction of this request, and drop the events that it was going to publish."""
    g.pop("events", None)
    _close_read_session(None)


def _publish_events(response: Response) -> Response:
    if events := this_g().pop("events", None):
        _close_read_session(None)
        with unit_of_work() as session:
            for event in events:
                publish(session, event)
    return response


def _close_read_session(_error: BaseException | None) -> None:
    kept = this_g()
    if (session := kept.pop("db", None)) is not None:
        session.close()
    if kept.pop("rows", None) is not None:
        kept.pop("reading").__exit__(None, None, None)


@contextmanager
def read_only_session(snapshot: bool = False, replica: bool = False) -> Iterator[Session]:
    """A session that changes nothing and is not the one of the request; on SQLite it blocks no writer. In a request it
    waits for locks as long as the request may, elsewhere without a limit.

    On PostgreSQL each statement sees what is committed by then; with `snapshot` all of them see what was committed when the
    first one ran, as on SQLite always. Only then can rows be fetched in parts (yield_per). With `replica` it reads on the
    standby of DATABASE_READ_URL if there is one (see `read_from_replica`).
    """
    with (
        _replica_or_primary(replica) as connection,
        ReadOnlySession(
            bind=connection.execution_options(snapshot=True) if snapshot else connection,
            expire_on_commit=False,
            info=_session_info(),
        ) as session,
    ):
        yield session


@contextmanager
def _replica_or_primary(replica: bool) -> Iterator[Connection]:
    factories: SessionFactories = current_app.extensions[_SESSIONS_KEY]
    reading = factories.reading_in_request if has_request_context() else factories.reading
    if replica and factories.replica is not None:
        with reading() as primary:
            connection = factories.replica.connect(primary)
        if connection is not None:
            with connection:
                yield connection
            return
    with reading() as connection:
        yield connection
