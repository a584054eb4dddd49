"""The log: JSON lines on standard error, one for each request; every line and every traceback that is written while a
request is answered carries the id of the request, which its response and its error page carry too.

A line says nothing about anybody: not who asked (the audit log says who did what), not from where, and of the address only
the rule of the route, since addresses hold numbers of people, of certificates, and secrets of links.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from functools import cache

import structlog
from flask import Flask, Response, g, request
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict
from werkzeug.routing import Rule

from course.clock import now
from course.web.current import this_g, this_request

# A person who looks for help with a child leaves no trace in the log. A program that looks whether the server answers, every
# few seconds, would fill it.
UNLOGGED_ENDPOINTS = frozenset({
    "organisation.concern", "organisation.first_hour", "organisation.address_book", "health.live", "health.ready",
})  # fmt: skip
UNKNOWN_ROUTE = "(none)"  # an address that no page has: what was typed there may be anything
_CONVERTER = re.compile(r"<[^<>:]+:")
_LOGGERS = ("course", "waitress")


def request_route() -> str:
    """The route of this request for the log and for figures, such as /people/<person_id>: never what stood in its place."""
    return _route(request.url_rule)


def _route(rule: Rule | None) -> str:
    return _route_of_pattern(rule.rule) if rule is not None else UNKNOWN_ROUTE


@cache
def _route_of_pattern(pattern: str) -> str:
    return _CONVERTER.sub("<", pattern)


class RequestLine(str):
    """A line of the log that is JSON already. There is one for each request, and none of the processors below adds to it."""

    __slots__ = ()


class _Formatter(ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return record.msg if isinstance(record.msg, RequestLine) else super().format(record)


def _time_of_line() -> str:
    """The time in UTC, to the millisecond."""
    return f"{now().replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _add_time(_logger: object, _name: str, line: EventDict) -> EventDict:
    return {"at": _time_of_line(), **line}


def log_formatter() -> ProcessorFormatter:
    """One JSON object a line: `at` (UTC), `event`, `level`, the `request` id if there is one, and `exception` with the
    traceback."""
    return _Formatter(
        foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, _add_time],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def init(app: Flask) -> None:
    """Log each request, except those of UNLOGGED_ENDPOINTS."""
    for name in _LOGGERS:
        _add_handler(logging.getLogger(name))
    log = logging.getLogger("course")

    @app.before_request
    def start() -> None:
        kept = this_g()
        kept.started = time.perf_counter()
        kept.request_id = secrets.token_hex(6)
        structlog.contextvars.clear_contextvars()
        bind_request_id()

    @app.after_request
    def log_request(response: Response) -> Response:
        request, kept = this_request(), this_g()
        request_id = kept.get("request_id", "")
        response.headers["X-Request-Id"] = request_id
        if request.endpoint not in UNLOGGED_ENDPOINTS and app.config.get("LOG_REQUESTS", True):
            milliseconds = (time.perf_counter() - kept.get("started", time.perf_counter())) * 1000
            line = {"at": _time_of_line(), "method": request.method, "route": _route(request.url_rule),
                    "status": response.status_code, "ms": round(milliseconds, 1), "event": "request",
                    "request": request_id}  # fmt: skip
            if log.isEnabledFor(logging.INFO):
                words = RequestLine(json.dumps(line, ensure_ascii=False))
                log.handle(log.makeRecord(log.name, logging.INFO, __file__, 0, words, (), None))
        return response

    @app.teardown_request
    def forget_request_id(_error: BaseException | None) -> None:
        # The thread goes on to other requests.
        structlog.contextvars.clear_contextvars()


def bind_request_id() -> None:
    """Let each line that is logged from here on carry the id of this request."""
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _add_handler(log: logging.Logger) -> None:
    if log.handlers:
        return
    if log.name == "course":
        log.setLevel(logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(log_formatter())
    log.addHandler(handler)
    log.propagate = False
