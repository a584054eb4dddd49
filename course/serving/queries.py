"""Which workers there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.serving.models import WorkerBeat
from course.serving.rules import SILENT


@dataclass(frozen=True)
class Worker:
    """A worker as it was last seen; `alive` if that was a moment ago."""

    name: str
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None
    alive: bool


def workers(session: Session, at: datetime) -> list[Worker]:
    """The workers that were ever seen and are not forgotten, the one seen last first."""
    rows = session.execute(select(WorkerBeat).order_by(WorkerBeat.seen_at.desc(), WorkerBeat.id.desc())).scalars()
    return [
        Worker(w.name, w.started_at, w.seen_at, w.stopped_at, w.stopped_at is None and at - w.seen_at < SILENT)
        for w in rows
    ]
