"""Point-in-time recovery of PostgreSQL as docs/backup-and-restore.md describes it: base backup, archive, and the moment before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from course import schema_upgrade
from course.db import make_engine
from tests.conftest import make_app
from tests.support.postgres import Cluster, find_or_install_binaries

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "backup-and-restore.md"
PERSON = "insert into person (name, email, created_at) values (:name, :email, now())"


class ArchivedCluster(Cluster):
    """A cluster that archives its log as the document says, and that can be built anew from a base backup."""

    def __init__(self, binaries: Path) -> None:
        super().__init__(binaries)
        self.archive, self.base = self._folder / "archive", self._folder / "base"

    def write(self, settings: dict[str, str]) -> None:
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def start_archiving(self) -> None:
        self.start()
        self.archive.mkdir()
        if self._owner is not None:
            shutil.chown(self.archive, self._owner.pw_uid, self._owner.pw_gid)
        self.write(documented("archive_", self.archive) | {"full_page_writes": "on"})
        restarted = self._pg_ctl("restart", 60, "-m", "fast", "-l", str(self._log))
        assert restarted.returncode == 0, restarted.stdout

    def base_backup(self) -> None:
        done = self._run("pg_basebackup", "-h", str(self._folder), "-U", "postgres", "-D", str(self.base), "-c", "fast")
        assert done.returncode == 0, done.stdout

    def recover(self, moment: str) -> None:
        """Stop, and begin again from the base backup and the archive, up to a moment."""
        stopped = self._pg_ctl("stop", 60, "-m", "fast")
        assert stopped.returncode == 0, stopped.stdout
        self._data.rename(self._folder / "damaged")
        self.base.rename(self._data)
        self.write(documented("re", self.archive, moment))
        (self._data / "recovery.signal").touch()
        if self._owner is not None:
            shutil.chown(self._data / "recovery.signal", self._owner.pw_uid, self._owner.pw_gid)
        started = self._pg_ctl("start", 60, "-l", str(self._log))
        assert started.returncode == 0, self._log.read_text()[-2000:]


def documented(prefix: str, archive: Path, moment: str = "") -> dict[str, str]:
    """The settings in the document whose names begin so, with the folder and the moment of this test."""
    found = re.findall(rf"^({prefix}\w+) = (.+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return {
        name: value.replace("/srv/wal", str(archive)).replace("2026-11-29 10:14:59+00", moment) for name, value in found
    }


@pytest.fixture
def cluster() -> Iterator[ArchivedCluster]:
    made = ArchivedCluster(find_or_install_binaries())
    try:
        made.start_archiving()
        yield made
    finally:
        made.stop()


def add(connection: Connection, name: str) -> None:
    connection.execute(text(PERSON), {"name": name, "email": f"{name}@example.org"})


@pytest.mark.long(12)
def test_the_database_is_brought_back_to_the_moment_before_a_mistake(cluster: ArchivedCluster) -> None:
    engine = make_engine(cluster.url)
    schema_upgrade.upgrade(engine)
    with engine.begin() as connection:
        add(connection, "before-the-base")
    cluster.base_backup()
    with engine.begin() as connection:
        add(connection, "after-the-base")
    with engine.connect() as connection:
        moment = connection.execute(text("select clock_timestamp()::text")).scalar_one()
    with engine.begin() as connection:
        add(connection, "after-the-moment")
        connection.execute(text("drop table answer cascade"))
    with engine.begin() as connection:
        connection.execute(text("select pg_switch_wal()"))
    engine.dispose()
    cluster.recover(str(moment))

    after = create_engine(cluster.url)
    with after.connect() as connection:
        assert connection.execute(text("select name from person order by id")).scalars().all() == [
            "before-the-base",
            "after-the-base",
        ]
        assert connection.execute(text("select count(*) from answer")).scalar_one() == 0
        assert connection.execute(text("select pg_is_in_recovery()")).scalar_one() is False
    with after.begin() as connection:
        add(connection, "it-goes-on")
    after.dispose()
    app = make_app(cluster.url)
    done = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 0, done.output
    app.extensions["course"].engine.dispose()
