"""Schema upgrade: reading the schema revision of a database, and running the migrations in migrations/."""

from course.schema_upgrade.actions import (
    DatabaseUnavailableError,
    WrongDatabaseError,
    alembic_config,
    check_database,
    downgrade,
    exclusive_connection,
    upgrade,
)
from course.schema_upgrade.queries import current_revision, newest_revision

__all__ = [
    "DatabaseUnavailableError",
    "WrongDatabaseError",
    "alembic_config",
    "check_database",
    "current_revision",
    "downgrade",
    "exclusive_connection",
    "newest_revision",
    "upgrade",
]
