"""Reading with a deadline, for the few pages that answer even if the database does not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request
from structlog.contextvars import bound_contextvars, get_contextvars

from course.db import storage_fault
from course.web.unit_of_work import give_up_reading

T = TypeVar("T")
DEADLINE_SECONDS = 3.0  # longer than a page ever waits for a database that works
_LATE_THREAD_KEY = "course.late_reading"


def read_with_deadline(read: Callable[[], T], seconds: float = DEADLINE_SECONDS) -> T | None:
    """The result of `read`; None if it fails, or if the database does not answer in time. Nothing else that this request
    reads waits for it then (see `give_up_reading`).

    `read` runs in a thread and a request context of its own, so its database connection is not that of this request. A
    thread that is late ends by itself once the database, its lock or the network gives up; until then no other request
    waits for the database here.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    late_thread: threading.Thread | None = app.extensions.get(_LATE_THREAD_KEY)
    if late_thread is not None and late_thread.is_alive():
        give_up_reading()
        return None
    environ, results = dict(request.environ), list[T]()
    log_values = get_contextvars()

    def run() -> None:
        with app.request_context(environ), bound_contextvars(**log_values):
            try:
                results.append(read())
            except Exception as error:
                fault = storage_fault(error)
                words = fault or type(error).__name__
                logging.getLogger("course").warning("the database did not answer: %s", words, exc_info=fault is None)

    thread = threading.Thread(target=run, name="reading with a deadline", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        app.extensions[_LATE_THREAD_KEY] = thread
    if not results:
        give_up_reading()
        return None
    return results[0]
