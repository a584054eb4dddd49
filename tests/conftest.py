"""What tests share: the application on both engines, each test undone afterwards, and a client for pages."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from alembic import util
from flask import Flask, before_render_template
from hypothesis import HealthCheck, settings
from jinja2 import Template
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

import app as application
from app import create_app
from config import Config
from course import db, schema_upgrade
from course.auth import password_hashing as passwords
from course.auth.rate_limits import PAGE_ATTEMPTS_KEY
from course.content.actions import archive
from course.content.library import Library, load_library
from course.db import assert_outside_unit_of_work
from course.reports.status_cache import StatusCache
from course.web.unit_of_work import SessionFactories, unit_of_work
from tests.faults.course_process import Starter, starter
from tests.pages import Client
from tests.support.applications import share
from tests.support.compiled_statements import engine_with_shared_statements
from tests.support.courses import shared_library
from tests.support.engines import Comparison, add_options, choose_engines
from tests.support.migrations import load_python_file
from tests.support.order import deal
from tests.support.pooler import tests_through_pooler, through_pooler
from tests.support.postgres import temporary_cluster
from tests.support.rendering import StatementsWhileRendering
from tests.support.templates import BytecodeInMemory
from tests.support.unmarked import without_marked_changes

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
REAL_PARAMETERS = passwords.PARAMETERS
passwords.PARAMETERS = passwords.HashParameters(passes=1, memory_kib=8)
# Many applications are made in a process. They share the course of this repository, which is immutable, and the code of the
# templates; a course that a test has changed lies in another folder, and is read each time.
application._load_library = shared_library
share()
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": BytecodeInMemory()}
# Whatever is slow refuses to run inside a unit of work, in every test.
db.raise_if_slow = True
setattr(db, "create_engine", engine_with_shared_statements)  # noqa: B010 (not a name that it exports)
setattr(util, "load_python_file", load_python_file)  # noqa: B010 (its arguments have other names)


pytest_addoption = add_options
pytest_generate_tests = choose_engines


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--compare-engines"):
        config.pluginmanager.register(Comparison())
    # For each class of its models pydantic looks through all modules that are loaded: 2.2 s of the processor in the middle of
    # a run, 0.3 s before the tests are loaded.
    import_module("course.scim.views.server")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, dealt among the processes of the run: none is left alone with one of them at the end."""
    deal(items)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: the garbage collector need not look at it again and again. Then it
    comes after a million new objects, some 100 MB, since a test leaves most of what it made at its end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000_000, 5, 5)


@before_render_template.connect
def _outside(_app: Flask, template: Template, context: object) -> None:  # noqa: ARG001 (the signal's own)
    assert_outside_unit_of_work(f"rendering {template.name}")


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A PostgreSQL cluster for this run: that of TEST_POSTGRES_URL, or a temporary one of our own."""
    given = os.environ.get("TEST_POSTGRES_URL")
    pooled = request.config.getoption("--through-pgbouncer")
    with (
        nullcontext(given) if given else temporary_cluster() as url,
        tests_through_pooler(url) if pooled else nullcontext(),
    ):
        yield url


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty database: of SQLite, and of PostgreSQL too for what is marked `both_engines`."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database') / 'course.db'}"
    return through_pooler(str(request.getfixturevalue("postgres_url")))


def make_config(database_url: str, **settings: str) -> Config:
    """Settings for a test, checked like any other."""
    return Config.from_env({"SECRET_KEY": SECRET, "DATABASE_URL": database_url, **settings})


def make_app(database_url: str, **settings: str) -> Flask:
    """An application on a database, which writes no line for each request. No text of its course is marked as changed."""
    app = create_app(make_config(database_url, **settings))
    app.config["LOG_REQUESTS"] = False
    course = app.extensions["course"]
    app.extensions["course"] = replace(course, library=without_marked_changes(course.library))
    return app


def migrate(database_url: str, with_content: bool = True) -> None:
    """Make the schema by the migrations in an empty database, and archive the content in it if that is asked for."""
    app = make_app(database_url)
    engine = app.extensions["course"].engine
    schema_upgrade.upgrade(engine)
    if with_content:
        with app.app_context(), unit_of_work() as session:
            archive(session, app.extensions["course"].library, NOW)
    engine.dispose()


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[str], None]) -> Path:
    """A SQLite file that `make` fills, given its URL, once in a run by whichever process needs it first.

    It is to be copied, not used.
    """
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    file, unfinished = folder / f"{name}.db", folder / f"{name}-unfinished.db"
    with (folder / f"{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not file.exists():
            make(f"sqlite:///{unfinished}")
            with closing(sqlite3.connect(unfinished)) as source, closing(sqlite3.connect(file)) as copy:
                source.backup(copy)
            file.chmod(0o600)
    return file


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the schema and no rows: to be copied, not used."""
    return made_once(tmp_path_factory, "migrated", lambda url: migrate(url, with_content=False))


