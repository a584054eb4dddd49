"""Cancelling a job, and doing one again, as audit events."""

from __future__ import annotations

from collections.abc import Collection

from course.audit.actions import record_event
from course.context import Context
from course.jobs import actions as jobs
from course.jobs.rules import JobState


def cancel_job(context: Context, job_id: int, states: Collection[JobState]) -> bool:
    """Cancel a job that is in one of these states; False if it is not."""
    return _record_job_event(
        context, "job.cancelled", job_id, jobs.cancel_job(context.session, job_id, context.now, states)
    )


def repeat_job(context: Context, job_id: int) -> bool:
    """Put a job that has ended into the queue again; False if it, or another one for the same, waits or runs."""
    return _record_job_event(context, "job.repeated", job_id, jobs.repeat_job(context.session, job_id, context.now))


def _record_job_event(context: Context, what: str, job_id: int, kind: str | None) -> bool:
    if kind is None:
        return False
    record_event(context, what, ("job", job_id), {"kind": kind})
    return True
