"""What tests share: the application on both engines, each test undone afterwards, and a client for pages."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask, before_render_template
from hypothesis import HealthCheck, settings
from jinja2 import Template
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from app import create_app
from config import Config
from course import db, schema_upgrade
from course.auth import password_hashing as passwords
from course.auth.rate_limits import PAGE_ATTEMPTS_KEY
from course.content.actions import archive
from course.db import assert_outside_unit_of_work, make_engine
from course.reports.status_cache import StatusCache
from course.web.unit_of_work import SessionFactories, unit_of_work
from tests.pages import Client
from tests.support.engines import Comparison, add_options, choose_engines
from tests.support.postgres import temporary_cluster
from tests.support.rendering import StatementsWhileRendering

# A developer's .env changes nothing in tests, nor in the processes that they start.
os.environ["FLASK_SKIP_DOTENV"] = "1"
# The one profile of all property tests. Nothing in it depends on how busy the machine is or on chance: the same examples
# are drawn each time. To look for others, set TEST_EXPLORE.
settings.register_profile(
    "course",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("TEST_EXPLORE"),
)
settings.load_profile("course")

SECRET = "only-for-tests-0123456789abcdef0123456789"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PEOPLES_PASSWORD = "quiet-river-stones-42"  # of everybody who can sign in

# A password that takes as long as it should to be hashed would be a third of the time of all tests.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# Whatever is slow refuses to run inside a unit of work, in every test.
db.raise_if_slow = True


pytest_addoption = add_options
pytest_generate_tests = choose_engines


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--compare-engines"):
        config.pluginmanager.register(Comparison())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's walks first: nobody is left alone with a long one at the end."""
    items.sort(key=lambda item: "tests/journeys/" not in item.nodeid)


@before_render_template.connect
def _outside(_app: Flask, template: Template, context: object) -> None:  # noqa: ARG001 (the signal's own)
    assert_outside_unit_of_work(f"rendering {template.name}")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL cluster for this run: that of TEST_POSTGRES_URL, or a temporary one of our own."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with temporary_cluster() as url:
        yield url


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty database: of SQLite, and of PostgreSQL too for what is marked `both_engines`."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database') / 'course.db'}"
    return str(request.getfixturevalue("postgres_url"))


def make_config(database_url: str, **settings: str) -> Config:
    """Settings for a test, checked like any other."""
    return Config.from_env({"SECRET_KEY": SECRET, "DATABASE_URL": database_url, **settings})


@pytest.fixture(scope="session")
def prepared(database_url: str) -> Flask:
    """The application on a schema made by the migrations, with its content archived."""
    app = create_app(make_config(database_url))
    app.config["LOG_REQUESTS"] = False
    engine = make_engine(database_url)
    schema_upgrade.upgrade(engine)
    with Session(engine) as session:
        archive(session, app.extensions["course"].library, NOW)
        session.commit()
    engine.dispose()
    return app


@contextmanager
def undone(prepared: Flask) -> Iterator[Flask]:
    """The application; whatever it commits is undone at the end."""
    with prepared.extensions["course"].engine.connect() as connection:
        outer = connection.begin()
        kept = prepared.extensions["course.sessions"]
        sessions = sessionmaker(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint", info=kept.writing.kw["info"]
        )
        prepared.extensions["course.sessions"] = SessionFactories(sessions, lambda: nullcontext(connection))
        # What was read of a database that is undone must not be remembered.
        prepared.extensions.pop("course.organisation", None)
        prepared.extensions["course.status_cache"] = StatusCache()
        prepared.extensions.pop(PAGE_ATTEMPTS_KEY, None)
        yield prepared
        prepared.extensions["course.sessions"] = kept
        outer.rollback()


@pytest.fixture(scope="session")
def rendering() -> Iterator[StatementsWhileRendering]:
    """What templates ask of the database, in the whole run."""
    with StatementsWhileRendering().noted() as statements:
        yield statements


@pytest.fixture(autouse=True)
def _templates_ask_nothing(rendering: StatementsWhileRendering) -> Iterator[None]:
    """In every test: a view reads what its page shows, and the template sends no statement."""
    rendering.found.clear()
    yield
    assert rendering.found == []


@pytest.fixture
def app(prepared: Flask) -> Iterator[Flask]:
    """The application; whatever it commits is undone when the test ends."""
    with undone(prepared) as application:
        yield application


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session on the same connection as the application's."""
    with app.extensions["course.sessions"].writing() as session:
        yield session


@pytest.fixture
def client(app: Flask) -> Client:
    """A browser without JavaScript that also checks every page it gets."""
    return Client(app)


@pytest.fixture
def fresh_app(tmp_path: Path) -> Flask:
    """An application on a database file of its own that really commits, migrated and empty."""
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    app = create_app(make_config(url))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    return app


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's database, made once in a run by whichever process needs it first: to be copied, not used.

    Its three people have the tests' password.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    file, making = folder / "demonstration.db", folder / "demonstration-in-the-making.db"
    with (folder / "demonstration.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not file.exists():
            app = create_app(make_config(f"sqlite:///{making}", DEMO_PASSWORD=PEOPLES_PASSWORD))
            done = app.test_cli_runner().invoke(args=["demo", "prepare"])
            assert done.exit_code == 0, done.output
            app.extensions["course"].engine.dispose()
            with closing(sqlite3.connect(making)) as source, closing(sqlite3.connect(file)) as copy:
                source.backup(copy)
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def committed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The course on an empty database of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'races.db'}"
    else:
        base = make_url(request.getfixturevalue("postgres_url"))
        with create_engine(base, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("drop database if exists races"))
            connection.execute(text("create database races"))
        url = base.set(database="races").render_as_string(hide_password=False)
    app = create_app(make_config(url))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
    yield app
    app.extensions["course"].engine.dispose()
