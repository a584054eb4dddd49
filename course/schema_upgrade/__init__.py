"""The database's schema: which one a database has, and bringing it to the newest by the files in migrations/."""

from course.schema_upgrade.actions import (
    DatabaseError,
    WrongDatabaseError,
    alembic_config,
    check,
    downgrade,
    exclusive,
    upgrade,
)
from course.schema_upgrade.queries import current, newest

__all__ = [
    "DatabaseError",
    "WrongDatabaseError",
    "alembic_config",
    "check",
    "current",
    "downgrade",
    "exclusive",
    "newest",
    "upgrade",
]
