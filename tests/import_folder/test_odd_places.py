"""Files with odd names in the import folder, and a folder that cannot even be looked at: nothing else waits for them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from course.clock import now
from course.health.disk import disk_health
from course.import_folder.actions.files import FolderError
from course.import_folder.jobs import take_files
from course.jobs.models import Job
from course.jobs.worker import JobWorker
from course.server.jobs import REGISTRY
from course.web.unit_of_work import read_only_session
from tests.import_folder.test_folder import FOUR, outcomes, people, prepare, row, there


@pytest.fixture
def folder(archived_app: Flask, tmp_path: Path) -> Path:
    return prepare(archived_app, tmp_path / "lists")


def test_names_that_are_no_text_or_very_long_keep_no_list_waiting(archived_app: Flask, folder: Path) -> None:
    """An old system writes names in Latin-1, where “ä” is one byte that is no UTF-8."""
    for name, text in ((b"m\xe4rz.doc", "x"), (b"mitarbeiter m\xe4rz.csv", FOUR), (b"staff.csv", FOUR + row("Ed"))):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(text)
    (folder / f"zaměstnanci {'ě' * 100}.csv").write_text(FOUR + row("Ed") + row("Flo"))
    found = outcomes(archived_app)
    assert found[:3] == [("mitarbeiter m\ufffdrz.csv", "apply"), ("m\ufffdrz.doc", "refuse"), ("staff.csv", "apply")]
    assert [outcome for _name, outcome in found[3:]] == ["apply"]
    assert people(archived_app) == ["Ann", "Bo", "Cy", "Di", "Ed", "Flo"]
    assert there(folder) == []
    assert outcomes(archived_app) == []


def test_a_name_to_which_nothing_can_be_added_keeps_no_list_waiting(archived_app: Flask, folder: Path) -> None:
    """A file system takes 255 bytes. Two names that differ only at their ends are two lists."""
    long = [f"a{'ě' * 123}{one}.csv" for one in ("xxx", "yyy")]
    assert [len(os.fsencode(name)) for name in long] == [254, 254]
    (folder / long[0]).write_text(FOUR)
    (folder / long[1]).write_text(FOUR + row("Ed"))
    (folder / f"b{'ě' * 123}xxxx.doc").write_text("x")
    (folder / "staff.csv").write_text(FOUR + row("Ed") + row("Flo"))
    assert [outcome for _name, outcome in outcomes(archived_app)] == ["apply", "apply", "refuse", "apply"]
    assert people(archived_app) == ["Ann", "Bo", "Cy", "Di", "Ed", "Flo"]
    assert there(folder) == []


def test_a_folder_that_does_not_answer_stops_neither_the_work_of_the_night_nor_the_server(
    archived_app: Flask, folder: Path
) -> None:
    """The system says another error than “no such file” of a file server that is away, or of a folder within one that the
    course may not enter; here of a name that is too long."""
    state = archived_app.extensions["course"]
    archived_app.extensions["course"] = replace(state, config=replace(state.config, import_folder=folder / ("x" * 300)))
    night = (now() + timedelta(days=1)).replace(hour=2)
    with archived_app.app_context():
        worker = JobWorker(archived_app, "test", REGISTRY, lambda: night)
        worker.look_around()
        worker.make_regular_jobs()
        with read_only_session() as session:
            made = set(session.execute(select(Job.kind)).scalars())
        assert {kind.name for kind in REGISTRY.regular_kinds if kind.wanted is None} <= made
        assert disk_health().import_folder == "missing"
        with pytest.raises(FolderError, match="is missing"):
            take_files(now)
    ready = archived_app.test_client().get("/health/ready")
    assert (ready.status_code, ready.get_json()["import_folder"]) == (200, "missing")
