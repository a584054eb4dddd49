"""Asking for a file, keeping how far it has come, and keeping the file until it is too old."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from sqlalchemy import func, or_, update
from sqlalchemy.orm import Session

from course.db import insert_once
from course.exports.models import Download
from course.exports.rules import INTERRUPTED, PROGRESS_TIMEOUT, RETENTION_PERIODS


def request_file(
    session: Session, kind: str, team_id: int | None, day: date, asked: str, steps: int, by: int, at: datetime
) -> int | None:
    """Write down that somebody wants a file that is made in so many steps; returns its id. None, and nothing done, if
    one of that kind is being made for them: see `queries.unfinished`."""
    silent = func.coalesce(Download.told_at, Download.made_at) <= at - PROGRESS_TIMEOUT
    lost = Download.made_by == by, Download.kind == kind, Download.finished_at.is_(None), silent
    session.execute(update(Download).where(*lost).values(finished_at=at, failure=INTERRUPTED))
    return insert_once(
        session, Download, kind=kind, made_by=by, made_at=at, team_id=team_id, day=day, asked=asked,
        stage="Waiting to begin", done=0, total=steps,
    )  # fmt: skip


def record_progress(session: Session, download_id: int, stage: str, done: int, total: int, at: datetime) -> bool:
    """Keep how far a file has come; False if it is not to be made any more."""
    return _update_unfinished(session, download_id, stage=stage, done=done, total=total, told_at=at)


def store_file(session: Session, download_id: int, data: bytes, people: int, at: datetime) -> bool:
    """Keep a finished file for whoever asked for it; False if it is not to be made any more."""
    return _update_unfinished(
        session, download_id, stage="Ready", finished_at=at, people=people, sha256=hashlib.sha256(data).hexdigest(),
        content=data,
    )  # fmt: skip


def record_failure(session: Session, download_id: int, failure: str, at: datetime) -> None:
    """Say why a file was not made."""
    _update_unfinished(session, download_id, failure=failure[:500], finished_at=at)


def delete_old_files(session: Session, at: datetime) -> None:
    """Files that are too old go: they are full of people. That there was one stays, with its hash."""
    old = or_(*((Download.kind == kind) & (Download.made_at <= at - kept) for kind, kept in RETENTION_PERIODS.items()))
    session.execute(update(Download).where(Download.content.is_not(None), old).values(content=None))


def _update_unfinished(session: Session, download_id: int, **values: object) -> bool:
    unfinished = Download.id == download_id, Download.finished_at.is_(None)
    result = session.execute(update(Download).where(*unfinished).values(**values).returning(Download.id))
    return result.first() is not None
