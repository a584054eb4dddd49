"""Rows for every table of a database, whatever its revision, made from what the database itself says of its tables.

Each column gets each of the values that a check names, and a nullable one is both set and empty. Whether a row can stay is
left to the database: a row that a check, a key or a trigger refuses is made up anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    exc,
    func,
    inspect,
    null,
    select,
)

TRIES = 25  # how often a row is made up anew until it is given up
ROWS = 10  # rows of a table that is new
REFUSED = (exc.IntegrityError, exc.InternalError, exc.ProgrammingError)
SET = object()  # any value but null
# Alembic's own table, and what holds one row that a migration puts there.
LEFT_ALONE = frozenset({"alembic_version", "audit_head"})


class Filler:
    """Makes up rows, always the same ones."""

    def __init__(self) -> None:
        self.random = Random(20261128)
        self.count = 0
        self.known: dict[str, object] = {}
        self.filled: list[str] = []  # by the last call

    def fill(self, connection: Connection, shapes: Mapping[str, object], *, every: bool = False) -> set[str]:
        """Put rows into every table that is new, or whose shape is another than at the last call, or into `every` one.

        Gives what it could not do: `table.column` and the value that no row has there.
        """
        names = [
            name
            for name, shape in shapes.items()
            if name not in LEFT_ALONE and (every or self.known.get(name) != shape)
        ]
        self.known, self.filled = dict(shapes), names
        if not names:
            return set()
        metadata, seen = MetaData(), inspect(connection)
        metadata.reflect(connection, only=names)
        for column in (column for table in metadata.tables.values() for column in table.columns):
            if isinstance(column.type, JSON):  # which has a null of its own
                column.type.none_as_null = True
        missed: set[str] = set()
        for table in metadata.sorted_tables:
            if table.name in names:
                checks = [str(check["sqltext"]) for check in seen.get_check_constraints(table.name)]
                missed |= set(_Table(self, connection, table, checks).fill())
        return missed


class _Table:
    """One table, and the rows that are its columns' choices."""

    def __init__(self, filler: Filler, connection: Connection, table: Table, checks: list[str]) -> None:
        self.filler, self.connection, self.table = filler, connection, table
        self.named = {column.name: list(_named(column, checks)) for column in table.columns}
        self.numbered: int | None = None
        names = [column.name for column in table.columns]
        # A column that has a check to itself must have every value that it names.
        self.alone = {
            mentioned[0]: set(re.findall(r"'([^']*)'", check))
            for check in checks
            if len(mentioned := [name for name in names if _mentions(check, name)]) == 1
        }
        self.parents = {
            column.name: list(connection.execute(select(key.column).order_by(key.column)).scalars())
            for column in table.columns
            for key in column.foreign_keys
            if key.column.table is not table
        }

    def fill(self) -> Iterator[str]:
        """Insert the rows; say which values no row has."""
        for column in self.table.columns:
            if column.nullable:
                self.insert({column.name: None})
                self.insert({column.name: SET})
            for value in self.named[column.name]:
                self.insert({column.name: value})
        count = self.connection.execute(select(func.count()).select_from(self.table)).scalar_one()
        for _ in range(count, ROWS):
            self.insert({})
        self.double()
        for column in self.table.columns:
            held = set(self.connection.execute(select(column == null()).distinct()).scalars())
            wanted = {True, False} if column.nullable else {False}
            yield from (f"{self.table.name}.{column.name} null: {value}" for value in wanted - held)
            kinds = self.alone.get(column.name, set())
            if kinds:
                kinds = kinds - set(self.connection.execute(select(column).distinct()).scalars())
                yield from (f"{self.table.name}.{column.name} = {value}" for value in sorted(kinds))

    def double(self) -> None:
        """A second row with all that the first one says, as two clicks make where no constraint forbids it.

        A later constraint has to say what becomes of such rows.
        """
        keys = list(self.table.primary_key)
        if len(keys) != 1 or keys[0].foreign_keys or not isinstance(keys[0].type, Integer):
            return
        rows = list(self.connection.execute(select(self.table).order_by(keys[0])).mappings())
        # The fullest ones, because to a constraint two empty values differ, and the emptiest, because some hold only there.
        rows.sort(key=lambda row: sum(value is None for value in row.values()))
        for first in [*rows[:3], *rows[-3:]]:
            row = {name: value for name, value in first.items() if name != keys[0].name}
            if keys[0].server_default is None:
                row[keys[0].name] = self.next_number(keys[0])
            with suppress(*REFUSED), self.connection.begin_nested():
                self.connection.execute(self.table.insert(), row)
                self.numbered = None

    def insert(self, wish: dict[str, Any]) -> bool:
        """Insert a row with this value in this column; False if none was accepted."""
        for _ in range(TRIES):
            row = self.made_up(wish)
            if any(row.get(name) is None for name, value in wish.items() if value is SET):
                continue
            try:
                with self.connection.begin_nested():
                    self.connection.execute(self.table.insert(), row)
            except REFUSED:
                continue
            self.numbered = self.numbered + 1 if self.numbered is not None else None
            return True
        return False

    def made_up(self, wish: dict[str, Any]) -> dict[str, Any]:
        """A row that may or may not be accepted."""
        row = {}
        for column in self.table.columns:
            wanted = wish.get(column.name, self)
            if wanted is not self and wanted is not SET:
                row[column.name] = wanted
            elif column.primary_key and isinstance(column.type, Integer) and not column.foreign_keys:
                # Where the database has a sequence, that is used: it must go on after what is there.
                if column.server_default is None:
                    row[column.name] = self.next_number(column)
            elif column.nullable and wanted is not SET and self.filler.random.random() < 0.4:
                row[column.name] = None
            else:
                row[column.name] = self.value(column)
        return row

    def next_number(self, column: Column[Any]) -> int:
        """A number for a row that the database does not number itself: one more than the highest."""
        if self.numbered is None:
            self.numbered = int(self.connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one())
        return self.numbered + 1

    def value(self, column: Column[Any]) -> Any:
        """A value of the column's type that no other row has, or one that a check names, or that of another row."""
        random = self.filler.random
        if column.name in self.parents:
            return random.choice(self.parents[column.name]) if self.parents[column.name] else None
        for key in column.foreign_keys:
            return random.choice(list(self.connection.execute(select(key.column)).scalars()) or [None])
        if self.named[column.name]:
            return random.choice(self.named[column.name])
        self.filler.count += 1
        return _of_type(column, self.filler.count)


