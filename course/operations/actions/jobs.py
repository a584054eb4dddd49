"""Cancelling a job, doing one again, and doing regular work at once, as audit events: for the page and for `flask jobs`."""

from __future__ import annotations

from course.audit.actions import record_event
from course.context import Context
from course.jobs import actions as jobs
from course.jobs import queries as job_queries
from course.jobs.rules import JobKind, JobRegistry, regular_key


def cancel_job(context: Context, registry: JobRegistry, job_id: int) -> bool:
    """Cancel a job that waits or runs; False if it has ended, or runs and is always finished."""
    known = job_queries.job(context.session, job_id)
    if known is None:
        return False
    states = registry.cancellable_states(known.kind)
    kind = jobs.cancel_job(context.session, job_id, context.now, states, registry.by_name.get(known.kind))
    return _record_job_event(context, "job.cancelled", job_id, kind)


def repeat_job(context: Context, registry: JobRegistry, job_id: int) -> bool:
    """Put a job that has ended into the queue again; False if it, or another one for the same, waits or runs, or if what
    it was asked for is not stored."""
    known = job_queries.job(context.session, job_id)
    kind = jobs.repeat_job(context.session, job_id, context.now) if known and registry.repeatable(known.kind) else None
    return _record_job_event(context, "job.repeated", job_id, kind)


def run_regular_job(context: Context, kind: JobKind) -> int | None:
    """Put a job of a regular kind into the queue now; returns its id. None, and nothing done, while one waits or runs."""
    job_id = jobs.enqueue(context, kind, {}, regular_key(kind.name))
    if job_id is not None:
        record_event(context, "job.started", ("job", job_id), {"kind": kind.name})
    return job_id


def _record_job_event(context: Context, what: str, job_id: int, kind: str | None) -> bool:
    if kind is None:
        return False
    record_event(context, what, ("job", job_id), {"kind": kind})
    return True
