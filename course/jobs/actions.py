"""Putting jobs into the queue, claiming them, and recording what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from course.context import Context, make_context
from course.db import insert_once, lock_name
from course.jobs.models import Job
from course.jobs.queries import claimable, lease_lost
from course.jobs.rules import (
    CANCELLED,
    JOB_RETENTION,
    LEASE,
    OPEN_STATES,
    REGULAR_JOB_RETENTION,
    WAITING_STAGE,
    WORKER_LOST,
    Claim,
    ClaimedJob,
    JobKind,
    JobLostError,
    JobState,
    Lane,
    lease_end,
    regular_key,
)
from course.translation import gettext as _


def enqueue(
    context: Context, kind: JobKind, arguments: Mapping[str, Any], key: str | None = None
) -> int | None:  # fmt: skip
    """Put a job into the queue; returns its id. None, and nothing done, if one with that key waits or runs."""
    return _insert(context, kind, arguments, key, None)


def enqueue_regular(session: Session, kind: JobKind, slot: datetime, at: datetime) -> bool:
    """Make the job of a regular kind for the interval that begins at `slot`; False if some worker has made it, or the one
    of an earlier interval still waits or runs."""
    return _insert(make_context(session, None, at), kind, {}, regular_key(kind.name), slot) is not None


def _insert(
    context: Context, kind: JobKind, arguments: Mapping[str, Any], key: str | None, slot: datetime | None
) -> int | None:
    return insert_once(
        context.session, Job, kind=kind.name, lane=kind.lane, arguments=dict(arguments), made_by=context.actor, key=key,
        due_at=slot, state="waiting", stage=WAITING_STAGE, done=0, total=1, attempts=0, claims=0, not_before=context.now,
        created_at=context.now,
    )  # fmt: skip


def claim_job(
    session: Session, lane: Lane, kinds: Collection[JobKind], worker: str, at: datetime, lease: timedelta = LEASE
) -> ClaimedJob | None:
    """Claim the job of a lane that has waited longest; None if there is none that may begin now.

    SQLite: one UPDATE under the only write lock. PostgreSQL: the same UPDATE over a row that is taken with FOR UPDATE
    SKIP LOCKED; the limits of kinds and people are counted, so claims come one after the other (`lock_name`).
    """
    lock_name(session, "claiming a job")
    statement = (
        update(Job)
        .where(Job.id == _next_job(lane, kinds, at).correlate(None).scalar_subquery())
        .values(
            state="running", claimed_by=worker[:200], claims=Job.claims + 1, attempts=Job.attempts + 1,
            lease_until=lease_end(at, lease), started_at=func.coalesce(Job.started_at, at), failure=None,
        )
        .returning(Job.id, Job.claims, Job.attempts, Job.kind, Job.arguments, Job.made_by)
    )  # fmt: skip
    row = session.execute(statement, execution_options={"synchronize_session": False}).one_or_none()
    if row is None:
        return None
    return ClaimedJob(Claim(row.id, row.claims, row.attempts), row.kind, row.arguments, row.made_by)


def _next_job(lane: Lane, kinds: Collection[JobKind], at: datetime) -> Select[*tuple[Any, ...]]:
    """The job to claim: waiting or lost, within the limits of its kind and of its owner."""
    other = aliased(Job)
    running = select(func.count()).where(
        other.kind == Job.kind, other.state == "running", other.id != Job.id, ~lease_lost(at, other)
    )
    at_once = case({kind.name: kind.at_once for kind in kinds}, value=Job.kind, else_=1)
    per_person = case({kind.name: kind.per_person for kind in kinds}, value=Job.kind, else_=1)
    attempts = case({kind.name: kind.attempts for kind in kinds}, value=Job.kind, else_=1)
    return (
        select(Job.id)
        .where(
            claimable(lane, [kind.name for kind in kinds], at),
            Job.attempts < attempts,
            running.correlate(Job).scalar_subquery() < at_once,
            or_(
                Job.made_by.is_(None),
                running.where(other.made_by == Job.made_by).correlate(Job).scalar_subquery() < per_person,
            ),
        )
        .order_by(Job.not_before, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Job)
    )


def end_leases(session: Session, names: Collection[str], at: datetime) -> int:
    """The workers of these names have died: others may claim their jobs at once. Returns how many jobs they had."""
    held = Job.state == "running", Job.claimed_by.in_(names), Job.lease_until > at
    return len(session.execute(update(Job).where(*held).values(lease_until=at).returning(Job.id)).all())


def fail_lost_jobs(session: Session, kinds: Collection[JobKind], at: datetime) -> int:
    """Give up the jobs whose worker died at each attempt that they may have; returns how many."""
    count = 0
    for kind in kinds:
        values = {"state": "failed", "failure": WORKER_LOST, "ended_at": at, **_erased(kind)}
        lost = update(Job).where(Job.kind == kind.name, Job.attempts >= kind.attempts, lease_lost(at))
        count += len(session.execute(lost.values(**values).returning(Job.id)).all())
    return count


def _erased(kind: JobKind) -> dict[str, Any]:
    return {"arguments": {}} if kind.erases_arguments else {}


def _update_claim(session: Session, claim: Claim, **values: Any) -> bool:
    """Change a job that this claim still holds; False if it does not."""
    held = Job.id == claim.job_id, Job.claims == claim.number, Job.state == "running"
    return session.execute(update(Job).where(*held).values(**values).returning(Job.id)).first() is not None


def renew_lease(session: Session, claim: Claim, at: datetime, lease: timedelta = LEASE) -> bool:
    """The worker is alive; False if the job is no longer its own."""
    return _update_claim(session, claim, lease_until=lease_end(at, lease))


def report_progress(session: Session, claim: Claim, stage: str, done: int, total: int) -> bool:
    """Record how far a job has come; False if it is no longer this worker's."""
    return _update_claim(session, claim, stage=stage[:100], done=done, total=total)


