"""Asking for a file, storing it, and deleting it when it is too old."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from course.db import insert_once
from course.exports.models import Download
from course.exports.rules import RETENTION_PERIODS, export_key
from course.jobs.actions import enqueue, finish_with_result
from course.jobs.rules import JobKind, JobRun


def request_file(
    session: Session, job_kind: JobKind, kind: str, team_id: int | None, day: date, asked: str, by: int, at: datetime,
    arguments: Mapping[str, Any] | None = None,
) -> int | None:  # fmt: skip
    """Record that somebody asks for a file, and put the job that makes it into the queue; returns the id of the file.
    None, and nothing done, if one of that kind is being made for them: see `queries.unfinished`."""
    job_id = enqueue(session, job_kind, arguments or {}, by, at, export_key(kind, by))
    if job_id is None:
        return None
    return insert_once(
        session,
        Download,
        kind=kind,
        made_by=by,
        made_at=at,
        team_id=team_id,
        day=day,
        asked=asked[:1000],
        job_id=job_id,
    )


def store_file(session: Session, run: JobRun, data: bytes, people: int, at: datetime) -> None:
    """Store the file that a job has made, and finish the job in the same transaction, so that a file is stored once.
    Raises JobLostError if the job was cancelled, or another worker has it."""
    finish_with_result(session, run.kind, run.claim, at)
    values = {"made_at": at, "people": people, "sha256": hashlib.sha256(data).hexdigest(), "content": data}
    session.execute(update(Download).where(Download.job_id == run.claim.job_id).values(values))


def delete_old_files(session: Session, at: datetime) -> None:
    """Delete the content of files that are too old: they are full of people. That there was one stays, with its hash."""
    old = or_(*((Download.kind == kind) & (Download.made_at <= at - kept) for kind, kept in RETENTION_PERIODS.items()))
    session.execute(update(Download).where(Download.content.is_not(None), old).values(content=None))
