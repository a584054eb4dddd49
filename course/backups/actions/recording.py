"""Writing down what was done with backups, and deleting those that are not kept."""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from course.audit.actions import record_event
from course.backups.models import Backup
from course.backups.rules import expired_backups
from course.context import Context

LEFTOVERS_KEPT = timedelta(days=1)
# The folders in which backups are put together, and files that did not get their name yet.
_LEFTOVER = re.compile(r"\.backup-\w{8}|\..+\.[0-9a-f]{8}\.part")
_TEMPORARY_LEFTOVER = re.compile(r"\.course-backup-\w{8}")


def delete_expired_backups(folder: Path) -> list[Path]:
    """Delete the backups of a folder that are not kept any more; returns them. Only files that carry the name of a regular
    backup are deleted."""
    files = [folder / name for name in expired_backups(path.name for path in folder.iterdir() if path.is_file())]
    for file in files:
        file.unlink(missing_ok=True)
    return files


def delete_leftovers(folder: Path, at: datetime) -> None:
    """Delete what backups that were killed left in a folder, once it is a day old: it holds names and answers."""
    _delete_older(folder, _LEFTOVER, at)


def delete_temporary_leftovers(at: datetime) -> None:
    """Delete what they left among the temporary files of all programs, where that of PostgreSQL is put together before it is
    encrypted."""
    _delete_older(Path(tempfile.gettempdir()), _TEMPORARY_LEFTOVER, at)


def _delete_older(folder: Path, names: re.Pattern[str], at: datetime) -> None:
    oldest = (at - LEFTOVERS_KEPT).timestamp()
    for path in folder.glob(".*"):
        # A backup that is made at this moment may give its file another name, and those of others are not ours to delete.
        with suppress(FileNotFoundError, PermissionError):
            if not names.fullmatch(path.name) or path.lstat().st_mtime >= oldest:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def record_backup(context: Context, file: str, size: int, verified_at: datetime | None = None) -> None:
    """Record a backup that was made: where (`file`), its `size` in bytes, and when it was read back and found whole. The
    actor is the person who asked for it."""
    context.session.add(Backup(file=file[:500], size=size, made_at=context.now, verified_at=verified_at))
    context.session.flush()
    record_event(context, "backup.made", None, {"file": file[:500], "bytes": size, "verified": verified_at is not None})


def record_restore(context: Context, file: str) -> None:
    """Write the audit event of a restored backup. `file` is empty if another program has restored it."""
    record_event(context, "backup.restored", None, {"file": file[:500]})
