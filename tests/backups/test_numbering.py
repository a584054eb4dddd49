"""After a restore nobody gets a number that was given in the time that was lost: signed links hold it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from course.backups.actions.numbering import GAP, HELD_NUMBERS
from course.certificates.actions import reissue
from course.certificates.models import Certificate, CertificateChange
from course.context import make_context
from course.people.models import Person
from course.signed_links import CertificateLink, sign_link
from course.standings.jobs import check_standings
from course.web.unit_of_work import unit_of_work
from tests.backups.conftest import KEY
from tests.backups.test_archives import backed_up, flask
from tests.backups.test_moving import move, target_url
from tests.conftest import NOW, make_app
from tests.makers import make_person
from tests.pages import Client

Numbers = tuple[int, int]


def engine_name(app: Flask) -> str:
    return str(app.extensions["course"].engine.dialect.name)


def give(app: Flask, name: str) -> Numbers:
    """The numbers of a new person and of a new certificate."""
    with app.app_context(), unit_of_work() as session:
        person = make_person(session, name, f"{name.lower()}@example.org").id
        changed = select(CertificateChange.certificate_id)
        number = session.execute(select(Certificate.number).where(Certificate.id.not_in(changed)).limit(1)).scalar_one()
        new = reissue(make_context(session, None, NOW), number, name, "The name was wrong")
        found = person, session.execute(select(Certificate.id).where(Certificate.number == new)).scalar_one()
    app.extensions["course"].engine.dispose()
    return found


def highest(app: Flask) -> Numbers:
    with app.extensions["course"].engine.connect().execution_options(writes=False) as connection:
        found = tuple(connection.execute(select(func.max(table.id))).scalar_one() for table in (Person, Certificate))
    app.extensions["course"].engine.dispose()
    return found[0], found[1]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    (tmp_path / "former-key").write_text(KEY, encoding="utf-8")
    return tmp_path / "former-key"


def test_numbers_of_the_time_that_was_lost_are_given_to_nobody_else(
    lived: Flask, elsewhere: Callable[..., Flask], key_file: Path, tmp_path: Path
) -> None:
    file = backed_up(lived, tmp_path / "backup.tar.gz")
    before, lost = highest(lived), give(lived, "Lost")
    assert lost == (before[0] + 1, before[1] + 1)
    other = elsewhere(engine_name(lived))
    done = flask(other, "backup", "restore", file, "--key-file", key_file)
    assert done.exit_code == 0, done.output
    assert highest(other) == before, "no row was made up"
    new = give(other, "New")
    for number, earlier in zip(new, before, strict=True):
        assert number > earlier + GAP
    assert Client(other).get(f"/kept/{sign_link(CertificateLink(lost[0]), KEY)}", 404).status == 404
    with other.app_context():
        assert check_standings(NOW).people > 1, "people are found on both sides of the gap"


def test_a_backup_that_is_restored_twice_gives_other_numbers_each_time(
    lived: Flask, elsewhere: Callable[..., Flask], key_file: Path, tmp_path: Path
) -> None:
    file, found = backed_up(lived, tmp_path / "backup.tar.gz"), set[Numbers]()
    for number in range(2):
        other = elsewhere(engine_name(lived))
        replace = ["--replace"] if number and engine_name(lived) == "sqlite" else []
        done = flask(other, "backup", "restore", file, "--key-file", key_file, *replace)
        assert done.exit_code == 0, done.output
        found.add(give(other, f"New{number}"))
    assert len(found) == 2
    assert len({person for person, _ in found}) == 2


def test_whoever_restores_with_a_program_of_their_own_says_so(lived: Flask) -> None:
    before = highest(lived)
    done = flask(lived, "backup", "restored")
    assert done.exit_code == 0, done.output
    with lived.extensions["course"].engine.connect() as connection:
        newest = text("select what from audit_entry order by number desc limit 1")
        assert connection.execute(newest).scalar_one() == "backup.restored"
    assert all(number > earlier + GAP for number, earlier in zip(give(lived, "New"), before, strict=True))


def test_the_room_that_a_restore_left_moves_along_to_the_other_engine(
    lived: Flask, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    assert flask(lived, "backup", "restored").exit_code == 0
    before, url = highest(lived), target_url(request, lived, tmp_path)
    done = move(lived, url)
    assert done.exit_code == 0, done.output
    moved = make_app(url, SECRET_KEY=KEY)
    assert all(number > earlier + GAP for number, earlier in zip(give(moved, "New"), before, strict=True))


def test_sqlite_gives_no_number_again_in_a_file_that_was_migrated(lived_file: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(lived_file, tmp_path / "migrated.db"))
    with closing(sqlite3.connect(file)) as database:
        for table in HELD_NUMBERS:
            (words,) = database.execute("select sql from sqlite_master where name = ?", [table]).fetchone()
            assert "AUTOINCREMENT" in words, f"a migration that rebuilds {table} has to name it again"
            newest = database.execute(f"select max(id) from {table}").fetchone()
            assert database.execute("select seq from sqlite_sequence where name = ?", [table]).fetchone() == newest
