"""Restoring a backup, and detecting a database that was replaced by a plain copy."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from course import schema_upgrade
from course.backups.actions.sqlite_copies import check_backup, copy_sqlite
from course.db import make_engine
from course.schema_upgrade.queries import known_revisions
from course.sqlite_file import exclusive_lock, find_damage, make_private, sidecar_path
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_config
from tests.makers import make_person

# Writes, and is killed: what it wrote is in the -wal file only.
KILLED = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA wal_autocheckpoint=0")
database.executescript(sys.argv[2])
os._exit(0)
"""
Command = Callable[..., Result]
OPEN = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("select count(*) from person").fetchone()
print("open", flush=True)
sys.stdin.read()
"""
RENAME = "update person set name = 'Written last'"


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The course on a database file that each test brings."""
    return create_app(make_config(f"sqlite:///{tmp_path_factory.mktemp('place') / 'course.db'}"))


def place(application: Flask) -> Path:
    return Path(str(application.extensions["course"].engine.url.database))


@pytest.fixture(scope="module")
def filled(application: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with somebody in it, and nothing beside it."""
    schema_upgrade.upgrade(application.extensions["course"].engine)
    with application.app_context(), unit_of_work() as session:
        make_person(session)
    application.extensions["course"].engine.dispose()
    return Path(shutil.move(place(application), tmp_path_factory.mktemp("filled") / "course.db"))


@pytest.fixture
def database(filled: Path, application: Flask) -> Iterator[Path]:
    """A copy of it of one's own, where the course looks for it."""
    yield Path(shutil.copy(filled, place(application)))
    application.extensions["course"].engine.dispose()
    for file in place(application).parent.iterdir():
        file.unlink()


@pytest.fixture
def flask(application: Flask) -> Command:
    """Runs a command, as if its process had just begun and ended with it."""

    def run(*arguments: str) -> Result:
        application.extensions["course.opening"]._is_done = False
        done = application.test_cli_runner().invoke(args=list(arguments))
        application.extensions["course"].engine.dispose()
        return done

    return run


def killed(database: Path, sql: str = RENAME) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(database), sql], check=True)
    assert sidecar_path(database, "-wal").stat().st_size


