"""The backups that were made, and what a database holds: its revision, the rows of its tables, and checksums of them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, or_, select, table, text
from sqlalchemy.orm import Session

from course.backups.models import Backup
from course.backups.rules import BackupFailedError
from course.schema_upgrade.queries import ROOT, known_revisions, read_schema
from course.schema_upgrade.rules import VERSION_TABLE, command_refusal

FETCH_SIZE = 2000  # rows per fetch when a table is read
_SUM_LIMIT = 1 << 128


@dataclass(frozen=True)
class BackupView:
    """A backup: the file that it was written to, its size in bytes, when it was made, and when it was read back and found
    whole (None: it was not)."""

    file: str
    size: int
    at: datetime
    verified_at: datetime | None


@dataclass(frozen=True)
class DatabaseFacts:
    """What a database holds at one moment: the revision of its schema, the number of rows of each table, and when the newest
    audit event was written (text, UTC, to the minute)."""

    revision: str
    tables: dict[str, int]
    newest_event_at: str | None


@dataclass(frozen=True)
class TableDigest:
    """The number of rows of a table, and a checksum of their values in which their order does not count."""

    rows: int
    checksum: str


@cache
def program_version() -> str:
    """The version of the program, from pyproject.toml."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def newest_backups(session: Session) -> tuple[BackupView | None, BackupView | None]:
    """The newest backup, and the newest one that was verified; None for one that there is not."""
    verified = func.max(Backup.id).filter(Backup.verified_at.is_not(None))
    statement = select(Backup).where(
        or_(Backup.id == select(func.max(Backup.id)).scalar_subquery(), Backup.id == select(verified).scalar_subquery())
    )
    rows = session.execute(statement.order_by(Backup.id.desc())).scalars().all()
    found = [BackupView(row.file, row.size, row.made_at, row.verified_at) for row in rows]
    return next(iter(found), None), next((one for one in found if one.verified_at is not None), None)


def table_counts(connection: Connection) -> dict[str, int]:
    """The number of rows of each table but Alembic's own."""
    names = sorted(name for name in inspect(connection).get_table_names() if name != VERSION_TABLE)
    return {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names}


def database_facts(connection: Connection) -> DatabaseFacts:
    """What the database of the course holds. Raises BackupFailedError if it is another program's or a newer version's."""
    schema = read_schema(connection)
    refused = command_refusal(schema, known_revisions(), connection.engine.url.database or "", older=True)
    if refused is not None or schema.revision is None:
        raise BackupFailedError(str(refused))
    newest = None
    if "audit_entry" in schema.tables:
        newest = connection.execute(text("select at from audit_entry order by number desc limit 1")).scalar()
    if isinstance(newest, datetime):
        newest = newest.astimezone(UTC).isoformat(sep=" ")
    return DatabaseFacts(schema.revision, table_counts(connection), str(newest)[:16] if newest else None)


def holds_people(connection: Connection) -> bool:
    """Whether a database is in use: somebody is in it, or something was done. A course that was only started is not."""
    tables = read_schema(connection).tables
    return any(
        connection.execute(select(1).select_from(table(name)).limit(1)).first() is not None
        for name in ("person", "audit_entry")
        if name in tables
    )


def table_digest(connection: Connection, read: Table) -> TableDigest:
    """Count and checksum of a table, by the values that the course reads: the same on both engines."""
    columns = sorted(read.columns, key=lambda column: column.name)
    rows = connection.execute(select(*columns), execution_options={"yield_per": FETCH_SIZE})
    count = total = 0
    for row in rows:
        digest = hashlib.blake2b(repr([_plain(value) for value in row]).encode(), digest_size=16).digest()
        total = (total + int.from_bytes(digest)) % _SUM_LIMIT
        count += 1
    return TableDigest(count, f"{total:032x}")


def _plain(value: Any) -> object:
    """A value with its type, written the same way whichever engine it comes from."""
    if isinstance(value, dict | list):
        return "json", json.dumps(value, sort_keys=True)
    if isinstance(value, datetime):
        return "moment", value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return "day", value.isoformat()
    return value if value is None else (type(value).__name__, value)