def finish_job(session: Session, kind: JobKind, claim: Claim, at: datetime) -> bool:
    """The job is done; False if it is no longer this worker's (or was finished before)."""
    values = {
        "state": "done",
        "stage": _("Ready"),
        "ended_at": at,
        "lease_until": None,
        "done": Job.total,
        **_erased(kind),
    }
    return _update_claim(session, claim, **values)


def finish_with_result(session: Session, kind: JobKind, claim: Claim, at: datetime) -> None:
    """Finish a job in the transaction that stores its result, so that a result is stored exactly once. Raises
    JobLostError, for the transaction to be undone, if the job is no longer this worker's."""
    if not finish_job(session, kind, claim, at):
        raise JobLostError


def keep_outcome(session: Session, claim: Claim, outcome: Mapping[str, Any]) -> None:
    """Keep what a regular job found in its row, where others keep what they were asked for, as long as it is listed. Raises
    JobLostError if the job is no longer this worker's."""
    if not _update_claim(session, claim, arguments=dict(outcome)):
        raise JobLostError


def fail_job(session: Session, kind: JobKind, claim: Claim, failure: str, at: datetime) -> bool:
    """The job has failed for good, for a reason in words; False if it is no longer this worker's."""
    values = {"state": "failed", "failure": failure[:500], "ended_at": at, "lease_until": None, **_erased(kind)}
    return _update_claim(session, claim, **values)


def release_job(session: Session, claim: Claim, not_before: datetime, costs_attempt: bool) -> bool:
    """Put a job back into the queue; False if it is no longer this worker's."""
    attempts = claim.attempt if costs_attempt else claim.attempt - 1
    values = {"state": "waiting", "stage": WAITING_STAGE, "done": 0, "lease_until": None, "claimed_by": None}
    return _update_claim(session, claim, not_before=not_before, attempts=attempts, **values)


def cancel_job(
    session: Session, job_id: int, at: datetime, states: Collection[JobState] = OPEN_STATES, kind: JobKind | None = None
) -> str | None:
    """Cancel a job that is in one of these states; returns its kind. None, and nothing done, if it is not. A worker that
    runs it notices at its next report of progress, and stores nothing. `kind` says whether its arguments go."""
    values = {"state": "cancelled", "failure": CANCELLED, "ended_at": at, "lease_until": None}
    cancelling = update(Job).where(Job.id == job_id, Job.state.in_(states)).returning(Job.kind)
    row = session.execute(cancelling.values(**values, **(_erased(kind) if kind else {}))).first()
    return None if row is None else str(row.kind)


def repeat_job(session: Session, job_id: int, at: datetime) -> str | None:
    """Put a job that has ended into the queue again, as it was asked for; returns its kind. None, and nothing done, if it
    waits or runs, or if a job with the same key does."""
    values = {
        "state": "waiting", "stage": WAITING_STAGE, "done": 0, "total": 1, "attempts": 0, "failure": None,
        "not_before": at, "started_at": None, "ended_at": None, "lease_until": None, "claimed_by": None,
    }  # fmt: skip
    statement = update(Job).where(Job.id == job_id, Job.state.not_in(OPEN_STATES)).values(values).returning(Job.kind)
    try:
        with session.begin_nested():
            row = session.execute(statement).first()
    except IntegrityError:
        return None
    return None if row is None else str(row.kind)


def delete_old_jobs(session: Session, at: datetime) -> None:
    """Delete jobs that ended long ago; regular ones earlier, because there are so many."""
    session.execute(
        delete(Job).where(
            or_(
                Job.ended_at <= at - JOB_RETENTION,
                (Job.ended_at <= at - REGULAR_JOB_RETENTION) & Job.due_at.is_not(None),
            )
        )
    )
