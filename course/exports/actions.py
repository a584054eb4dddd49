"""Asking for a file, storing it, and deleting it when it is too old."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from course.context import Context
from course.db import insert_once
from course.exports.models import Download
from course.exports.rules import RETENTION_PERIODS, FileRequest, export_key
from course.jobs.actions import enqueue, finish_with_result
from course.jobs.rules import JobKind, JobRun


def request_file(context: Context, job_kind: JobKind, request: FileRequest) -> int | None:
    """Record that somebody asks for a file, and put the job that makes it into the queue; returns the id of the file.
    None, and nothing done, if one of that kind is being made for them: see `queries.unfinished`."""
    job_id = enqueue(context, job_kind, request.arguments, export_key(request.kind, context.person_id))
    if job_id is None:
        return None
    return insert_once(
        context.session, Download, kind=request.kind, made_by=context.actor, made_at=context.now, team_id=request.team_id,
        day=request.day, asked=request.asked[:1000], job_id=job_id,
    )  # fmt: skip


def store_file(session: Session, run: JobRun, data: bytes, people: int, at: datetime) -> None:
    """Store the file that a job has made, and finish the job in the same transaction, so that a file is stored once.
    Raises JobLostError if the job was cancelled, or another worker has it."""
    finish_with_result(session, run.kind, run.claim, at)
    values = {"made_at": at, "people": people, "sha256": hashlib.sha256(data).hexdigest(), "content": data}
    session.execute(update(Download).where(Download.job_id == run.claim.job_id).values(values))


def delete_old_files(session: Session, at: datetime) -> None:
    """Delete the content of files that are too old: they are full of people. So is what was asked for: words that were searched
    for may be the name of somebody who is erased later. That there was a file stays, with its hash."""
    old = or_(*((Download.kind == kind) & (Download.made_at <= at - kept) for kind, kept in RETENTION_PERIODS.items()))
    is_there = or_(Download.content.is_not(None), Download.asked != "")
    session.execute(update(Download).where(old, is_there).values(content=None, asked=""))
