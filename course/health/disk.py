"""How much room there is on the disks of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from course.backups.jobs import backup_folder
from course.health.rules import DiskHealth
from course.web.database_check import database_path


def disk_health() -> DiskHealth:
    """Free bytes for the database and for backups on this machine."""
    file, backups = database_path(), backup_folder()
    return DiskHealth(_free(file.parent) if file else None, _free(backups) if backups else None)


def _free(folder: Path) -> int:
    """Free bytes for this account; -1 if there is no such folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return -1