def _of_type(column: Column[Any], count: int) -> Any:
    kind = column.type
    if isinstance(kind, Boolean):
        return count % 2 == 0
    if isinstance(kind, Integer):
        return count
    if isinstance(kind, DateTime):
        moment = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC) + timedelta(minutes=count)
        return moment if kind.timezone else moment.replace(tzinfo=None)
    if isinstance(kind, Date):
        return date(2024, 2, 29) + timedelta(days=count % 3000)
    if isinstance(kind, JSON):
        return {"count": count, "names": ["Zoë", None], "none": []}
    if isinstance(kind, LargeBinary):
        return b"\x00\xff%d" % count
    if isinstance(kind, String):
        text = f"{count} {column.name} 'Zoë' \N{CHECK MARK}\n\"%\\:x"
        return text[: kind.length or None]
    raise NotImplementedError(f"{column.table.name}.{column.name} is of a type that is not made up yet: {kind!r}")


def _mentions(check: str, name: str) -> bool:
    return re.search(rf"(?<![\w']){re.escape(name)}\b(?!')", check) is not None


def _named(column: Column[Any], checks: list[str]) -> Iterator[Any]:
    """The values that the table's checks name beside this column."""
    found: set[Any] = set()
    for check in checks:
        if not _mentions(check, column.name):
            continue
        if isinstance(column.type, String):
            found |= set(re.findall(r"'([^']*)'", check))
        elif isinstance(column.type, Integer) and not isinstance(column.type, Boolean):
            found |= {int(number) + more for number in re.findall(r"(?<![\w'])\d+", check) for more in (0, 1)}
    yield from sorted(found)
