"""Databases of PostgreSQL with the schema and the sample course, for several hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course import schema_upgrade
from course.content.actions import archive
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, ROOT, make_app, new_database
from tests.makers import make_person, make_team

SAMPLE = ROOT / "tests" / "sample_modules"
LEARNERS = 6


@contextmanager
def course_on(url: str) -> Iterator[Flask]:
    """The sample course with a manager and LEARNERS in her team, on an empty database, in this process."""
    app = make_app(url, CONTENT=str(SAMPLE))
    engine = app.extensions["course"].engine
    schema_upgrade.upgrade(engine)
    with app.app_context():
        with unit_of_work() as session:
            archive(session, app.extensions["course"].library, NOW)
        with sessions(app)() as session:
            team = make_team(session, "Harbour")
            make_person(session, "Morgan Ellis", "manager@example.org", "manager", team)
            for number in range(LEARNERS):
                make_person(session, f"Learner {number}", f"learner{number}@example.org", team=team)
    yield app
    engine.dispose()


def sessions(app: Flask) -> Callable[[], Session]:
    """What makes sessions on the database of the course."""
    found: Callable[[], Session] = app.extensions["course.sessions"].writing
    return found


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Flask]:
    """The course on a database of its own, for hosts that share it."""
    with course_on(new_database(postgres_url, "cluster")) as app:
        yield app
