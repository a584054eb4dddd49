"""Asking for a file, keeping how far it has come, and keeping the file until it is too old."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from course.downloads.models import Download
from course.downloads.rules import KEPT


def ask(
    session: Session, kind: str, team_id: int | None, day: date, asked: str, steps: int, by: int, at: datetime
) -> int:
    """Write down that somebody wants a file that is made in so many steps; returns its id."""
    row = Download(
        kind=kind, made_by=by, made_at=at, team_id=team_id, day=day, asked=asked, stage="Waiting to begin", done=0,
        total=steps,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def tell(session: Session, download_id: int, stage: str, done: int, total: int) -> None:
    """Keep how far a file has come."""
    _change(session, download_id, stage=stage, done=done, total=total)


def keep(session: Session, download_id: int, data: bytes, people: int, at: datetime) -> None:
    """Keep a finished file for whoever asked for it."""
    _change(
        session, download_id, stage="Ready", finished_at=at, people=people, sha256=hashlib.sha256(data).hexdigest(),
        content=data,
    )  # fmt: skip


def give_up(session: Session, download_id: int, failure: str, at: datetime) -> None:
    """Say why a file was not made."""
    _change(session, download_id, failure=failure[:500], finished_at=at)


def forget(session: Session, at: datetime) -> None:
    """Files that are too old go: they are full of people. That there was one stays, with its hash."""
    old = or_(*((Download.kind == kind) & (Download.made_at <= at - kept) for kind, kept in KEPT.items()))
    session.execute(update(Download).where(Download.content.is_not(None), old).values(content=None))


def _change(session: Session, download_id: int, **values: object) -> None:
    session.execute(update(Download).where(Download.id == download_id).values(**values))
