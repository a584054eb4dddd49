"""One JSON line for each request, with an id that its response carries too."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time

from flask import Flask, Response, g, request

# Somebody who looks for help with a child leaves no trace of it in the log.
UNLOGGED_ENDPOINTS = frozenset({"organisation.concern", "organisation.first_hour"})


def init(app: Flask) -> None:
    """Log each request to standard error, except those that nobody needs to know about."""
    log = logging.getLogger("course")
    log.setLevel(logging.INFO)
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        log.propagate = False

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        g.request_id = secrets.token_hex(6)

    @app.after_request
    def line(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint not in UNLOGGED_ENDPOINTS and app.config.get("LOG_REQUESTS", True):
            took = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
            # The rule and not the address where the address is a secret: a link that lets somebody in.
            secret = request.url_rule is not None and "token" in (request.view_args or {})
            path = str(request.url_rule) if secret else request.path
            entry = {"request": g.get("request_id"), "method": request.method, "path": path,
                     "status": response.status_code, "ms": round(took, 1), "person": g.get("person_id")}  # fmt: skip
            log.info(json.dumps(entry))
        return response
