"""Cancelling a job, doing one again, and doing regular work at once, as audit events: for the page and for `flask jobs`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.jobs import actions as jobs
from course.jobs import queries as job_queries
from course.jobs.rules import JobKind, JobRegistry, regular_key


def cancel_job(session: Session, registry: JobRegistry, job_id: int, by: int | None, at: datetime) -> bool:
    """Cancel a job that waits or runs; False if it has ended, or runs and is always finished. `by` is the person (None: a
    command)."""
    known = job_queries.job(session, job_id)
    kind = jobs.cancel_job(session, job_id, at, registry.cancellable_states(known.kind)) if known else None
    return _record_job_event(session, "job.cancelled", job_id, kind, by, at)


def repeat_job(session: Session, registry: JobRegistry, job_id: int, by: int | None, at: datetime) -> bool:
    """Put a job that has ended into the queue again; False if it, or another one for the same, waits or runs, or if what
    it was asked for is not stored. `by` is the person (None: a command)."""
    known = job_queries.job(session, job_id)
    kind = jobs.repeat_job(session, job_id, at) if known and registry.repeatable(known.kind) else None
    return _record_job_event(session, "job.repeated", job_id, kind, by, at)


def run_regular_job(session: Session, kind: JobKind, by: int | None, at: datetime) -> int | None:
    """Put a job of a regular kind into the queue now; returns its id. None, and nothing done, while one waits or runs."""
    job_id = jobs.enqueue(session, kind, {}, by, at, regular_key(kind.name))
    if job_id is not None:
        record_event(session, "job.started", ("job", job_id), {"kind": kind.name}, by, at)
    return job_id


def _record_job_event(session: Session, what: str, job_id: int, kind: str | None, by: int | None, at: datetime) -> bool:
    if kind is None:
        return False
    record_event(session, what, ("job", job_id), {"kind": kind}, by, at)
    return True
