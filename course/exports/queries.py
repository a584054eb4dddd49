"""The files that somebody asked for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.exports.models import Download
from course.exports.rules import RETENTION_PERIODS, download_state


@dataclass(frozen=True)
class DownloadView:
    """A file without its bytes (see Download)."""

    id: int
    kind: str
    made_at: datetime
    team_id: int | None
    day: date
    asked: str
    stage: str
    done: int
    total: int
    told_at: datetime | None
    finished_at: datetime | None
    failure: str | None
    people: int | None
    sha256: str | None

    def state(self, at: datetime) -> str:
        """running, cut off, failed, ready or gone."""
        return download_state(self.kind, self.made_at, self.finished_at, self.failure, at, self.told_at)

    @property
    def until(self) -> datetime:
        """When the file is removed."""
        return self.made_at + RETENTION_PERIODS[self.kind]


_VIEW_QUERY = select(*(getattr(Download, field.name) for field in fields(DownloadView)))


def downloads(session: Session, person_id: int, kind: str, limit: int = 20) -> list[DownloadView]:
    """The files of a kind that somebody asked for, the newest first."""
    theirs = _VIEW_QUERY.where(Download.made_by == person_id, Download.kind == kind)
    return [DownloadView(*row) for row in session.execute(theirs.order_by(Download.id.desc()).limit(limit))]


def download(session: Session, person_id: int, download_id: int) -> DownloadView | None:
    """A file that somebody asked for; None if somebody else did."""
    row = session.execute(_VIEW_QUERY.where(Download.id == download_id, Download.made_by == person_id)).one_or_none()
    return DownloadView(*row) if row else None


def unfinished_id(session: Session, person_id: int, kind: str) -> int | None:
    """The file of a kind that is being made for somebody; None if there is none."""
    theirs = Download.made_by == person_id, Download.kind == kind, Download.finished_at.is_(None)
    return session.execute(select(Download.id).where(*theirs)).scalar_one_or_none()


def file_content(session: Session, download_id: int) -> bytes | None:
    """The file itself; None if it is not made yet, or was removed."""
    return session.execute(select(Download.content).where(Download.id == download_id)).scalar_one_or_none()
