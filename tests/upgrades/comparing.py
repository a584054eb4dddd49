"""What a database holds and how it is made, to be compared before and after a migration."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, text

Row = Mapping[str, Any]
Tables = dict[str, list[Row]]
Guards = dict[str, set[tuple[str, str]]]


@dataclass(frozen=True)
class Change:
    """What a migration does to rows on purpose. `rows` gives the rows of these tables as they must be afterwards, from all
    that was there before; `reason` says why nothing else would do."""

    reason: str
    rows: Callable[[Tables], Tables]


def contents(connection: Connection, only: Collection[str] | None = None) -> Tables:
    """Every row of every table, or of these `only`, as the driver gives it: SQLAlchemy takes longer to wrap a row than to read
    it."""
    quote = connection.dialect.identifier_preparer.quote
    found: Tables = {}
    cursor = connection.connection.cursor()
    for name in inspect(connection).get_table_names() if only is None else only:
        if name != "alembic_version":
            cursor.execute(f"select * from {quote(name)}")
            names = [column[0] for column in cursor.description]
            found[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    cursor.close()
    return found


def differences(before: Tables, after: Tables, change: Change | None) -> list[str]:
    """What is not as it was in the columns that are there before and after, but for what `change` does; a line for each
    row that is missing or that has come in."""
    expected = before | (change.rows(before) if change else {})
    found = []
    for name in sorted(set(expected) & set(after)):
        if expected[name] == after[name]:  # as nearly always; what follows takes long
            continue
        heads = [set(rows[name][0]) for rows in (expected, after) if rows[name]]
        columns = sorted(set.intersection(*heads)) if heads else []
        was, now = (Counter(_row(row, columns) for row in rows[name]) for rows in (expected, after))
        found += [f"{name} lost {row}" for row in (was - now)]
        found += [f"{name} got {row}" for row in (now - was)]
    return found


def _row(row: Row, columns: list[str]) -> str:
    return repr([(name, row[name]) for name in columns])


def described(connection: Connection) -> dict[str, Any]:
    """Everything that the database says of its tables, in an order that does not matter."""
    found = (_of_sqlite if connection.dialect.name == "sqlite" else _of_postgresql)(connection)
    found.pop("alembic_version", None)
    return found


def _of_postgresql(connection: Connection) -> dict[str, Any]:
    """From the catalogue: an inspector tells neither the condition of an index nor its order."""
    found: dict[str, Any] = {}
    for part, sql in CATALOGUE.items():
        for table, *words in connection.execute(text(sql)):
            found.setdefault(table, {}).setdefault(part, []).append(tuple(words))
    return found


CATALOGUE = {
    "columns": """select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on (d.adrelid, d.adnum) = (c.oid, a.attnum)
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and a.attnum > 0 and not a.attisdropped
    order by 1, 2""",
    "constraints": """select c.relname, k.conname, pg_get_constraintdef(k.oid)
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = current_schema()::regnamespace order by 1, 2""",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = current_schema() order by 1, 2",
}


def _of_sqlite(connection: Connection) -> dict[str, Any]:
    """From an inspector, because the words of a table depend on how it came about; and the words of its indexes."""
    statements: dict[str, str] = {}
    indexes: dict[str, list[str]] = {}
    for kind, table, sql in connection.execute(text(STATEMENTS)):
        statements[table] = statements.get(table, "") + sql
        if kind == "index":
            indexes.setdefault(table, []).append(re.sub(r'["`\[\]]', "", plain(sql)).lower())
    seen = inspect(connection)
    return {
        table: {**_inspected(seen, table, words), "indexes": indexes.get(table, [])}
        for table, words in statements.items()
    }


STATEMENTS = (
    "select type, tbl_name, sql from sqlite_master where type in ('table', 'index') and sql is not null "
    "and tbl_name not glob 'sqlite_*' order by name"  # but for SQLite's own, such as sqlite_sequence
)
_INSPECTED: dict[tuple[str, str], dict[str, Any]] = {}


def _inspected(seen: Inspector, table: str, words: str) -> dict[str, Any]:
    """What an inspector sees of a table; asked once for the same words, because it takes long."""
    if (table, words) not in _INSPECTED:
        _INSPECTED[table, words] = {
            "columns": {
                c["name"]: (str(c["type"]), c["nullable"], plain(c.get("default"))) for c in seen.get_columns(table)
            },
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (str(f["name"]), f["constrained_columns"], f["referred_table"], f["referred_columns"], f["options"])
                for f in seen.get_foreign_keys(table)
            ),
            "unique": sorted((str(u["name"]), u["column_names"]) for u in seen.get_unique_constraints(table)),
            "checks": sorted((str(c["name"]), plain(c["sqltext"])) for c in seen.get_check_constraints(table)),
        }
    return _INSPECTED[table, words]


TRIGGERS = {
    "sqlite": "select tbl_name, name, sql from sqlite_master where type = 'trigger'",
    "postgresql": "select relname, tgname, pg_get_triggerdef(pg_trigger.oid) from pg_trigger"
    " join pg_class on pg_class.oid = tgrelid where not tgisinternal",
}


def triggers(connection: Connection) -> Guards:
    """The triggers of each table that has any."""
    found: Guards = {}
    for table, name, sql in connection.execute(text(TRIGGERS[connection.dialect.name])):
        found.setdefault(table, set()).add((name, plain(sql)))
    return found


def plain(words: Any) -> str:
    """A definition with its white space made even."""
    return re.sub(r"\s+", " ", str(words))
