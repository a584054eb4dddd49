"""The schema that the migrations make is the one that the models describe, on both engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from course import schema_upgrade
from course.db import Base, make_engine
from course.models import MODEL_CLASSES
from tests.upgrades.comparing import described

pytestmark = pytest.mark.both_engines

ROOT = Path(__file__).resolve().parents[2]
VERSIONS, COURSE = ROOT / "migrations" / "versions", ROOT / "course"
assert MODEL_CLASSES


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


def test_the_migrations_make_what_the_models_describe(two_engines: tuple[Engine, Engine]) -> None:
    migrated, modelled = two_engines
    schema_upgrade.upgrade(migrated)
    Base.metadata.create_all(modelled)
    with migrated.connect() as one, modelled.connect() as other:
        assert described(one) == described(other)
        assert len(described(one)) == len(Base.metadata.tables)


def test_migrations_are_numbered_without_a_gap_and_import_nothing_of_the_course() -> None:
    files = sorted(VERSIONS.glob("0*.py"))
    assert (
        ScriptDirectory.from_config(schema_upgrade.alembic_config()).get_current_head()
        == schema_upgrade.newest_revision()
    )
    assert [path.name[:4] for path in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]
    for path in files:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) (course|app|config)\b", source, re.MULTILINE), path


def test_the_tables_of_every_feature_are_known_to_the_migrations() -> None:
    """Otherwise the next one that is made proposes to drop them."""
    features = {file.parent.name for file in COURSE.glob("*/models.py")}
    assert features - {model.__module__.split(".")[1] for model in MODEL_CLASSES} == set()
