"""What the database says about its own health, and the figures that a monitoring program reads."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from course.health.rules import DatabaseHealth
from course.jobs.models import Job
from course.server.queries import secret_key_state, workers
from course.sqlite_file import connection_error


def database_health(session: Session, secret: str, at: datetime) -> DatabaseHealth:
    """How the database stands, in three short statements."""
    revision = session.execute(text("select version_num from alembic_version")).scalar_one_or_none()
    alive = any(worker.alive for worker in workers(session, at))
    return DatabaseHealth(revision, secret_key_state(session, secret), alive)


def job_counts(session: Session) -> dict[str, int]:
    """How many jobs there are in each state."""
    rows = session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {row[0]: row[1] for row in rows}


def database_damage(session: Session) -> str | None:
    """What is wrong in the file of a SQLite database, in its own words; None if it is sound, and for PostgreSQL, which looks
    after its files itself."""
    connection = session.connection().connection.dbapi_connection
    return connection_error(connection) if isinstance(connection, sqlite3.Connection) else None
