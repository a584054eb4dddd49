"""The course with the people of a World in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import make_app, new_database, undone


@pytest.fixture(scope="module")
def peopled(request: pytest.FixtureRequest, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application on a database in which the people of a World are there already."""
    if database_url.startswith("sqlite"):
        file = tmp_path_factory.mktemp("peopled") / "course.db"
        return make_app(f"sqlite:///{shutil.copy(request.getfixturevalue('peopled_file'), file)}")
    template = request.getfixturevalue("peopled_database")
    return make_app(new_database(request.getfixturevalue("postgres_url"), "peopled_copy", template))


@pytest.fixture
def peopled_app(peopled: Flask) -> Iterator[Flask]:
    """That application; whatever it commits is undone when the test ends."""
    with undone(peopled) as application:
        yield application
