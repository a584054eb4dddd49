"""Addresses for programs that look after the server: whether the process answers, and whether it may be sent people."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from flask import Blueprint, Response, current_app, jsonify

from course.clock import now
from course.health.disk import disk_health
from course.health.queries import database_health
from course.health.rules import DatabaseHealth, Readiness, readiness
from course.schema_upgrade import newest_revision
from course.web.access import public
from course.web.app_state import app_state
from course.web.query_deadline import read_with_deadline
from course.web.unit_of_work import read_only_session

pages = Blueprint("health", __name__)
KEEP_SECONDS = 1.0  # an answer holds so long, so that nobody can keep the database busy by asking
DEADLINE_SECONDS = 2.0
_CACHE_KEY = "course.readiness"


class ReadinessCache:
    """The newest answer of this process. Of many who ask at once one looks, and the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._kept: Readiness | None = None

    def current(self) -> Readiness:
        """How this server stands, looked at within the last second."""
        with self._lock:
            if self._kept is None or time.monotonic() >= self._until:
                self._kept = _look()
                self._until = time.monotonic() + KEEP_SECONDS
            return self._kept


def _look() -> Readiness:
    database = read_with_deadline(_read_database, DEADLINE_SECONDS)
    return readiness(database, newest_revision(), disk_health())


def _read_database() -> DatabaseHealth:
    with read_only_session() as session:
        return database_health(session, app_state().config.secret_key, now())


def _answer(code: int, words: Mapping[str, str]) -> Response:
    response = jsonify(words)
    response.status_code = code
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/health/live")
@public
def live() -> Response:
    """The process answers. Nothing else is looked at: a process that answers need not be started anew."""
    return _answer(200, {"status": "live"})


@pages.get("/health/ready")
@public
def ready() -> Response:
    """Whether people may be sent to this server: 200 or 503, with one word for each part."""
    cache: ReadinessCache = current_app.extensions.setdefault(_CACHE_KEY, ReadinessCache())
    found = cache.current()
    return _answer(200 if found.is_ready else 503, {"status": found.status, **found.words})
