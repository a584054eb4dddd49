"""Backups as jobs: each night and at a request, into the folder of the settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from course.audit.models import AuditEntry
from course.backups.actions import check_backup
from course.backups.jobs import BACKUP, NO_FOLDER, NOT_SQLITE, backup_folder
from course.backups.models import Backup
from course.backups.rules import BACKUPS_KEPT, backup_name, expired_backups
from course.clock import now
from course.context import make_context
from course.jobs.actions import enqueue
from course.jobs.models import Job
from course.jobs.worker import JobWorker
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


def newest_job(app: Flask) -> Job:
    with app.app_context(), read_only_session() as session:
        return session.execute(select(Job).order_by(Job.id.desc()).limit(1)).scalar_one()


def test_the_newest_backups_are_kept_and_other_files_are_left_alone() -> None:
    names = [backup_name(NOW + timedelta(days=day)) for day in range(BACKUPS_KEPT + 2)]
    others = ["monday.db", "course-20261122-093000.db.part", "course.db"]
    assert sorted(expired_backups([*others, *names])) == names[:2]


def test_twenty_five_presses_make_one_backup_that_can_be_restored(fresh_app: Flask, folder: Path) -> None:
    old = [folder / backup_name(NOW - timedelta(days=day)) for day in range(BACKUPS_KEPT)]
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
    assert check_backup(made).revision
    assert not old[-1].exists(), "the oldest one goes"
    assert len(list(folder.iterdir())) == BACKUPS_KEPT
    with fresh_app.app_context(), read_only_session() as session:
        assert [(row.file, row.size) for row in session.execute(select(Backup)).scalars()] == [
            (str(made), made.stat().st_size)
        ]
        events = session.execute(select(AuditEntry.what, AuditEntry.actor_id).order_by(AuditEntry.number)).all()
    assert [tuple(row) for row in events if row.what in ("job.started", "backup.made")] == [
        ("job.started", boss.id),
        ("backup.made", boss.id),
    ]
    assert str(made) in client.get("/system").text


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


@pytest.mark.parametrize("committed", ["sqlite", "postgresql"], indirect=True)
def test_nothing_is_copied_without_a_folder_or_of_postgresql(committed: Flask) -> None:
    sqlite = committed.extensions["course"].engine.dialect.name == "sqlite"
    with committed.app_context():
        assert backup_folder() is None
        assert BACKUP.wanted is not None
        assert not BACKUP.wanted(now())
        with unit_of_work() as session:
            enqueue(make_context(session, None, now()), BACKUP, {})
            boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    run_waiting_jobs(committed)
    assert newest_job(committed).failure == (NO_FOLDER if sqlite else NOT_SQLITE)
    page = sign_in(Client(committed), boss).get("/system")
    assert "Make a backup now" not in page.text
    assert ("BACKUP_FOLDER" in page.text) == sqlite


def test_the_folder_of_backups_must_be_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'course.db'}"
    assert make_config(url, BACKUP_FOLDER=str(tmp_path)).backup_folder == tmp_path
    with pytest.raises(Exception, match=r"BACKUP_FOLDER: .* is not a folder"):
        make_config(url, BACKUP_FOLDER=str(tmp_path / "nowhere"))
