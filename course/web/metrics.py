"""Figures about requests for a monitoring program (Prometheus), on an address of their own.

Nothing is counted and nothing listens unless METRICS_ADDRESS is set. The address is never the one of the pages: whoever can
open it learns how many people use the course, and when. Each process counts for itself and listens for itself, at the
first free port from that of METRICS_ADDRESS on, so that nothing is shared between processes and each can be looked at.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from course.web.request_log import UNLOGGED_ENDPOINTS, request_route

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry

_LOG = logging.getLogger("course")
_EXTENSION_KEY = "course.metrics"
PORTS = 16  # how many processes of one machine can listen, each at a port of its own
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


@dataclass(frozen=True)
class RequestMetrics:
    """What is counted in this process, and where further figures are added. What is not logged is not counted either: in a
    small organisation a count tells when somebody looked for help."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram

    def record(self, endpoint: str | None, route: str, method: str, status: int, took: float) -> None:
        """Count one request that took so many seconds."""
        if endpoint in UNLOGGED_ENDPOINTS:
            return
        known = method if method in METHODS else "other"
        self.requests.labels(route, known, str(status)).inc()
        self.seconds.labels(route, known).observe(took)


class _CollectorOf:
    """A collector of `prometheus_client` that asks a function each time that the figures are read."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self.collect = collect

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: otherwise the function would be asked when it is registered."""
        return ()


def init(app: Flask) -> None:
    """Count requests from now on."""
    # Read here: a course without METRICS_ADDRESS does not need it.
    from prometheus_client import Counter, Histogram  # noqa: PLC0415
    from prometheus_client.registry import CollectorRegistry  # noqa: PLC0415

    registry = CollectorRegistry()
    metrics = RequestMetrics(
        registry,
        Counter("course_requests", "Requests that were answered.", ["route", "method", "status"], registry=registry),
        Histogram(
            "course_request_seconds", "Time until the answer was ready.", ["route", "method"],
            buckets=SECONDS, registry=registry,
        ),
    )  # fmt: skip
    app.extensions[_EXTENSION_KEY] = metrics

    @app.after_request
    def record(response: Response) -> Response:
        took = time.perf_counter() - g.get("started", time.perf_counter())
        metrics.record(request.endpoint, request_route(), request.method, response.status_code, took)
        return response


def add_collector(app: Flask, collect: Callable[[], Iterable[Metric]]) -> None:
    """Have a function give further figures, in an application context, each time that they are read."""
    metrics: RequestMetrics = app.extensions[_EXTENSION_KEY]

    def collect_in_context() -> Iterable[Metric]:
        with app.app_context():
            return list(collect())

    metrics.registry.register(_CollectorOf(collect_in_context))


def start_exporter(app: Flask, host: str, port: int) -> tuple[int, Callable[[], None]] | None:
    """Listen for the monitoring program at the first free port from `port` on; the port and what stops it. None if requests
    are not counted, or no port is free, which is logged and keeps no page from being served."""
    metrics: RequestMetrics | None = app.extensions.get(_EXTENSION_KEY)
    if metrics is None:
        return None
    from prometheus_client import start_http_server  # noqa: PLC0415

    for number in range(port, min(port + PORTS, 65536)):
        try:
            server, thread = start_http_server(number, host, metrics.registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                _LOG.error("METRICS_ADDRESS: cannot listen on %s (%s)", host, error.strerror)
                return None
            continue

        def stop() -> None:
            server.shutdown()  # noqa: B023 (returned in the same turn)
            server.server_close()  # noqa: B023
            thread.join()  # noqa: B023

        return number, stop
    _LOG.error("METRICS_ADDRESS: no port from %s to %s is free on %s", port, port + PORTS - 1, host)
    return None
