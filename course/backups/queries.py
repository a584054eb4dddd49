"""The backups that were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.backups.models import Backup


@dataclass(frozen=True)
class BackupView:
    """A backup: the file that it was written to, its size in bytes, and when it was made."""

    file: str
    size: int
    at: datetime


def newest_backup(session: Session) -> BackupView | None:
    """The newest backup; None if none was ever made."""
    row = session.execute(select(Backup).order_by(Backup.id.desc()).limit(1)).scalar_one_or_none()
    return BackupView(row.file, row.size, row.made_at) if row else None
