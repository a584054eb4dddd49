"""Backups as jobs: each night and at a request, into the folder of the settings."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from course.audit.models import AuditEntry
from course.backups.actions.archives import unpacked, verify_unpacked
from course.backups.actions.recording import delete_leftovers
from course.backups.jobs import BACKUP, NO_FOLDER, backup_folder, make_backup, regular_files
from course.backups.models import Backup
from course.backups.queries import newest_backups
from course.backups.rules import BACKUPS_KEPT, MONTHS_KEPT, backup_name, expired_backups
from course.clock import now
from course.context import make_context
from course.jobs.actions import enqueue
from course.jobs.models import Job
from course.jobs.worker import JobWorker
from course.schema_upgrade import newest_revision
from course.server.jobs import REGISTRY
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW, make_config
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.jobs import run_waiting_jobs


@pytest.fixture
def folder(fresh_app: Flask, tmp_path: Path) -> Path:
    """The folder of backups of the application."""
    path = tmp_path / "backups"
    path.mkdir()
    state = fresh_app.extensions["course"]
    fresh_app.extensions["course"] = replace(state, config=replace(state.config, backup_folder=path))
    return path


def row_time(file: Path) -> datetime:
    """The moment in the name of a backup, to the second."""
    return datetime.strptime(file.name[:22], "course-%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def newest_job(app: Flask) -> Job:
    with app.app_context(), read_only_session() as session:
        return session.execute(select(Job).order_by(Job.id.desc()).limit(1)).scalar_one()


def test_the_newest_backups_are_kept_and_other_files_are_left_alone() -> None:
    # The first one of November is on the 22nd.
    names = [backup_name(NOW + timedelta(days=day)) for day in range(BACKUPS_KEPT + 3)]
    others = ["monday.db", "course-20261122-093000.db.part", "course.db", ".course-20261101-000000.tar.gz.1f.part"]
    assert sorted(expired_backups([*others, *names])) == names[1:3]


def test_the_first_backup_of_each_month_is_kept_for_a_year_whatever_it_is_called() -> None:
    days = [NOW - timedelta(days=day) for day in range(800)]
    names = [backup_name(at, encrypted=at.day % 2 == 0) for at in days]
    names[-50:] = [f"course-{at:%Y%m%d-%H%M%S}.db" for at in days[-50:]]
    kept = sorted(set(names) - set(expired_backups(names)))
    newest, months = sorted(names)[-BACKUPS_KEPT:], [f"course-{at:%Y%m%d}" for at in days if at.day == 1][:MONTHS_KEPT]
    assert [name[:15] for name in kept if name not in newest] == sorted(months)
    assert len(kept) == BACKUPS_KEPT + MONTHS_KEPT
    # Night after night the same files are left as if all had been looked at once.
    folder: set[str] = set()
    for name in sorted(names):
        folder.add(name)
        folder -= set(expired_backups(folder))
    assert sorted(folder) == kept


def test_twenty_five_presses_make_one_backup_that_can_be_restored(fresh_app: Flask, folder: Path) -> None:
    old = [folder / backup_name(NOW - timedelta(days=day)) for day in range(BACKUPS_KEPT + 1)]
    for file in old:
        file.touch()
    with fresh_app.app_context(), unit_of_work() as session:
        boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    client = sign_in(Client(fresh_app), boss)
    assert "Make a backup now" in client.get("/system").text
    token = client.token()
    answers = [client.flask.post("/system/jobs/regular/backups.make", data={"csrf_token": token}) for _ in range(25)]
    assert {answer.status_code for answer in answers} == {303}
    run_waiting_jobs(fresh_app)
    (made,) = set(folder.iterdir()) - set(old)
    with unpacked(made, []) as backup:
        assert verify_unpacked(backup).revision
    assert [file.exists() for file in old[-2:]] == [False, True], "the oldest one goes, but for the first of its month"
    assert len(list(folder.iterdir())) == BACKUPS_KEPT + 1
    with fresh_app.app_context(), read_only_session() as session:
        assert [
            (row.file, row.size, (row.verified_at or NOW).replace(microsecond=0))
            for row in session.execute(select(Backup)).scalars()
        ] == [(str(made), made.stat().st_size, row_time(made))]
        events = session.execute(select(AuditEntry.what, AuditEntry.actor_id).order_by(AuditEntry.number)).all()
    assert [tuple(row) for row in events if row.what in ("job.started", "backup.made")] == [
        ("job.started", boss.id),
        ("backup.made", boss.id),
    ]
    assert str(made) in client.get("/system").text


def test_backups_that_are_made_in_the_same_second_all_get_a_name_of_their_own(fresh_app: Flask, folder: Path) -> None:
    def make(_: int) -> Path:
        with fresh_app.app_context():
            return make_backup(regular_files(NOW), None, NOW).file

    with ThreadPoolExecutor(3) as hosts:
        made = list(hosts.map(make, range(3)))
    assert sorted(made) == [folder / backup_name(NOW + timedelta(seconds=later)) for later in range(3)]
    for file in made:
        with unpacked(file, []) as backup:
            assert verify_unpacked(backup).revision
    with fresh_app.app_context(), read_only_session() as session:
        assert sorted(session.execute(select(Backup.file)).scalars()) == sorted(str(file) for file in made)


def test_a_backup_is_made_each_night_once_a_folder_is_set(fresh_app: Flask, folder: Path) -> None:
    worker = JobWorker(fresh_app, "test", REGISTRY, now)
    with fresh_app.app_context():
        worker.make_regular_jobs()
        worker.make_regular_jobs()
    with fresh_app.app_context(), read_only_session() as session:
        assert len(session.execute(select(Job).where(Job.kind == BACKUP.name)).scalars().all()) == 1
    worker.run_waiting()
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_said_in_words(fresh_app: Flask, folder: Path) -> None:
    folder.rmdir()
    with fresh_app.app_context(), unit_of_work() as session:
        enqueue(make_context(session, None, now()), BACKUP, {})
    run_waiting_jobs(fresh_app)
    job = newest_job(fresh_app)
    assert (job.state, "cannot be written" in (job.failure or "")) == ("failed", True)


def test_nothing_is_backed_up_without_a_folder(committed: Flask) -> None:
    with committed.app_context():
        assert backup_folder() is None
        assert BACKUP.wanted is not None
        assert not BACKUP.wanted(now())
        with unit_of_work() as session:
            enqueue(make_context(session, None, now()), BACKUP, {})
            boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    run_waiting_jobs(committed)
    assert newest_job(committed).failure == NO_FOLDER
    page = sign_in(Client(committed), boss).get("/system")
    assert "Make a backup now" not in page.text
    assert "BACKUP_FOLDER" in page.text


def test_each_engine_is_backed_up_at_night_into_the_folder(committed: Flask, tmp_path: Path) -> None:
    state, path = committed.extensions["course"], tmp_path / "nightly"
    path.mkdir()
    committed.extensions["course"] = replace(state, config=replace(state.config, backup_folder=path))
    worker = JobWorker(committed, "test", REGISTRY, now)
    with committed.app_context():
        worker.make_regular_jobs()
    worker.run_waiting()
    (file,) = path.iterdir()
    with unpacked(file, []) as backup:
        assert verify_unpacked(backup).revision == newest_revision()
    with committed.app_context(), read_only_session() as session:
        _, newest = newest_backups(session)
        assert newest is not None
        assert newest.file == str(file)


def test_what_a_killed_backup_left_behind_goes_after_a_day_and_nothing_else(tmp_path: Path) -> None:
    """For what is made today, and for what is a day old."""
    ours, others = (
        (".backup-ab12cd_9", ".course-20261122-093000.tar.gz.0badcafe.part"),
        (".backup-mine", "x.part", ".x"),
    )
    for age, folder in ((timedelta(), tmp_path / "new"), (timedelta(days=2), tmp_path / "old")):
        folder.mkdir()
        for name in (*ours, *others):
            (folder / name).mkdir() if name.startswith(".backup-") else (folder / name).touch()
        delete_leftovers(folder, now() + age)
    left = {folder: {path.name for path in (tmp_path / folder).iterdir()} for folder in ("new", "old")}
    assert left == {"new": {*ours, *others}, "old": set(others)}


@pytest.mark.parametrize("named", [True, False])
def test_what_a_killed_backup_left_among_the_temporary_files_goes_with_a_later_one(
    fresh_app: Flask, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    # There an encrypted backup of PostgreSQL is put together, with a dump in the clear.
    temporary = tmp_path / "temporary"
    for name in (".course-backup-ab12cd_9", ".course-backup-new_one_", ".backup-ab12cd_9", ".other"):
        (temporary / name).mkdir(parents=True)
        (temporary / name / "database.dump").touch()
        if name != ".course-backup-new_one_":
            os.utime(temporary / name, (0, 0))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    words = ["backup", "create", *([str(tmp_path / "named.tar.gz")] if named else [])]
    assert fresh_app.test_cli_runner().invoke(args=words).exit_code == 0
    left = {".course-backup-new_one_", ".backup-ab12cd_9", ".other"}
    assert {path.name for path in temporary.iterdir()} == left
    assert len(list(folder.iterdir())) == (0 if named else 1)


def test_the_folder_of_backups_must_be_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'course.db'}"
    assert make_config(url, BACKUP_FOLDER=str(tmp_path)).backup_folder == tmp_path
    with pytest.raises(Exception, match=r"BACKUP_FOLDER: .* is not a folder"):
        make_config(url, BACKUP_FOLDER=str(tmp_path / "nowhere"))


def test_a_backup_that_a_timer_makes_takes_the_place_of_the_oldest_and_one_with_a_name_does_not(
    fresh_app: Flask, folder: Path, tmp_path: Path
) -> None:
    # In one month, of which only the first would stay for longer.
    older = [folder / f"course-20200101-{minute:06}.tar.gz" for minute in range(BACKUPS_KEPT + 2)]
    for file in older:
        file.touch()
    run = fresh_app.test_cli_runner().invoke
    assert run(args=["backup", "create", str(tmp_path / "named.tar.gz")]).exit_code == 0
    assert sorted(folder.iterdir()) == older
    done = run(args=["backup", "create"])
    assert done.exit_code == 0, done.output
    left = sorted(folder.iterdir())
    assert len(left) == BACKUPS_KEPT + 1
    assert left[0] == older[0], "the first of its month"
    assert left[-1] not in older


def test_a_backup_that_a_timer_makes_deletes_what_killed_ones_left_behind(fresh_app: Flask, folder: Path) -> None:
    """Systemd kills one that takes too long, perhaps each night, and each leaves a whole copy of the database."""
    left = folder / ".backup-ab12cd_9"
    left.mkdir()
    (left / "database.db").touch()
    os.utime(left, (0, 0))
    done = fresh_app.test_cli_runner().invoke(args=["backup", "create"])
    assert done.exit_code == 0, done.output
    assert not left.exists()
