"""A released version's SQLite database on PostgreSQL: the schema by the migrations up to that version, then every row."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Engine, MetaData, func, select, text

from course import schema_upgrade


def copy_release(path: Path, engine: Engine) -> None:
    """Fill the empty PostgreSQL database behind `engine` with what the SQLite file holds, at the file's own revision."""
    with closing(sqlite3.connect(path)) as source:
        source.row_factory = sqlite3.Row
        ((revision,),) = source.execute("select version_num from alembic_version").fetchall()
        schema_upgrade.upgrade(engine, revision)
        metadata = MetaData()
        metadata.reflect(engine)
        names = {row["name"] for row in source.execute("select name from sqlite_master where type = 'table'")}
        assert names - {"sqlite_sequence"} == set(metadata.tables)
        with engine.begin() as target:
            # As a restored dump does: keys and triggers have held where the rows were written.
            target.execute(text("set session_replication_role = replica"))
            for table in metadata.sorted_tables:
                if table.name == "alembic_version":
                    continue
                target.execute(table.delete())
                rows = source.execute(f'select * from "{table.name}"').fetchall()
                if rows:
                    columns = {name: table.columns[name] for name in rows[0].keys()}  # noqa: SIM118 (a row is no mapping)
                    target.execute(
                        table.insert(),
                        [{name: _value(column, row[name]) for name, column in columns.items()} for row in rows],
                    )
            target.execute(text("set session_replication_role = default"))
            for name in metadata.tables:
                _number_on(target, metadata, name)


def _value(column: Column[Any], value: Any) -> Any:
    """A value as SQLite keeps it, as PostgreSQL takes it."""
    kind = column.type
    if value is None:
        return None
    if isinstance(kind, Boolean):
        return bool(value)
    if isinstance(kind, DateTime):
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC) if kind.timezone else moment
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return json.loads(value) if isinstance(kind, JSON) else value


def _number_on(target: Any, metadata: MetaData, name: str) -> None:
    """The next number of a table follows its highest."""
    for column in metadata.tables[name].primary_key:
        named = {"table": f'"{name}"', "column": column.name}
        sequence = target.execute(text("select pg_get_serial_sequence(:table, :column)"), named).scalar()
        if sequence:
            highest = target.execute(select(func.max(column))).scalar()
            following = {"sequence": sequence, "number": highest or 1, "used": highest is not None}
            target.execute(text("select setval(:sequence, :number, :used)"), following)
