"""The schema that the migrations make is the one that the models describe, on both engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from course import migrating
from course.db import Base, make_engine
from course.models import ALL

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
assert ALL


@pytest.fixture(params=["sqlite", "postgresql"])
def two_engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two empty databases of one engine."""
    if request.param == "sqlite":
        pair = (make_engine(f"sqlite:///{tmp_path / 'a.db'}"), make_engine(f"sqlite:///{tmp_path / 'b.db'}"))
        yield pair
    else:
        url = make_url(request.getfixturevalue("postgres_url"))
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        names = ("schema_migrated", "schema_modelled")
        with admin.connect() as connection:
            for name in names:
                connection.execute(text(f"drop database if exists {name}"))
                connection.execute(text(f"create database {name}"))
        first, second = (make_engine(url.set(database=name).render_as_string(hide_password=False)) for name in names)
        pair = (first, second)
        yield pair
    for engine in pair:
        engine.dispose()


def described(engine: Engine) -> dict[str, Any]:
    """Everything that an inspector sees, in an order that does not matter."""
    seen = inspect(engine)
    found: dict[str, Any] = {}
    for table in sorted(seen.get_table_names()):
        if table == "alembic_version":
            continue
        found[table] = {
            "columns": {
                c["name"]: (str(c["type"]), c["nullable"], plain(c.get("default"))) for c in seen.get_columns(table)
            },
            "key": sorted(seen.get_pk_constraint(table)["constrained_columns"]),
            "foreign": sorted(
                (f["name"], f["constrained_columns"], f["referred_table"]) for f in seen.get_foreign_keys(table)
            ),
            "unique": sorted((str(u["name"]), u["column_names"]) for u in seen.get_unique_constraints(table)),
            "indexes": sorted((str(i["name"]), i["column_names"], bool(i["unique"])) for i in seen.get_indexes(table)),
            "checks": sorted((str(c["name"]), plain(c["sqltext"])) for c in seen.get_check_constraints(table)),
        }
    return found


def plain(words: Any) -> str:
    return re.sub(r"\s+", " ", str(words))


def test_the_migrations_make_what_the_models_describe(two_engines: tuple[Engine, Engine]) -> None:
    migrated, modelled = two_engines
    migrating.upgrade(migrated)
    Base.metadata.create_all(modelled)
    assert described(migrated) == described(modelled)
    assert len(described(migrated)) == len(Base.metadata.tables)


def test_every_migration_goes_down_again(two_engines: tuple[Engine, Engine]) -> None:
    engine, _ = two_engines
    revisions = sorted(path.name[:4] for path in VERSIONS.glob("0*.py"))
    assert migrating.newest() == revisions[-1]
    before: list[dict[str, Any]] = [{}]
    for revision in revisions:
        migrating.upgrade(engine, revision)
        before.append(described(engine))
    for revision, expected in zip([*reversed(revisions[:-1]), "base"], reversed(before[:-1]), strict=True):
        migrating.downgrade(engine, revision)
        assert described(engine) == expected
    migrating.upgrade(engine)
    assert described(engine) == before[-1]


def test_migrations_are_numbered_without_a_gap_and_import_nothing_of_the_course() -> None:
    files = sorted(VERSIONS.glob("0*.py"))
    assert [path.name[:4] for path in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]
    for path in files:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) (course|app|config)\b", source, re.MULTILINE), path
