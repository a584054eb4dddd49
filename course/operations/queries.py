"""The state of the database and of its backups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from course.jobs.queries import JobView
from course.operations.models import Backup
from course.people.models import Person


@dataclass(frozen=True)
class DatabaseInfo:
    """The database: its `kind` and `version`, its `size` in bytes, and the revision of its `schema`."""

    kind: str
    version: str
    size: int
    schema: str


@dataclass(frozen=True)
class BackupView:
    """A backup: the file that it was written to, its size in bytes, and when it was made."""

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
    """The newest backup; None if none was ever made."""
    row = session.execute(select(Backup).order_by(Backup.id.desc()).limit(1)).scalar_one_or_none()
    return BackupView(row.file, row.size, row.made_at) if row else None


def job_owners(session: Session, jobs: Sequence[JobView]) -> dict[int, str]:
    """The names of the people who own these jobs, by their ids. Nobody owns regular work."""
    ids = {job.made_by for job in jobs if job.made_by is not None}
    return {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}
