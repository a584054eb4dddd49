"""Rules for schemas: whether a database belongs to the course, and whether its schema fits this version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

# Two tables that the course has had since its first revision: they identify its databases.
COURSE_TABLES = frozenset({"content_version", "person"})
VERSION_TABLE = "alembic_version"
REVISION_NUMBER = re.compile(r"\d{4}")


@dataclass(frozen=True)
class DatabaseSchema:
    """The tables of a database, and the revisions that Alembic recorded in it."""

    tables: frozenset[str]
    revisions: tuple[str, ...]

    @property
    def revision(self) -> str | None:
        """The revision of the course's schema; None while there is none."""
        return self.revisions[0] if self.revisions else None


class SchemaState(Enum):
    """The relation of a schema to this version of the course."""

    EMPTY = auto()
    FOREIGN = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


def schema_state(schema: DatabaseSchema, known: Sequence[str]) -> SchemaState:
    """The state of `schema`, for a version of the course with the revisions `known`, the oldest first."""
    if not schema.tables - {VERSION_TABLE} and not schema.revisions:
        return SchemaState.EMPTY
    if len(schema.revisions) != 1 or not schema.tables >= COURSE_TABLES:
        return SchemaState.FOREIGN
    (revision,) = schema.revisions
    if revision == known[-1]:
        return SchemaState.CURRENT
    if revision in known:
        return SchemaState.OLDER
    return SchemaState.NEWER if REVISION_NUMBER.fullmatch(revision) and revision > known[-1] else SchemaState.FOREIGN


def migration_refusal(schema: DatabaseSchema, known: Sequence[str], where: str) -> str | None:
    """Why this version must not migrate a database, and what to do instead; None if it may."""
    found = schema_state(schema, known)
    if found is SchemaState.NEWER:
        return (
            f"The database {where} belongs to a newer version of the course (its revision is {schema.revision}, and this "
            f"version knows the revisions up to {known[-1]}): start the newer version, or set DATABASE_URL to another "
            "database."
        )
    if found is SchemaState.FOREIGN:
        return (
            f"The database {where} is not a database of this course ({_foreign_schema_reason(schema)}): set DATABASE_URL to the "
            "course's database, or to an empty one."
        )
    return None


def command_refusal(schema: DatabaseSchema, known: Sequence[str], where: str, older: bool) -> str | None:
    """Why no command can work on a database, and what to do; None if commands can. `older` accepts an earlier revision."""
    found = schema_state(schema, known)
    if found is SchemaState.EMPTY:
        return (
            f"The database {where} has no tables: set DATABASE_URL to the course's database, or start 'flask serve' "
            "once, which makes them."
        )
    if found is SchemaState.OLDER and not older:
        return (
            f"The database {where} is from an earlier version of the course (its revision is {schema.revision}, and this "
            f"version needs {known[-1]}): start 'flask serve' or 'flask worker', which bring it up to date."
        )
    return migration_refusal(schema, known, where)


def _foreign_schema_reason(schema: DatabaseSchema) -> str:
    others = sorted(schema.tables - {VERSION_TABLE} - COURSE_TABLES)
    names = ", ".join(others[:3]) + (" and more" if len(others) > 3 else "")
    if len(schema.revisions) == 1 and schema.tables >= COURSE_TABLES:
        return f"its revision is {schema.revision!r}, which no version of the course has"
    if schema.tables >= COURSE_TABLES:
        return "it names no revision" if not schema.revisions else "it names several revisions"
    return f"it holds other tables: {names}" if names else "tables of the course are missing"


def missing_file_message(where: str) -> str:
    """The message for a SQLite file that does not exist."""
    return (
        f"There is no database {where}: set DATABASE_URL to the course's database, or start 'flask serve' once, which "
        "makes it."
    )


def not_sqlite_message(where: str, reason: str) -> str:
    """The message for a file that SQLite cannot read."""
    return (
        f"The file {where} is not a SQLite database that can be read ({reason}): set DATABASE_URL to the course's "
        "database, or restore it from a backup."
    )


def violations_message(where: str, rows: Sequence[tuple[str, int | None, str]], before: bool) -> str:
    """The message for rows (table, number, table that they refer to) that refer to missing rows; `before` says that they did
    so before the migration."""
    shown = "; ".join(
        f"row {row} of {table} refers to a row of {parent} that is not there" for table, row, parent in rows[:3]
    )
    more = f"; and {len(rows) - 3} more" if len(rows) > 3 else ""
    if before:
        return (
            f"The database {where} was damaged before this upgrade and is as it was: {shown}{more}. Restore a backup from "
            "before the damage, or have these rows mended, then start again."
        )
    return (
        f"The database {where} could not be brought up to date and is as it was, because rows would have lost what they "
        f"refer to: {shown}{more}. Go on with the version that you had, and report this."
    )


def copy_name(database: str, revision: str, taken: frozenset[str]) -> str:
    """The file name of the copy that is made before the file `database` is migrated to `revision`."""
    name = f"{database}.before-{revision}"
    number, free = 2, name
    while free in taken:
        free, number = f"{name}.{number}", number + 1
    return free


def is_copy_name(database: str, name: str) -> bool:
    """Whether a file name is one that `copy_name` returns."""
    return re.fullmatch(re.escape(database) + r"\.before-(\d{4}|base)(\.\d+)?", name) is not None


def cannot_reach_message(where: str, reason: str) -> str:
    """The message for a database server that cannot be reached."""
    return (
        f"The database {where} cannot be used: {reason.strip().rstrip('.')}.\n"
        "Look at DATABASE_URL, and whether its server is running."
    )


# Bytes that SQLite needs at least for the files beside its own, without which it cannot even read.
SMALLEST_ROOM = 1_000_000


def cannot_open_message(where: str, reason: str, room: int | None) -> str:
    """The message for a SQLite file that cannot be opened or created; `room` is how many bytes are free on its disk, None if
    that is not known."""
    if room is not None and room < SMALLEST_ROOM:
        return f"The database {where} cannot be opened ({reason}): its disk is full. Make room there, then start again."
    return (
        f"The database {where} cannot be opened ({reason}): let the user who runs the course read and write this file and "
        "its folder, or set DATABASE_URL to another file."
    )


def lock_timeout_message(where: str, seconds: float) -> str:
    """The message when another process holds the lock of a database for too long."""
    return (
        f"Another process has been busy with the database {where} for {seconds:.0f} seconds: wait until it is done, or stop "
        "it, then start again. Nothing was changed."
    )


def migration_failed_message(where: str, reason: str, in_use: bool) -> str:
    """The message for a migration that failed in the database."""
    advice = (
        "Stop every server and worker of the course, then start again."
        if in_use
        else "Mend that, then start again; or go on with the version that you had."
    )
    why = reason.strip().split("\n")[0].rstrip(".")
    return f"The database {where} could not be brought up to date and is as it was: {why}. {advice}"
