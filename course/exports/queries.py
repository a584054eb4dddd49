"""The files that somebody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from course.exports.models import Download
from course.exports.rules import RETENTION_PERIODS, ExportState, download_state, export_key
from course.jobs.models import Job
from course.jobs.queries import open_job_id
from course.jobs.rules import JobState


@dataclass(frozen=True)
class DownloadView:
    """A file without its bytes (see Download), and how far the job that makes it has come (see Job)."""

    id: int
    kind: str
    made_by: int
    made_at: datetime
    team_id: int | None
    day: date
    asked: str
    people: int | None
    sha256: str | None
    stage: str | None
    done: int | None
    total: int | None
    job_state: JobState | None
    failure: str | None

    def state(self, at: datetime) -> ExportState:
        """running, failed, ready or gone."""
        return download_state(self.kind, self.made_at, self.job_state, at)

    @property
    def until(self) -> datetime:
        """When the file is removed."""
        return self.made_at + RETENTION_PERIODS[self.kind]


_VIEW_QUERY: Select[*tuple[Any, ...]] = select(
    Download.id, Download.kind, Download.made_by, Download.made_at, Download.team_id, Download.day, Download.asked,
    Download.people, Download.sha256, Job.stage, Job.done, Job.total, Job.state, Job.failure,
).outerjoin(Job, Job.id == Download.job_id)  # fmt: skip


def downloads(session: Session, person_id: int, kind: str, limit: int = 20) -> list[DownloadView]:
    """The files of a kind that somebody asked for, the newest first."""
    theirs = _VIEW_QUERY.where(Download.made_by == person_id, Download.kind == kind)
    return [DownloadView(*row) for row in session.execute(theirs.order_by(Download.id.desc()).limit(limit))]


def download(session: Session, person_id: int, download_id: int) -> DownloadView | None:
    """A file that somebody asked for; None if somebody else did."""
    row = session.execute(_VIEW_QUERY.where(Download.id == download_id, Download.made_by == person_id)).one_or_none()
    return DownloadView(*row) if row else None


def download_of_job(session: Session, job_id: int) -> DownloadView | None:
    """The file that a job makes; None if it is not kept any more."""
    row = session.execute(_VIEW_QUERY.where(Download.job_id == job_id)).one_or_none()
    return DownloadView(*row) if row else None


def unfinished_id(session: Session, person_id: int, kind: str) -> int | None:
    """The file of a kind that is being made for somebody; None if there is none."""
    job_id = open_job_id(session, export_key(kind, person_id))
    return (
        session.execute(select(Download.id).where(Download.job_id == job_id)).scalar_one_or_none() if job_id else None
    )


def file_content(session: Session, download_id: int) -> bytes | None:
    """The file itself; None if it is not made yet, or was removed."""
    return session.execute(select(Download.content).where(Download.id == download_id)).scalar_one_or_none()
