"""How much room there is on the disks of this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from course.backups.jobs import backup_folder
from course.health.rules import DiskHealth
from course.health.rules.readiness import Word
from course.import_folder.jobs import import_folder, import_folder_fault
from course.web.database_check import database_path


def disk_health() -> DiskHealth:
    """Free bytes for the database and for backups on this machine, and how the import folder is."""
    file, backups = database_path(), backup_folder()
    return DiskHealth(_free(file.parent) if file else None, _free(backups) if backups else None, _import_folder())


def _import_folder() -> Word | None:
    folder = import_folder()
    if folder is None:
        return None
    if not os.path.isdir(folder):  # also if it is on another machine, which does not answer
        return "missing"
    return "ok" if import_folder_fault() is None else "closed"


def _free(folder: Path) -> int:
    """Free bytes for this account; -1 if there is no such folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return -1
