"""The state of the database, and who owns which job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from course.jobs.queries import JobView
from course.people.models import Person


@dataclass(frozen=True)
class DatabaseInfo:
    """The database: its `kind` and `version`, its `size` in bytes, and the revision of its `schema`."""

    kind: str
    version: str
    size: int
    schema: str


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


def job_owners(session: Session, jobs: Sequence[JobView]) -> dict[int, str]:
    """The names of the people who own these jobs, by their ids. Nobody owns regular work."""
    ids = {job.made_by for job in jobs if job.made_by is not None}
    return {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}
