"""The state of the database, which programs do regular work, and who owns which job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column, select, table
from sqlalchemy.orm import Session

from course.jobs.models import Job
from course.jobs.queries import JobView, Outcome, newest_outcome
from course.operations.rules import STOPPED_SHOWN
from course.people.queries import names_told_apart
from course.server.queries import WorkerView


@dataclass(frozen=True)
class DatabaseInfo:
    """The database: its `kind` and `version`, its `size` in bytes, and the revision of its `schema`."""

    kind: str
    version: str
    size: int
    schema: str


_SQLITE_FACTS = (
    "sqlite_version()",
    "(select page_count * page_size from pragma_page_count(), pragma_page_size())",
)
_POSTGRESQL_FACTS = (
    "split_part(current_setting('server_version'), ' ', 1)",
    "pg_database_size(current_database())",
)


def database_info(session: Session, examination: str) -> tuple[DatabaseInfo, Outcome | None]:
    """The database of this session, and what the newest job of the kind `examination` found in it. One query."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    facts = (*(_SQLITE_FACTS if sqlite else _POSTGRESQL_FACTS), "version_num")
    columns: list[ColumnElement[Any]] = [literal_column(words) for words in facts]
    statement = select(*columns, Job.ended_at, Job.arguments).select_from(
        table("alembic_version").outerjoin(Job, Job.id == newest_outcome(examination))
    )
    row: Any = session.execute(statement).one()
    version, size, revision, ended_at, found = row
    info = DatabaseInfo("SQLite" if sqlite else "PostgreSQL", version, size, revision)
    return info, Outcome(ended_at, found) if ended_at else None


@dataclass(frozen=True)
class RegularPrograms:
    """The programs that do regular work: those that are `running`, those that are `silent` without having been stopped, and
    those that were `stopped` in good order lately."""

    running: tuple[WorkerView, ...]
    silent: tuple[WorkerView, ...]
    stopped: tuple[WorkerView, ...]


def regular_programs(seen: Sequence[WorkerView], at: datetime) -> RegularPrograms:
    """The programs that were ever seen, by what became of them. No query."""
    return RegularPrograms(
        running=tuple(one for one in seen if one.alive),
        silent=tuple(one for one in seen if one.stopped_at is None and not one.alive),
        stopped=tuple(one for one in seen if one.stopped_at is not None and at - one.stopped_at < STOPPED_SHOWN),
    )


def job_owners(session: Session, jobs: Sequence[JobView]) -> dict[int, str]:
    """The names of the people who own these jobs, by their ids, told apart from others of the same name. Nobody owns regular
    work."""
    ids = {job.made_by for job in jobs if job.made_by is not None}
    return names_told_apart(session, ids) if ids else {}
