"""What Alembic does on SQLite beyond its own: a table that is rebuilt keeps its triggers.

SQLite changes a table by making a new one, copying the rows and dropping the old one, and its triggers go with it. The log's
triggers would be lost without a word. Importing this module tells Alembic to use it.
"""

from __future__ import annotations

from typing import Any

from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Table, text

TEMPORARY_PREFIX = "_alembic_tmp_"


class TriggerKeepingImpl(SQLiteImpl):
    """Notes the triggers of a table that is dropped, and makes them again when its successor takes its name."""

    __dialect__ = "sqlite"

    def drop_table(self, table: Table, **options: Any) -> None:
        """Drop a table, and note its triggers."""
        noted = self.__dict__.setdefault("_triggers", {})
        if self.connection is not None:
            found = self.connection.execute(
                text("select sql from sqlite_master where type = 'trigger' and tbl_name = :name order by name"),
                {"name": table.name},
            )
            noted[table.name] = [sql for (sql,) in found]
        super().drop_table(table, **options)

    def rename_table(self, old_table_name: str, new_table_name: Any, schema: Any = None) -> None:
        """Rename a table; if it is the rebuilt one, with the triggers of the one before."""
        super().rename_table(old_table_name, new_table_name, schema)
        if old_table_name == f"{TEMPORARY_PREFIX}{new_table_name}":
            for sql in self.__dict__.get("_triggers", {}).pop(str(new_table_name), []):
                self._exec(text(sql.replace(":", r"\:")))
