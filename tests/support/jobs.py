"""Running the jobs that wait, in a test's own thread and on its own connection."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from course.clock import now
from course.jobs.worker import JobWorker
from course.server.jobs import REGISTRY
from course.web.unit_of_work import read_only_session

# Asked after each form that a test sends: the worker's own questions take ten times as long.
ANY_JOB = text("select exists (select 1 from job where state in ('waiting', 'running'))")


def run_waiting_jobs(app: Flask) -> int:
    """Run all jobs that wait now, as a worker would; returns how many were run."""
    with app.app_context(), read_only_session() as session:
        if not session.execute(ANY_JOB).scalar_one():
            return 0
    return JobWorker(app, "test", REGISTRY, now, lease=timedelta(minutes=1)).run_waiting()
