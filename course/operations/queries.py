"""How the database, the backups and the outgoing mail stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from course.operations.models import Backup


@dataclass(frozen=True)
class DatabaseInfo:
    """What the course is kept in: `kind` with its version, `size` in bytes, the `schema` that it has."""

    kind: str
    version: str
    size: int
    schema: str


@dataclass(frozen=True)
class BackupView:
    """A backup: the file it was written to, its size in bytes, and when."""

    file: str
    size: int
    at: datetime


_SQLITE_QUERY = text(
    "select sqlite_version(), page_count * page_size, version_num "
    "from pragma_page_count(), pragma_page_size(), alembic_version"
)
_POSTGRESQL_QUERY = text(
    "select split_part(current_setting('server_version'), ' ', 1), pg_database_size(current_database()), version_num "
    "from alembic_version"
)


def database_info(session: Session) -> DatabaseInfo:
    """The database of this session."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    row = session.execute(_SQLITE_QUERY if sqlite else _POSTGRESQL_QUERY).one()
    return DatabaseInfo("SQLite" if sqlite else "PostgreSQL", *row)


def newest_backup(session: Session) -> BackupView | None:
    """The last backup that was made; None if none ever was."""
    row = session.execute(select(Backup).order_by(Backup.id.desc()).limit(1)).scalar_one_or_none()
    return BackupView(row.file, row.size, row.made_at) if row else None
