"""Writing down that a worker runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from course.serving.models import WorkerBeat
from course.serving.rules import FORGOTTEN


def start(session: Session, name: str, at: datetime) -> int:
    """A worker has started; returns the number of its row. Those not seen for long are forgotten."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at <= at - FORGOTTEN))
    row = WorkerBeat(name=name[:200], started_at=at, seen_at=at, stopped_at=None)
    session.add(row)
    session.flush()
    return row.id


def beat(session: Session, worker: int, at: datetime, stopped: bool = False) -> None:
    """The worker is still there, or has stopped in good order."""
    values = {"seen_at": at, "stopped_at": at if stopped else None}
    session.execute(update(WorkerBeat).where(WorkerBeat.id == worker).values(values))
