"""The figures of the queues and of the database for a monitoring program, read when it asks (see web/metrics)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from course.health.queries import job_counts
from course.jobs.rules import JobState
from course.mail.queries import outbox_summary
from course.web.app_state import app_state
from course.web.metrics import add_collector
from course.web.unit_of_work import read_only_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client.metrics_core import Metric

_LOG = logging.getLogger("course")
JOB_STATES: tuple[JobState, ...] = ("waiting", "running", "done", "failed", "cancelled")


def init(app: Flask, clock: Callable[[], datetime]) -> None:
    """Add the figures to those of requests."""
    add_collector(app, lambda: _figures(clock()))


def _figures(at: datetime) -> Iterable[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge  # noqa: PLC0415

    pool = app_state().engine.pool
    if isinstance(pool, QueuePool):
        yield Gauge("course_database_connections_used", "Connections of this process in use.", pool.checkedout())
        yield Gauge("course_database_connections_kept", "Connections that this process keeps open.", pool.size())
    try:
        with read_only_session() as session:
            mail, jobs = outbox_summary(session, at), job_counts(session)
    except SQLAlchemyError:
        _LOG.warning("the database did not answer for the metrics", exc_info=True)
        yield Gauge("course_database_up", "Whether the database answers.", 0)
        return
    yield Gauge("course_database_up", "Whether the database answers.", 1)
    states = Gauge("course_mail", "Mails of the outbox that are not settled.", labels=["state"])
    for state, count in (("waiting", mail.waiting), ("failed", mail.failed), ("unknown", mail.unknown)):
        states.add_metric([state], count)
    yield states
    late = max(0.0, (at - mail.due_since).total_seconds()) if mail.due_since else 0.0
    yield Gauge("course_mail_late_seconds", "How long the oldest mail that is due has waited.", late)
    kinds = Gauge("course_jobs", "Background jobs.", labels=["state"])
    for name in JOB_STATES:
        kinds.add_metric([name], jobs.get(name, 0))
    yield kinds
