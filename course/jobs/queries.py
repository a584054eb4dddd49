"""The jobs that wait, run and have ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, or_, select
from sqlalchemy.orm import Session

from course.jobs.models import Job
from course.jobs.rules import LEASE, MAX_WAIT, OPEN_STATES, JobState, Lane


@dataclass(frozen=True)
class JobView:
    """A job as administrators see it (see Job); its arguments are not part of it."""

    id: int
    kind: str
    made_by: int | None
    state: JobState
    stage: str
    done: int
    total: int
    attempts: int
    claimed_by: str | None
    failure: str | None
    due_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in OPEN_STATES

    @property
    def changed_at(self) -> datetime:
        """Since when the job is in its state: it was put into the queue, begun, or ended."""
        return self.ended_at or (self.started_at if self.state == "running" else None) or self.created_at


_VIEW = select(*(getattr(Job, one.name) for one in fields(JobView)))


def latest_jobs(
    session: Session,
    limit: int = 50,
    states: Collection[JobState] = (),
    before: int | None = None,
    regular: bool | None = None,
    kind: str | None = None,
) -> list[JobView]:
    """The newest jobs, newest first: in one of these states, below the id `before`, regular ones or the others, of one kind."""
    terms = [
        *([Job.state.in_(states)] if states else []),
        *([Job.id < before] if before else []),
        *([Job.due_at.is_not(None) if regular else Job.due_at.is_(None)] if regular is not None else []),
        *([Job.kind == kind] if kind else []),
    ]
    rows = session.execute(_VIEW.where(*terms).order_by(Job.id.desc()).limit(limit))
    return [JobView(*row) for row in rows]


def job(session: Session, job_id: int) -> JobView | None:
    """One job; None if there is none of that id."""
    row = session.execute(_VIEW.where(Job.id == job_id)).one_or_none()
    return JobView(*row) if row else None


def newest_job_of_key(session: Session, kind: str, key: str) -> JobView | None:
    """The newest job of a kind with that key, whatever its state is; None if there is none."""
    rows = session.execute(_VIEW.where(Job.kind == kind, Job.key == key).order_by(Job.id.desc()).limit(1))
    return next((JobView(*row) for row in rows), None)


class Outcome(NamedTuple):
    """When a regular job ended, and what it found (see actions.keep_outcome)."""

    ended_at: datetime
    found: dict[str, Any]


def newest_outcome(kind: str) -> ScalarSelect[int]:
    """The id of the newest job of a kind that is done, as part of a statement."""
    done = select(Job.id).where(Job.kind == kind, Job.state == "done")
    return done.order_by(Job.id.desc()).limit(1).correlate(None).scalar_subquery()


def open_job_id(session: Session, key: str) -> int | None:
    """The job with that key that waits or runs; None if there is none."""
    return session.execute(select(Job.id).where(Job.key == key, Job.state.in_(OPEN_STATES))).scalar_one_or_none()


def claimable(lane: Lane, kinds: Collection[str], at: datetime) -> ColumnElement[bool]:
    """The condition on jobs that a worker may claim: those that wait, and those whose worker is lost. A job that waits for a
    moment long after any that can be given now was put into the queue by a clock that was wrong, and may begin, too."""
    may_begin = or_(Job.not_before <= at, Job.not_before > at + MAX_WAIT)
    return and_(Job.lane == lane, Job.kind.in_(kinds), or_(and_(Job.state == "waiting", may_begin), lease_lost(at)))


def lease_lost(at: datetime, jobs: type[Job] = Job) -> ColumnElement[bool]:
    """The condition on running `jobs` (the table or an alias) whose lease has ended. A lease that ends long after any that
    can be given now is from a clock that was wrong, and has ended, too."""
    return and_(jobs.state == "running", or_(jobs.lease_until <= at, jobs.lease_until > at + 5 * LEASE))


def has_claimable_job(session: Session, lane: Lane, kinds: Collection[str], at: datetime) -> bool:
    """Whether a worker may find something to claim. Reading needs no write lock, so idle workers hold up nobody."""
    return bool(session.execute(select(exists().where(claimable(lane, kinds, at)))).scalar_one())


def busy_workers(session: Session) -> list[str]:
    """The names of the workers that have jobs, as far as the database knows."""
    statement = select(Job.claimed_by).where(Job.state == "running", Job.claimed_by.is_not(None)).distinct()
    return [str(name) for name in session.execute(statement).scalars()]


def has_lost_job(session: Session, at: datetime) -> bool:
    """Whether the lease of some running job has ended."""
    return bool(session.execute(select(exists().where(lease_lost(at)))).scalar_one())


def has_regular_job(session: Session, kind: str, slot: datetime) -> bool:
    """Whether some worker has made the job of a regular kind for that interval."""
    return bool(session.execute(select(exists().where(Job.kind == kind, Job.due_at == slot))).scalar_one())
