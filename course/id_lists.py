"""Conditions for rows that belong to a list of ids, such as those of a thousand people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, SQLColumnExpression, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _IsInIds(GenericFunction[Any]):
    # Without a type: SQLAlchemy writes "= 1" after a Boolean on SQLite, which then uses no index.
    name = "is_in_ids"
    inherit_cache = True


@compiles(_IsInIds, "postgresql")
def _compile_for_postgresql(element: _IsInIds, compiler: SQLCompiler, **options: Any) -> str:
    # One array: SQLAlchemy, the driver and the planner handle each value of an IN, which for a thousand people takes longer
    # than to find their rows.
    column, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({ids})"


@compiles(_IsInIds, "sqlite")
def _compile_for_sqlite(element: _IsInIds, compiler: SQLCompiler, **options: Any) -> str:
    # An IN: taking the list as one value by json_each() was no quicker here.
    column, ids = element.clauses
    return str(compiler.process(column.in_(bindparam(ids.key, expanding=True)), **options))


def is_in_ids(column: SQLColumnExpression[Any], parameter: str = "ids") -> ColumnElement[bool]:
    """A condition: the column has one of the ids in the list that the statement is given as this parameter."""
    return _IsInIds(column, bindparam(parameter, type_=ARRAY(Integer)))
