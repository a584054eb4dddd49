"""Cancelling a job, and doing one again, as audit events."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.jobs import actions as jobs
from course.jobs.rules import JobState


def cancel_job(session: Session, job_id: int, states: Collection[JobState], by: int, at: datetime) -> bool:
    """Cancel a job that is in one of these states; False if it is not."""
    return _record_job_event(session, "job.cancelled", job_id, jobs.cancel_job(session, job_id, at, states), by, at)


def repeat_job(session: Session, job_id: int, by: int, at: datetime) -> bool:
    """Put a job that has ended into the queue again; False if it, or another one for the same, waits or runs."""
    return _record_job_event(session, "job.repeated", job_id, jobs.repeat_job(session, job_id, at), by, at)


def _record_job_event(session: Session, what: str, job_id: int, kind: str | None, by: int, at: datetime) -> bool:
    if kind is None:
        return False
    record_event(session, what, ("job", job_id), {"kind": kind}, by, at)
    return True
