"""An extension of Alembic for SQLite: a table that is rebuilt keeps its triggers.

On SQLite a table is changed by creating a new one, copying the rows and dropping the old one with its triggers. The
triggers that protect the audit log would be lost silently. Importing this module registers the extension.
"""

from __future__ import annotations

from typing import Any

from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Table, text

TEMPORARY_PREFIX = "_alembic_tmp_"


class TriggerKeepingImpl(SQLiteImpl):
    """Remembers the triggers of a dropped table, and creates them again when the rebuilt table takes its name."""

    __dialect__ = "sqlite"

    def drop_table(self, table: Table, **options: Any) -> None:
        """Drop a table, and remember its triggers."""
        triggers = self.__dict__.setdefault("_triggers", {})
        if self.connection is not None:
            found = self.connection.execute(
                text("select sql from sqlite_master where type = 'trigger' and tbl_name = :name order by name"),
                {"name": table.name},
            )
            triggers[table.name] = [sql for (sql,) in found]
        super().drop_table(table, **options)

    def rename_table(self, old_table_name: str, new_table_name: Any, schema: Any = None) -> None:
        """Rename a table; a rebuilt one gets the triggers of the dropped one."""
        super().rename_table(old_table_name, new_table_name, schema)
        if old_table_name == f"{TEMPORARY_PREFIX}{new_table_name}":
            for sql in self.__dict__.get("_triggers", {}).pop(str(new_table_name), []):
                self._exec(text(sql.replace(":", r"\:")))
