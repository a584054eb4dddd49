"""An upgrade begins with a verified backup, ends with a check, and says how to go back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from course import schema_upgrade
from course.backups.actions.archives import unpacked, verify_unpacked
from course.backups.jobs import upgrade_course
from course.backups.queries import newest_backups
from course.schema_upgrade.queries import known_revisions
from course.web.unit_of_work import read_only_session
from tests.backups.conftest import KEY, RELEASE, SAID
from tests.backups.test_archives import flask
from tests.conftest import NOW, make_app, new_database
from tests.upgrades.test_releases import unpacked as unpack_release

OLD = known_revisions()[-2]
PERSON = "insert into person (name, email, created_at) values ('Ada Example', 'ada@example.org', '2026-01-01')"


@pytest.fixture
def released(tmp_path: Path) -> Iterator[Flask]:
    """Today's program on the database of an earlier release."""
    unpack_release(RELEASE, tmp_path / "course.db")
    app = make_app(f"sqlite:///{tmp_path / 'course.db'}", SECRET_KEY=KEY)
    yield app
    app.extensions["course"].engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Today's program on the database of the migration before, with somebody in it, and a folder for backups."""
    url = f"sqlite:///{tmp_path / 'older.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_url"), "backup_older")
    (tmp_path / "backups").mkdir()
    app = make_app(url, BACKUP_FOLDER=str(tmp_path / "backups"))
    engine = app.extensions["course"].engine
    schema_upgrade.upgrade(engine, OLD)
    with engine.begin() as connection:
        connection.execute(text(PERSON))
    yield app
    engine.dispose()


def revision(app: Flask) -> str | None:
    return schema_upgrade.current_revision(app.extensions["course"].engine)


def people(app: Flask) -> list[str]:
    with app.extensions["course"].engine.connect().execution_options(writes=False) as connection:
        return list(connection.execute(text("select name from person order by id")).scalars())


def test_the_command_backs_up_migrates_checks_and_says_the_way_back_which_works(
    released: Flask, tmp_path: Path
) -> None:
    before, was = people(released), revision(released)
    file = tmp_path / "before.tar.gz"
    assert flask(released, "upgrade").exit_code == 2, "without a place for the backup nothing is done"
    assert revision(released) == was
    done = flask(released, "upgrade", "--backup", file)
    assert done.exit_code == 0, done.output
    assert revision(released) == schema_upgrade.newest_revision()
    assert f"Checked: the log is as it was written, {SAID['rows']['audit_entry'] + 1} entries" in done.stdout
    with unpacked(file, []) as backup:
        assert verify_unpacked(backup).revision == was
        assert backup.manifest is not None
        assert {name: count for name, count in backup.manifest.tables.items() if count} == {
            name: count for name, count in SAID["rows"].items() if count and name != "alembic_version"
        }
    again = flask(released, "upgrade")
    assert (again.exit_code, "Nothing was changed" in again.stdout) == (0, True)
    # The way back, as it is printed. Today's program brings the database up to date again; the earlier one would not.
    with released.extensions["course"].engine.begin() as connection:
        connection.execute(text("update person set name = 'Spoilt'"))
    released.extensions["course"].engine.dispose()
    (way,) = re.findall(r"^  flask (backup restore .+)$", done.stdout, re.MULTILINE)
    back = flask(released, *way.split())
    assert back.exit_code == 0, back.output
    assert people(released) == before


def test_the_start_makes_a_verified_backup_before_it_migrates(older: Flask, tmp_path: Path) -> None:
    with older.app_context():
        made = upgrade_course(NOW)
        assert made is not None
        assert revision(older) == schema_upgrade.newest_revision()
        with read_only_session() as session:
            newest, verified = newest_backups(session)
        assert newest is not None
        assert (newest.file, newest) == (str(made.file), verified)
        assert upgrade_course(NOW) is None
    (file,) = (tmp_path / "backups").iterdir()
    with unpacked(file, []) as backup:
        assert verify_unpacked(backup).revision == OLD
        assert backup.manifest is not None
        assert backup.manifest.tables["person"] == 1


def test_without_its_backup_nothing_is_migrated(older: Flask, tmp_path: Path) -> None:
    state = older.extensions["course"]
    older.extensions["course"] = replace(state, config=replace(state.config, backup_folder=tmp_path / "nowhere"))
    with (
        older.app_context(),
        pytest.raises(schema_upgrade.DatabaseUnavailableError, match="no backup could be made first"),
    ):
        upgrade_course(NOW)
    assert (revision(older), people(older)) == (OLD, ["Ada Example"])


def test_without_a_folder_the_start_says_that_no_backup_is_made(
    older: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    state = older.extensions["course"]
    older.extensions["course"] = replace(state, config=replace(state.config, backup_folder=None))
    with older.app_context():
        assert upgrade_course(NOW) is None
    assert "BACKUP_FOLDER is not set" in capsys.readouterr().err
    assert (revision(older), people(older)) == (schema_upgrade.newest_revision(), ["Ada Example"])
