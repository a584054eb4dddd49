"""Running the jobs that wait, in a test's own thread and on its own connection."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from course.clock import now
from course.jobs.worker import JobWorker
from course.server.jobs import REGISTRY


def run_waiting_jobs(app: Flask) -> int:
    """Run all jobs that wait now, as a worker would; returns how many were run."""
    return JobWorker(app, "test", REGISTRY, now, lease=timedelta(minutes=1)).run_waiting()