@pytest.fixture(scope="session")
def archived_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the schema and the content archived: to be copied, not used."""
    return made_once(tmp_path_factory, "archived", migrate)


@pytest.fixture(scope="session")
def archived_database(postgres_url: str) -> str:
    """The same on PostgreSQL: the name of a database, as a template for others."""
    name = "archived"
    migrate(new_database(postgres_url, name))
    return name


def add_people(database_url: str) -> None:
    """Put the people of tests/audit/people.py into a database with the schema and the content."""
    from tests.audit.people import make_people  # noqa: PLC0415 (it imports this module)

    app = make_app(database_url)
    with app.app_context(), unit_of_work() as session:
        make_people(session)
    app.extensions["course"].engine.dispose()


@pytest.fixture(scope="session")
def peopled_file(tmp_path_factory: pytest.TempPathFactory, archived_file: Path) -> Path:
    """A SQLite database with the content archived and these people: to be copied, not used."""

    def make(database_url: str) -> None:
        shutil.copy(archived_file, str(make_url(database_url).database))
        add_people(database_url)

    return made_once(tmp_path_factory, "peopled", make)


@pytest.fixture(scope="session")
def peopled_database(postgres_url: str, archived_database: str) -> str:
    """The same on PostgreSQL: the name of a database, as a template for others."""
    name = "peopled"
    add_people(new_database(postgres_url, name, archived_database))
    return name


def new_database(postgres_url: str, name: str, template: str = "template1") -> str:
    """A new database in the cluster, like its template, in place of any other of that name; returns its URL."""
    base = make_url(postgres_url)
    engine = create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"drop database if exists {name} with (force)"))
        # A pooler keeps connections to the template, which then cannot be copied.
        connection.execute(
            text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"), {"name": template}
        )
        connection.execute(text(f"create database {name} template {template}"))
    engine.dispose()
    return through_pooler(base.set(database=name).render_as_string(hide_password=False))


@pytest.fixture(scope="session")
def prepared(request: pytest.FixtureRequest, database_url: str, archived_file: Path) -> Flask:
    """The application on a schema made by the migrations, with its content archived."""
    file = make_url(database_url).database
    if database_url.startswith("sqlite") and file:
        shutil.copy(archived_file, file)
        return make_app(database_url)
    template = request.getfixturevalue("archived_database")
    return make_app(new_database(database_url, "prepared", template))


@contextmanager
def undone(prepared: Flask) -> Iterator[Flask]:
    """The application; whatever it commits is undone at the end."""
    with prepared.extensions["course"].engine.connect() as connection:
        outer = connection.begin()
        kept = prepared.extensions["course.sessions"]
        sessions = sessionmaker(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint", info=kept.writing.kw["info"]
        )
        prepared.extensions["course.sessions"] = SessionFactories(
            sessions, lambda: nullcontext(connection), lambda: nullcontext(connection)
        )
        # What was read of a database that is undone must not be remembered.
        prepared.extensions.pop("course.organisation", None)
        prepared.extensions["course.status_cache"] = StatusCache()
        prepared.extensions.pop(PAGE_ATTEMPTS_KEY, None)
        yield prepared
        prepared.extensions["course.sessions"] = kept
        outer.rollback()


@pytest.fixture(scope="session")
def starting() -> Iterator[Starter]:
    """Starts the course as processes of their own, quickly."""
    with starter() as made:
        yield made


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
def sample_course(app: Flask, session: Session) -> Iterator[Library]:
    """The application teaches the sample course: a module with a question of each form."""
    state = app.extensions["course"]
    library = load_library(Path(__file__).parent / "sample_modules")
    app.extensions["course"] = replace(state, library=library)
    archive(session, library, NOW)
    session.commit()
    yield library
    app.extensions["course"] = state


@pytest.fixture
def client(app: Flask) -> Client:
    """A browser without JavaScript that also checks every page it gets."""
    return Client(app)


@pytest.fixture
def fresh_app(tmp_path: Path, migrated_file: Path) -> Flask:
    """An application on a database file of its own that really commits, migrated and empty."""
    app = make_app(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'fresh.db')}")
    # The check at the first connection of a process is over, as in a course that has been running.
    app.extensions["course"].engine.connect().close()
    return app


@pytest.fixture
def archived_app(tmp_path: Path, archived_file: Path) -> Flask:
    """Another one, with the content archived."""
    return make_app(f"sqlite:///{shutil.copy(archived_file, tmp_path / 'archived.db')}")


def _prepare_demonstration(url: str) -> None:
    app = create_app(make_config(url, DEMO_PASSWORD=PEOPLES_PASSWORD))
    done = app.test_cli_runner().invoke(args=["demo", "prepare"])
    assert done.exit_code == 0, done.output
    app.extensions["course"].engine.dispose()


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's database: to be copied, not used. Its three people have the tests' password."""
    return made_once(tmp_path_factory, "demonstration", _prepare_demonstration)


@pytest.fixture(params=["sqlite", "postgresql"])
def committed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The course on a database of its own, with the content archived and nothing else."""
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('archived_file'), tmp_path / 'races.db')}"
    else:
        template = request.getfixturevalue("archived_database")
        url = new_database(request.getfixturevalue("postgres_url"), "races", template)
    app = make_app(url)
    app.extensions["course"].engine.connect().close()
    yield app
    app.extensions["course"].engine.dispose()
