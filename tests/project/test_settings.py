"""Every command reads the same settings, says which database it works on, and refuses one that it cannot work on."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask
from flask.cli import load_dotenv
from flask.helpers import get_load_dotenv

from app import create_app
from config import ROOT, Config, ConfigError, read_env_file
from course.backups.actions.dumps import connection_settings
from course.db import database_name
from course.server.commands import _use_console_mail
from course.web.app_state import app_state
from tests.conftest import SECRET, make_config

BIN = Path(sys.executable).parent


def run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with these settings in its environment and no others."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | settings
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project in another folder, so that a .env can lie beside it."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("app.py", "config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("course", "modules", "migrations"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "data").mkdir()
    return folder


# What stands in .env, and what is said about it.
MISTAKES = [
    ("DATABASE_URL postgresql://host/course", "line 1: cannot be read"),
    ('MAIL_FROM="a@example.org', "line 1: cannot be read"),
    ("PORT=8001\nDATABASE_URI=sqlite:////srv/x.db", "line 2: there is no setting DATABASE_URI. Is DATABASE_URL meant?"),
    ("MAIL_USER=x", "there is no setting MAIL_USER. Is MAIL_URL meant?"),
    ("database_url=sqlite:////srv/x.db", "there is no setting database_url. Is DATABASE_URL meant?"),
    ("PORT", "PORT has no value"),
    ("PORT=1\nPORT=2", "line 2: PORT is set for a second time"),
    ("SECRET_KEY=$(cat /run/key)", "SECRET_KEY: commands are not run here"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / ".env"
    file.write_text(text, encoding="utf-8")
    found = read_env_file(file)
    assert [words in mistake for mistake in found.mistakes] == [True], found.mistakes
    assert str(file) in found.mistakes[0]


def test_the_file_is_read_as_shells_and_editors_write_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        '\ufeff# ours\nexport PORT=9000\nMAIL_FROM="Course <a@example.org>" # us\nREDIS_URL=x\nHOST = ::1\n'
    )
    found = read_env_file(file)
    assert (found.values, found.mistakes) == (
        {"PORT": "9000", "MAIL_FROM": "Course <a@example.org>", "HOST": "::1"}, []
    )  # fmt: skip
    assert read_env_file(tmp_path / "none").values == {}


def test_a_file_that_is_no_text_or_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("binary", "."):
        assert str(tmp_path / name) in read_env_file(tmp_path / name).mistakes[0]


def test_a_file_with_secrets_that_others_can_read_gets_a_warning(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    for text, mode, warned in (
        (f"SECRET_KEY={SECRET}", 0o644, True),
        ("MAIL_URL=smtp://u:p@mail.example.org", 0o640, True),
        (f"SECRET_KEY={SECRET}", 0o600, False),
        ("PORT=9000", 0o644, False),
    ):
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        found = read_env_file(file)
        assert not found.mistakes
        assert bool(found.warnings) == warned, (text, mode)
        assert all(SECRET not in words and "u:p" not in words for words in found.warnings)


NAMES = [
    ("sqlite:////srv/course.db", "/srv/course.db"),
    ("postgresql+psycopg://u:secret@db.example.org/course", "PostgreSQL course at db.example.org"),
    ("postgresql+psycopg://u:secret@db.example.org:6000/course", "PostgreSQL course at db.example.org, port 6000"),
    ("postgresql+psycopg:///course?host=/run/pg", "PostgreSQL course at /run/pg"),
    ("postgresql+psycopg://u:secret@/course", "PostgreSQL course at this machine"),
]


@pytest.mark.parametrize(("url", "words"), NAMES)
def test_a_database_is_named_without_its_password(url: str, words: str) -> None:
    assert database_name(url) == words


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:quiet-river@127.0.0.1:1/course",
        "postgresql://127.0.0.1:1/course?user=u&password=quiet-river",
        "postgresql://u@127.0.0.1:1/course?passwrd=quiet-river&sslmode=disable",
    ],
)
def test_no_command_shows_the_password_of_the_database(tmp_path: Path, url: str) -> None:
    app = create_app(make_config(url))
    for command, words in (
        (["backup", str(tmp_path / "new")], "cannot be used"),
        (["database", "move", "--to", f"sqlite:///{tmp_path / 'new.db'}"], "cannot be used"),
        (["upgrade"], "cannot be used"),
        (["audit", "head"], "cannot be used"),
        (["worker"], "cannot be used"),
    ):
        app.extensions["course.opening"]._is_done = False
        done = app.test_cli_runner().invoke(args=command)
        assert done.exit_code == 1
        assert words in done.output
        assert "127.0.0.1:1/course" in done.output
        assert "quiet-river" not in done.output
    address, environment = connection_settings(url)
    assert "quiet-river" not in address, "it would stand in the list of processes"
    assert "dbname=course" in address
    assert environment == ({} if "passwrd" in url else {"PGPASSWORD": "quiet-river"})


def test_a_path_is_counted_from_the_project_wherever_a_command_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    config = Config.from_env({"SECRET_KEY": SECRET, "DATABASE_URL": "sqlite:///tests/x.db", "CONTENT": "modules"})
    assert config.database_url == f"sqlite:///{ROOT}/tests/x.db"
    assert config.content == ROOT / "modules"
    with pytest.raises(ConfigError, match=f"{ROOT}/no-such-key"):
        Config.from_env({"SECRET_KEY_FILE": "no-such-key"})


def settings_of(project: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The file config.py of that project."""
    spec = importlib.util.spec_from_file_location("settings_of_another_project", project / "config.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def read_as_flask_does(project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The settings of the project, read by a command that is started in another folder."""
    module = settings_of(project, monkeypatch)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    if get_load_dotenv(True):
        load_dotenv()
    found: Config = module.Config.read()
    return found


def test_the_key_that_is_made_and_the_one_that_is_named_are_for_their_owner(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = settings_of(project, monkeypatch)
    first = module.Config.from_env({})
    made, named = project / "instance" / "secret-key", tmp_path / "named"
    assert (len(first.secret_key), stat.S_IMODE(made.parent.stat().st_mode)) == (64, 0o700)
    made.chmod(0o644)
    assert module.Config.from_env({}).secret_key == first.secret_key
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    named.write_text(SECRET, encoding="utf-8")
    for mode, warned in ((0o644, True), (0o640, False), (0o600, False)):
        named.chmod(mode)
        reader = module._ConfigReader({"SECRET_KEY_FILE": str(named)})
        assert (reader.secret_key(), bool(reader.warnings)) == (SECRET, warned)


def test_another_programs_file_in_the_working_directory_sets_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("FLASK_SKIP_DOTENV", "DATABASE_URL", "PORT", "TIME_ZONE"):
        # Flask sets them by itself: what was there before comes back afterwards.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (project / ".env").write_text("DATABASE_URL=sqlite:///data/ours.db\nTIME_ZONE=Europe/Paris\n", encoding="utf-8")
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:////tmp/other.db\nPORT=9999\n", encoding="utf-8")
    config = read_as_flask_does(project, tmp_path, monkeypatch)
    assert config.database_url == f"sqlite:///{project}/data/ours.db"
    assert (config.port, config.time_zone) == (8000, "Europe/Paris")
    assert f"Not read: {tmp_path}/.env." in capsys.readouterr().err
    # The environment wins over the file.
    monkeypatch.setenv("TIME_ZONE", "Europe/Rome")
    assert read_as_flask_does(project, project, monkeypatch).time_zone == "Europe/Rome"
    monkeypatch.setenv("FLASK_SKIP_DOTENV", "1")
    monkeypatch.delenv("DATABASE_URL")
    assert read_as_flask_does(project, project, monkeypatch).database_url.endswith("/instance/course.db")


def test_commands_and_migrations_work_on_the_same_database_wherever_they_start(project: Path, tmp_path: Path) -> None:
    (project / ".env").write_text("DATABASE_URL=sqlite:///data/ours.db\n", encoding="utf-8")
    ours = project / "data" / "ours.db"
    done = run(project, "alembic", "upgrade", "head")
    assert (done.returncode, f"Database: {ours}" in done.stderr) == (0, True), done.stderr
    assert stat.S_IMODE(ours.stat().st_mode) == 0o600
    done = run(tmp_path, "flask", "--app", str(project / "app.py"), "audit", "head")
    assert (done.returncode, done.stdout) == (0, f"0:{'0' * 64}\n"), done.stderr
    assert f"Database: {ours}\n" in done.stderr


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its name in full."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def arguments(command: click.Command, file: Path) -> list[str]:
    """Something for each part that a command cannot do without."""
    given: list[str] = []
    for one in command.params:
        if not one.required:
            continue
        kind = one.type
        path = file if isinstance(kind, click.Path) and kind.exists else file.with_name("new")
        value = str(path) if isinstance(kind, click.Path) else "1" if kind.name == "integer" else "2026-01-05"
        value = kind.choices[-1] if isinstance(kind, click.Choice) else value
        given += [value] if isinstance(one, click.Argument) else [one.opts[0], value]
    return given


# They make the database, or bring it up to date, or put another one in its place.
MAKING = {"serve", "worker", "demo serve", "demo prepare", "backup restore"}
# It makes a file that has to do with no database.
MAKING |= {"backup new-key"}
# They read files only.
WITHOUT = {
    "cmi5 xml", "content check", "content coverage", "content questions export",
    "content questions import", "content export", "content facts", "content report", "content translate",
    "content translated", "backup verify",
}  # fmt: skip
# What they are given is looked at first, and is nothing that they take.
EARLIER = {"mail bounce", "report export"}
FLASK = {"routes", "run", "shell"}


@pytest.fixture
def unconnected(tmp_path: Path) -> Flask:
    """The application on a database that is not there yet."""
    return create_app(make_config(f"sqlite:///{tmp_path / 'course.db'}"))


def test_every_command_refuses_a_database_that_is_not_there_and_makes_none(unconnected: Flask, tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_text("Name,E-mail\nSam Okafor,sam@example.org\n", encoding="utf-8")
    tried, opening = 0, unconnected.extensions["course.opening"]
    for name, command in leaves(unconnected.cli):
        if name in MAKING | FLASK:
            continue
        opening._is_done = False
        given = arguments(command, file)
        done = unconnected.test_cli_runner().invoke(args=[*name.split(), *given])
        refused = done.exit_code == 2 and "There is no database" in done.stderr
        assert refused or name in WITHOUT or (name in EARLIER and done.exit_code), (name, done.output)
        assert done.stdout == "" or name in WITHOUT, name
        if name in WITHOUT:
            (tmp_path / "new").unlink(missing_ok=True)  # what they were asked to write
        tried += refused
    assert tried > 25
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some.txt"]


def test_a_database_without_tables_or_of_somebody_else_is_refused(unconnected: Flask, tmp_path: Path) -> None:
    database = tmp_path / "course.db"
    opening = unconnected.extensions["course.opening"]
    for made, words in (("", "has no tables"), ("create table song (title text)", "is not a database of this course")):
        database.unlink(missing_ok=True)
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(made)
        database.touch()
        before = database.read_bytes()
        for command in (("audit", "head"), ("backup", str(tmp_path / "copy")), ("reminders", "send")):
            opening._is_done = False
            done = unconnected.test_cli_runner().invoke(args=list(command))
            assert (done.exit_code, words in done.stderr) == (2, True), (command, done.output)
        unconnected.extensions["course"].engine.dispose()
        assert (database.read_bytes(), (tmp_path / "copy").exists()) == (before, False)


def test_the_demonstration_reads_no_file_of_settings_and_sends_no_mail(tmp_path: Path) -> None:
    make = ["make", "-n", "-o", ".venv/ready", "-C", str(ROOT)]
    line = subprocess.run([*make, "demo"], capture_output=True, text=True, check=True).stdout
    for setting in (
        "FLASK_SKIP_DOTENV=1",
        "DATABASE_URL=sqlite:///instance/demo.db",
        "MAIL_URL=console:",
        "PUBLIC_URL= ",
    ):
        assert setting in line
    real = f"sqlite:///{tmp_path / 'real.db'}"
    app = create_app(make_config(real, MAIL_URL="smtp://mail.example.org"))
    with closing(sqlite3.connect(tmp_path / "real.db")) as database:
        database.executescript(
            "create table organisation (id integer, name text); insert into organisation values (1, 'Harbour Trust')"
        )
    with app.app_context():
        _use_console_mail()
        assert app_state().config.mail_url == "console:"
    before = (tmp_path / "real.db").read_bytes()
    done = app.test_cli_runner().invoke(args=["demo", "prepare"])
    assert (done.exit_code, "belongs to Harbour Trust" in done.stderr) == (1, True), done.output
    app.extensions["course"].engine.dispose()
    assert (tmp_path / "real.db").read_bytes()[100:] == before[100:], "not even migrated"
