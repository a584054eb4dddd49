"""Copies of a SQLite file that are made before it is migrated."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Connection

from course.schema_upgrade.queries import holds_rows, read_sqlite_schema
from course.schema_upgrade.rules import COURSE_TABLES, copy_name, is_copy_name

COPIES_KEPT = 3


class CopyFailedError(Exception):
    """The copy failed, so nothing was migrated; the message says why."""


def create_backup_copy(connection: Connection, path: Path, revision: str) -> Path | None:
    """Copy the database beside itself before it is migrated to `revision`; None if it holds no rows.

    `connection` holds the write lock and has written nothing yet, so the copy equals the database. The copy is complete or
    does not exist. Raises CopyFailedError.
    """
    if not holds_rows(connection):
        return None
    part = path.with_name(f".{path.name}.before-{revision}.part")
    try:
        # A file that a killed process left behind.
        part.unlink(missing_ok=True)
        # Readable by its owner only, from the first moment: it holds names, answers and password hashes.
        part.touch(mode=0o600, exist_ok=False)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
            # In this mode the copy needs no -wal file beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            sound = target.execute("PRAGMA quick_check").fetchone()[0]
        if sound != "ok":
            raise CopyFailedError(
                f"The database {path} is damaged ({sound}), so it was not brought up to date: restore a backup of it."
            )
        copy = path.with_name(copy_name(path.name, revision, frozenset(os.listdir(path.parent))))
        part.rename(copy)
        _sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise CopyFailedError(
            f"The database {path} was not brought up to date, because no copy of it could be kept first: {error}. Make "
            f"sure that the folder {path.parent} can be written to and that its disk has room for another "
            f"{path.stat().st_size:,} bytes, then start again."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return copy


def prune_copies(path: Path) -> None:
    """Delete all copies of the database `path` but the newest COPIES_KEPT."""
    copies = [
        file for file in path.parent.iterdir()
        if is_copy_name(path.name, file.name) and file.is_file() and not file.is_symlink() and _is_course_database(file)
    ]  # fmt: skip
    copies.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    for file in copies[COPIES_KEPT:]:
        # A copy that cannot be deleted does no harm.
        with suppress(OSError):
            file.unlink()


def _is_course_database(file: Path) -> bool:
    try:
        schema = read_sqlite_schema(file)
    except sqlite3.Error:
        return False
    return schema is not None and schema.tables >= COURSE_TABLES


def _sync_folder(folder: Path) -> None:
    """Write the new name to the disk. Not every system can do that for a folder."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