def names(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as opened:
        return [name for (name,) in opened.execute("select name from person order by id")]


@contextmanager
def in_use(database: Path) -> Iterator[None]:
    """Another process that has the database open and does nothing."""
    with subprocess.Popen([sys.executable, "-c", OPEN, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        yield
        other.kill()


def test_a_backup_is_restored_and_what_was_there_is_kept(flask: Command, database: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.tar.gz"
    assert flask("backup", str(backup)).exit_code == 0
    given = backup.read_bytes()
    killed(database)
    done = flask("backup", "restore", "--replace", str(backup))
    assert done.exit_code == 0, done.output
    assert backup.read_bytes() == given
    assert "is restored and sound; its log is as it was written" in done.stdout
    assert done.stderr.startswith(f"Database: {database}\n")
    assert names(database) == ["Sam Okafor"]
    (kept,) = database.parent.glob("course.db.before-restore-*")
    assert f"kept in {kept}" in done.stdout
    assert names(kept) == ["Written last"], "also what was in the -wal file only"
    assert {stat.S_IMODE(file.stat().st_mode) for file in (database, kept, backup)} == {0o600}
    with closing(sqlite3.connect(database)) as opened:
        assert ("backup.restored",) in opened.execute("select what from audit_entry").fetchall()
    assert [path.name for path in database.parent.iterdir() if "restoring" in path.name] == []


def test_nothing_is_restored_while_another_process_uses_the_database(
    flask: Command, database: Path, filled: Path
) -> None:
    before = database.read_bytes()
    with in_use(database):
        done = flask("backup", "restore", "--replace", str(filled))
        assert (done.exit_code, "is in use. Stop every server" in done.stderr) == (1, True), done.output
    assert database.read_bytes() == before
    assert list(database.parent.glob("*before-restore*")) == []
    with exclusive_lock(database) as opened:
        assert opened is not None, "nobody uses it any more"


def _text(file: Path) -> None:
    file.write_text("not a database", encoding="utf-8")


def _foreign(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("create table song (title text)")


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("update alembic_version set version_num = '9999'")


def _torn(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 * 5 : 4096 * 30] = b"\xa5" * (4096 * 25)
    file.write_bytes(content)


def _orphaned(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("delete from person")


BACKUPS: list[tuple[Callable[[Path], None], str]] = [
    (_text, "is no backup of the course"),
    (_foreign, "is not a database of this course"),
    (_newer, "belongs to a newer version"),
    (_torn, "is not sound"),
]


@pytest.mark.parametrize(("spoil", "words"), BACKUPS, ids=[spoil.__name__ for spoil, _ in BACKUPS])
def test_a_file_that_is_no_sound_backup_of_the_course_is_not_restored(
    flask: Command, database: Path, filled: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    backup = Path(shutil.copy(filled, tmp_path / "backup.db"))
    if spoil is _foreign:
        backup.unlink()
    spoil(backup)
    before, given = database.read_bytes(), backup.read_bytes()
    for command in ("check", "restore"):
        done = flask("backup", command, str(backup))
        assert (done.exit_code, words in done.stderr) == (1, True), done.output
        assert "Traceback" not in done.output
    assert (database.read_bytes(), backup.read_bytes()) == (before, given)


def test_a_sound_backup_is_reported_as_sound(flask: Command, filled: Path) -> None:
    done = flask("backup", "check", str(filled))
    assert (done.exit_code, f"{filled} can be restored: schema {schema_upgrade.newest_revision()}" in done.stdout) == (
        0,
        True,
    )


def test_an_older_backup_is_brought_up_to_date(flask: Command, database: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    engine = make_engine(f"sqlite:///{older}")
    schema_upgrade.upgrade(engine, known_revisions()[-2])
    engine.dispose()
    done = flask("backup", "restore", "--replace", str(older))
    assert (done.exit_code, "is restored and sound" in done.stdout) == (0, True), done.output
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("select version_num from alembic_version").fetchone() == (
            schema_upgrade.newest_revision(),
        )


def test_a_damaged_or_missing_database_can_be_restored_over(flask: Command, database: Path, filled: Path) -> None:
    _torn(database)
    assert find_damage(database) is not None
    assert "malformed" in flask("audit", "verify").stderr
    assert flask("backup", "restore", "--replace", str(filled)).exit_code == 0
    database.unlink()
    done = flask("backup", "restore", "--replace", str(filled))
    assert (done.exit_code, names(database)) == (0, ["Sam Okafor"]), done.output


def test_a_backup_that_was_copied_over_the_database_is_noticed_before_it_is_spoilt(
    flask: Command, database: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.db"
    copy_sqlite(f"sqlite:///{database}", backup)
    killed(database)
    shutil.copy(backup, database)
    copied = database.read_bytes()
    for command in (("audit", "head"), ("audit", "verify"), ("worker",), ("backup", str(tmp_path / "second.db"))):
        done = flask(*command)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert "was left behind by another database" in done.stderr
        assert f"move {sidecar_path(database, '-wal')}" in done.stderr
    assert database.read_bytes() == copied, "nothing of the old pages was written into it"
    # What is said there helps, and so does restoring.
    sidecar_path(database, "-wal").unlink()
    sidecar_path(database, "-shm").unlink(missing_ok=True)
    assert flask("audit", "verify").exit_code == 0
    killed(database)
    shutil.copy(backup, database)
    assert flask("backup", "restore", "--replace", str(backup)).exit_code == 0
    assert names(database) == ["Sam Okafor"]


def test_a_wal_file_that_does_not_fit_is_noticed_in_a_plain_copy_as_well(
    flask: Command, database: Path, tmp_path: Path
) -> None:
    plain = Path(shutil.copy(database, tmp_path / "plain.db"))
    assert plain.read_bytes()[18:20] == b"\x02\x02"
    killed(database, "create table more (x)")
    with closing(sqlite3.connect(plain)) as opened:
        # The tables are at other places than before.
        opened.execute("vacuum")
    wal = sidecar_path(database, "-wal").read_bytes()
    shutil.copy(plain, database)
    sidecar_path(database, "-wal").write_bytes(wal)
    copied = database.read_bytes()
    done = flask("worker")
    assert (done.exit_code, "does not fit the file course.db-wal" in done.stderr) == (2, True), done.output
    assert database.read_bytes() == copied


def test_the_audit_log_is_not_reported_as_sound_in_a_database_with_broken_references(
    flask: Command, database: Path
) -> None:
    _orphaned(database)
    done = flask("audit", "verify")
    assert (done.exit_code, "belongs to a row of person that is not there" in done.stderr) == (1, True), done.output


def test_a_look_through_a_database_in_use_leaves_the_process_its_locks(application: Flask, database: Path) -> None:
    application.extensions["course.opening"]._is_done = False
    assert application.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0
    # This process is still connected, so another one that comes and goes must not be taken for the last.
    last = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('select 1 from person').fetchone(); c.close()"
    )
    subprocess.run([sys.executable, "-c", last, str(database)], check=True)
    assert sidecar_path(database, "-wal").exists(), "the files beside the database were removed under a reader"


def test_files_are_readable_by_their_owner_only_and_older_ones_are_mended(
    application: Flask, database: Path, tmp_path: Path
) -> None:
    database.chmod(0o644)
    for ending in ("-wal", "-shm"):
        sidecar_path(database, ending).touch(mode=0o664)
    with application.app_context():
        application.extensions["course.opening"].prepare()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    schema_upgrade.upgrade(engine, "0001")
    with engine.connect() as connection:
        connection.exec_driver_sql("create table written (x)")
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("new.db*")} == {0o600}
    engine.dispose()
    assert make_private(tmp_path / "nothing") == []


def test_a_backup_that_is_made_while_others_write_is_one_moment_of_it(
    application: Flask, database: Path, tmp_path: Path
) -> None:
    ended = threading.Event()
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("create table twin (one, other)")

    def write() -> None:
        with closing(sqlite3.connect(database, isolation_level=None)) as opened:
            for number in itertools.takewhile(lambda _: not ended.is_set(), itertools.count()):
                opened.executescript(
                    f"begin; insert into twin values ({number}, hex(randomblob(2000)));"
                    f"insert into twin values ({number}, ''); commit"
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            copy = tmp_path / f"copy{number}.db"
            copy_sqlite(application.extensions["course"].config.database_url, copy)
            check_backup(copy)
            with closing(sqlite3.connect(copy)) as opened:
                single = "select count(*) from (select 1 from twin group by one having count(*) != 2)"
                assert opened.execute(single).fetchone() == (0,)
    finally:
        ended.set()
        writer.join()


def test_a_backup_to_a_full_disk_leaves_nothing_and_says_why(database: Path, tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from course.backups.actions.sqlite_copies import copy_sqlite\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: copy_sqlite(sys.argv[1], Path(sys.argv[2]))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{database}", str(tmp_path / "copy.db")],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(f"BackupFailedError {tmp_path / 'copy.db'} cannot be written: "), done
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("room", [100, 100_000, 3_000_000])
def test_a_restore_onto_a_full_disk_leaves_nothing_and_says_why(database: Path, tmp_path: Path, room: int) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from course.clock import now\n"
        "from course.backups.actions.sqlite_copies import restore_sqlite\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try: restore_sqlite(sys.argv[1], Path(sys.argv[2]), now())\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    # Larger than the pages that SQLite keeps in memory until it commits.
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("create table room as select randomblob(8000000)")
        opened.commit()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{folder / 'course.db'}", str(database), str(room)],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("BackupFailedError The backup cannot be put in place: "), done
    assert list(folder.iterdir()) == []
