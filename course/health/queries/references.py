"""Rows that refer to a row that is missing, for every reference of the schema.

The database refuses to make such rows. They come from a restore that was broken off, from a program that wrote into the file,
or from a SQLite file that was damaged.
"""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, and_, exists, func, select
from sqlalchemy.orm import Session

from course.db import Base


def dangling_references(session: Session) -> tuple[int, list[tuple[str, str, int]]]:
    """How many references were looked at, and those that lead nowhere: (table, table that is referred to, rows)."""
    found, looked_at = [], 0
    for table in Base.metadata.sorted_tables:
        for reference in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)):
            looked_at += 1
            count = _dangling(session, reference)
            if count:
                found.append((table.name, reference.referred_table.name, count))
    return looked_at, found


def _dangling(session: Session, reference: ForeignKeyConstraint) -> int:
    table, parent = reference.parent, reference.referred_table.alias()
    pairs = [(element.parent, parent.c[element.column.name]) for element in reference.elements]
    there = exists().where(*(parent_column == column for column, parent_column in pairs))
    statement = select(func.count()).select_from(table)
    return session.execute(
        statement.where(and_(*(column.is_not(None) for column, _ in pairs)), ~there.correlate(table))
    ).scalar_one()
