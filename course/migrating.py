"""Bringing a database to the newest schema, by the files in migrations/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from click import ClickException
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import OperationalError

# Alembic is loaded where it is used: it takes a twentieth of a second of every start.
if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

ROOT = Path(__file__).resolve().parent.parent


def alembic_config() -> AlembicConfig:
    """Alembic's settings, which stand in pyproject.toml."""
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    config = AlembicConfig(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


class DatabaseError(ClickException):
    """The database cannot be reached. A command that meets it prints the message and ends with 1."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The database cannot be used: {reason}\nLook at DATABASE_URL, and whether its server is running."
        )


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run every migration that the database does not have yet, in one transaction."""
    from alembic import command  # noqa: PLC0415

    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    config = alembic_config()
    try:
        connecting = engine.connect()
    except OperationalError as error:
        raise DatabaseError(str(error.orig).strip()) from error
    with connecting as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take migrations back, down to `revision`."""
    from alembic import command  # noqa: PLC0415

    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def newest() -> str | None:
    """The number of the last migration file."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def current(engine: Engine) -> str | None:
    """The number of the last migration that the database has had; None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()
