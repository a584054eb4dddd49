"""Tables of people are written by the package people alone; every other feature asks its actions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.db import Base
from course.people import models

COURSE = Path(__file__).resolve().parents[2] / "course"
OWNED = {
    name: {column.key for column in table.__table__.columns}
    for name, table in vars(models).items()
    if isinstance(table, type) and issubclass(table, Base) and table is not Base
}
OTHERS = sorted(p for p in COURSE.rglob("*.py") if COURSE / "people" not in p.parents)
WRITERS = {"insert", "update", "delete", "insert_once", "insert_if_absent", "insert_missing"}


def written(source: str) -> Iterator[str]:
    """Where a module writes a table of people: a row is made, a statement changes the table, or a column of a row is set.

    Setting a column is recognised by its name, in modules that import the table."""
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "course.people.models"
        for alias in node.names
    }
    columns = {column for table in imported.values() for column in OWNED.get(table, ())}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            tables = {one.id for one in node.args if isinstance(one, ast.Name)} & set(imported)
            if called in imported or (called in WRITERS and tables):
                yield f"line {node.lineno}: {ast.unparse(node)[:80]}"
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in columns:
            yield f"line {node.lineno}: {ast.unparse(node)} is set"


def test_the_tables_of_people_are_known() -> None:
    assert {"Person", "Team", "Membership", "Employment", "RoleGrant", "Deputy", "PathwayChoice"} <= set(OWNED)
    assert len(OTHERS) > 200


def test_no_other_feature_writes_a_table_of_people() -> None:
    found = {str(p.relative_to(COURSE)): some for p in OTHERS if (some := list(written(p.read_text(encoding="utf-8"))))}
    assert found == {}


@pytest.mark.parametrize(
    "statement",
    [
        "Person(name='x')",
        "session.execute(update(Person).values(name='x'))",
        "session.execute(insert(Person))",
        "insert_once(session, Person, name='x')",
        "someone.left_at = at",
    ],
)
def test_writing_is_recognised(statement: str) -> None:
    assert list(written(f"from course.people.models import Person\n{statement}\n"))


def test_reading_is_allowed() -> None:
    assert not list(written("from course.people.models import Person\nselect(Person.id).where(Person.left_at == at)\n"))
