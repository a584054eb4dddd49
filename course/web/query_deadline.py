"""Reading with a deadline, for the few pages that answer also when the database does not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

T = TypeVar("T")
DEADLINE_SECONDS = 3.0  # longer than a page ever waits for a database that works
_LATE_THREAD_KEY = "course.late_reading"


def read_with_deadline(read: Callable[[], T], seconds: float = DEADLINE_SECONDS) -> T | None:
    """What `read` returns; None if it fails, or if the database does not answer in time.

    It runs in a thread and a request context of its own, so its database connection is not this request's. A thread
    that is late ends by itself once the database, its lock or the network gives up; until then nobody else waits.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    late: threading.Thread | None = app.extensions.get(_LATE_THREAD_KEY)
    if late is not None and late.is_alive():
        return None
    environ, found = dict(request.environ), list[T]()

    def run() -> None:
        try:
            with app.request_context(environ):
                found.append(read())
        except Exception:
            logging.getLogger("course").warning("the database did not answer", exc_info=True)

    thread = threading.Thread(target=run, name="reading with a deadline", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        app.extensions[_LATE_THREAD_KEY] = thread
    return found[0] if found else None
