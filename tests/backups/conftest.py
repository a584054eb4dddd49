"""A course that people have used, made by the code of release 0.4 and brought up to date, on both engines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from course import schema_upgrade
from course.backups.actions.moving import MoveOrder, move_database
from course.content.actions import archive
from course.db import make_engine
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, made_once, make_app, new_database
from tests.upgrades.make_release_files import FILES
from tests.upgrades.test_releases import unpacked as unpack_release

RELEASE = "0.4"
SAID: dict[str, Any] = json.loads((FILES / f"{RELEASE}.json").read_text(encoding="utf-8"))
KEY = str(SAID["secret_key"])
PASSWORD = str(SAID["password"])


def _live_in(url: str) -> None:
    unpack_release(RELEASE, Path(str(make_url(url).database)))
    app = make_app(url, SECRET_KEY=KEY)
    schema_upgrade.upgrade(app.extensions["course"].engine)
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
    app.extensions["course"].engine.dispose()


@pytest.fixture(scope="session")
def lived_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite database of a course that people have used: to be copied, not used."""
    return made_once(tmp_path_factory, "lived-in", _live_in)


@pytest.fixture(scope="session")
def lived_database(postgres_url: str, lived_file: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same on PostgreSQL: the name of a database, as a template for others."""
    source = make_engine(f"sqlite:///{shutil.copy(lived_file, tmp_path_factory.mktemp('lived') / 'course.db')}")
    target = make_engine(new_database(postgres_url, "lived_in"))
    move_database(source, target, MoveOrder(lambda *_: None, NOW, "Europe/London"))
    target.dispose()
    return "lived_in"


@pytest.fixture(params=["sqlite", "postgresql"])
def lived(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A course that people have used, on a database of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('lived_file'), tmp_path / 'lived.db')}"
    else:
        template = request.getfixturevalue("lived_database")
        url = new_database(request.getfixturevalue("postgres_url"), "backup_source", template)
    app = make_app(url, SECRET_KEY=KEY)
    yield app
    app.extensions["course"].engine.dispose()


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes the course on another machine: with a secret key of its own, in a file, and no database yet, or an empty one."""
    made = []
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    def make(engine: str = "sqlite", **settings: str) -> Flask:
        if not (folder / "key").exists():
            (folder / "key").write_text("the-key-that-was-made-on-the-other-machine-42", encoding="utf-8")
            (folder / "key").chmod(0o600)
        url = f"sqlite:///{folder / 'course.db'}"
        if engine == "postgresql":
            url = new_database(request.getfixturevalue("postgres_url"), "backup_target")
        made.append(make_app(url, **{"SECRET_KEY": "", "SECRET_KEY_FILE": str(folder / "key"), **settings}))
        return made[-1]

    yield make
    for app in made:
        app.extensions["course"].engine.dispose()
