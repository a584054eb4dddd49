"""The copies of a SQLite file that are kept before a migration; without one, nothing is migrated."""

from __future__ import annotations

import resource
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from course import schema_upgrade
from course.db import make_engine
from course.schema_upgrade.backup_copies import COPIES_KEPT
from course.schema_upgrade.rules import copy_name, is_copy_name
from tests.upgrades.processes import at_once

OLD = "0005"


def filled(file: Path) -> None:
    """A database of an earlier version with somebody in it."""
    schema_upgrade.upgrade(make_engine(f"sqlite:///{file}"), OLD)
    with closing(sqlite3.connect(file)) as database:
        database.execute("insert into person (name, email, created_at) values ('A', 'a@example.org', '2026-01-01')")
        database.commit()


def people(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as database:
        (revision,) = database.execute("select version_num from alembic_version").fetchone()
        return [(revision, name) for (name,) in database.execute("select name from person")]


def copies(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir() if path.name.startswith("course.db.before-"))


def test_the_database_as_it_was_is_kept_beside_it_and_the_message_says_where(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(file)
    engine = make_engine(f"sqlite:///{file}")
    schema_upgrade.upgrade(engine)
    (name,) = copies(file)
    assert name == f"course.db.before-{schema_upgrade.newest_revision()}"
    copy = file.with_name(name)
    assert people(copy) == [(OLD, "A")]
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(copy) in capsys.readouterr().err
    # Nothing to do the next time: no copy, and no word.
    schema_upgrade.upgrade(engine)
    assert copies(file) == [name]
    assert capsys.readouterr().err == ""


def test_an_empty_database_needs_no_copy(file: Path) -> None:
    engine = make_engine(f"sqlite:///{file}")
    schema_upgrade.upgrade(engine, OLD)
    schema_upgrade.upgrade(engine)
    assert copies(file) == []


def test_what_was_written_but_stands_in_the_wal_file_yet_is_in_the_copy(file: Path) -> None:
    filled(file)
    with closing(sqlite3.connect(file)) as other:
        other.execute("insert into person (name, email, created_at) values ('B', 'b@example.org', '2026-01-01')")
        other.commit()
        assert file.with_name("course.db-wal").stat().st_size > 0
        schema_upgrade.upgrade(make_engine(f"sqlite:///{file}"))
    assert people(file.with_name(copies(file)[0])) == [(OLD, "A"), (OLD, "B")]


def test_the_newest_copies_are_kept_and_nobody_elses_files_are_touched(file: Path) -> None:
    filled(file)
    engine = make_engine(f"sqlite:///{file}")
    others = [
        file.with_name(name) for name in ("course.db.before-0004", "course.db.before-we-moved", "old.db.before-0005")
    ]
    for other in others:
        other.write_text("not a copy of ours")
    made: list[str] = []
    for number in range(COPIES_KEPT + 2):
        before = set(copies(file))
        (schema_upgrade.downgrade if number % 2 else schema_upgrade.upgrade)(engine, f"{6 - number % 2:04d}")
        made += set(copies(file)) - before
    ours = [name for name in copies(file) if file.with_name(name) not in others]
    assert ours == sorted(made[-COPIES_KEPT:])
    assert all(other.read_text() == "not a copy of ours" for other in others)


def test_a_copy_gets_a_name_that_no_other_file_has() -> None:
    taken = frozenset({"a.db.before-0024", "a.db.before-0024.2"})
    assert copy_name("a.db", "0024", frozenset()) == "a.db.before-0024"
    assert copy_name("a.db", "0024", taken) == "a.db.before-0024.3"
    assert all(is_copy_name("a.db", name) for name in taken)
    assert not any(
        is_copy_name("a.db", name) for name in ("a.db", "aXdb.before-0024", "a.db.before-0024.gz", "a.db.before-x")
    )


def test_without_a_copy_nothing_is_migrated(file: Path) -> None:
    filled(file)
    in_the_way = file.with_name(f".course.db.before-{schema_upgrade.newest_revision()}.part")
    in_the_way.mkdir()
    with pytest.raises(
        schema_upgrade.DatabaseUnavailableError, match="was not brought up to date, because no copy"
    ) as refused:
        schema_upgrade.upgrade(make_engine(f"sqlite:///{file}"))
    assert str(file.parent) in refused.value.message
    assert (people(file), copies(file)) == ([(OLD, "A")], [])
    in_the_way.rmdir()
    schema_upgrade.upgrade(make_engine(f"sqlite:///{file}"))
    assert people(file) == [(schema_upgrade.newest_revision(), "A")]


@pytest.mark.parametrize(("room", "words"), [(-8192, "no copy of it could be kept"), (65536, "and is as it was")])
def test_a_full_disk_is_said_and_leaves_the_database_as_it_was(file: Path, room: int, words: str) -> None:
    """Either the copy does not fit, or what the migration writes does not."""
    filled(file)

    def upgrade() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + room,) * 2)
        schema_upgrade.upgrade(make_engine(f"sqlite:///{file}"))

    ((code, said),) = at_once(upgrade)
    assert (code, words in said) == (1, True), said
    assert (people(file), copies(file)) == ([(OLD, "A")], [])
    assert not [path for path in file.parent.iterdir() if path.name.endswith(".part")]
    schema_upgrade.upgrade(make_engine(f"sqlite:///{file}"))
    assert people(file) == [(schema_upgrade.newest_revision(), "A")]


def test_a_migration_that_fails_leaves_no_copy_because_nothing_has_changed(file: Path) -> None:
    filled(file)
    engine = make_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "before_cursor_execute")
    def _(_connection: object, cursor: sqlite3.Cursor, statement: str, *_more: object) -> None:
        if "CREATE TABLE team_talk" in statement:
            cursor.execute("insert into person (id) values (1)")

    with pytest.raises(
        schema_upgrade.DatabaseUnavailableError, match=r"could not be brought up to date and is as it was: .*person"
    ):
        schema_upgrade.upgrade(engine)
    assert (people(file), copies(file)) == ([(OLD, "A")], [])
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from person")).scalar() == 1
