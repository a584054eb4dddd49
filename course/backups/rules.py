"""Rules of backups: when one is overdue, what the files of regular backups are called, and which of them are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

BACKUP_INTERVAL = timedelta(days=7)
BACKUPS_KEPT = 14
_NAME = re.compile(r"course-\d{8}-\d{6}\.db")


def is_backup_overdue(newest: datetime | None, at: datetime) -> bool:
    """Whether the newest backup is older than BACKUP_INTERVAL, or there is none."""
    return newest is None or at - newest > BACKUP_INTERVAL


def backup_name(at: datetime) -> str:
    """The name of the file of a regular backup, by its moment in UTC. Later names sort behind earlier ones."""
    return f"course-{at:%Y%m%d-%H%M%S}.db"


def expired_backups(names: Iterable[str]) -> list[str]:
    """Of the names of a folder the regular backups beyond the newest BACKUPS_KEPT; other files are left alone."""
    return sorted((name for name in names if _NAME.fullmatch(name)), reverse=True)[BACKUPS_KEPT:]
