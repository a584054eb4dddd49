"""How Alembic runs here: on the connection it is handed, with numbers for names."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Literal

from alembic import context
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from config import Config
from course import schema_upgrade
from course.db import Base, UtcDateTime, database_name, make_engine, sqlite_path
from course.models import MODEL_CLASSES
from course.schema_upgrade.table_rebuild import TriggerKeepingImpl
from course.sqlite_file import find_damage, secure_files

assert MODEL_CLASSES  # importing it is what fills the metadata  # noqa: S101
assert TriggerKeepingImpl.__dialect__ == "sqlite"  # and importing this one has Alembic keep triggers  # noqa: S101


def number(_context: MigrationContext, _revision: Any, directives: Iterable[MigrationScript]) -> None:
    """0001, 0002 …: the order of the files is the order in which they run."""
    for directive in directives:
        heads = ScriptDirectory.from_config(context.config).get_heads()
        directive.rev_id = f"{(int(heads[0]) if heads else 0) + 1:04d}"


def render(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    """A migration outlives the application's types, so it is written with the database's own."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        process_revision_directives=number,
        render_item=render,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = Config.read().database_url
    print(f"Database: {database_name(url)}", file=sys.stderr)  # noqa: T201
    if (file := sqlite_path(url)) is not None:
        secure_files(file)
        if found := find_damage(file):
            sys.exit(found)
    with schema_upgrade.exclusive_connection(make_engine(url)) as fresh:
        run(fresh)
