"""A backup that is stopped leaves nothing behind that is not encrypted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from course.backups.actions.archives import new_identity
from tests.backups.conftest import KEY

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("lived", ["postgresql"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_backup_that_the_system_stops_leaves_no_dump_in_the_clear(
    lived: Flask, tmp_path: Path, number: signal.Signals
) -> None:
    state, temporary = lived.extensions["course"], tmp_path / "temporary"
    temporary.mkdir()
    settings = {
        "DATABASE_URL": state.config.database_url, "SECRET_KEY": KEY, "TMPDIR": str(temporary),
        "BACKUP_RECIPIENT": new_identity()[1], "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    with state.engine.begin() as connection:
        # Then the dump waits here, in the midst of its work.
        connection.execute(text("lock table person in access exclusive mode"))
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "backup", "create", str(tmp_path / "backup.age")], cwd=ROOT, env=settings,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        with process:
            until = time.monotonic() + 60
            while not list(temporary.glob(".*backup-*/*")) and time.monotonic() < until and process.poll() is None:
                time.sleep(0.05)
            begun = list(temporary.iterdir())
            process.send_signal(number)
            said = process.communicate(timeout=60)[0]
    assert begun, said
    assert [path for path in temporary.iterdir() if "backup" in path.name] == []
    assert not list(tmp_path.glob("*backup.age*"))
    assert process.returncode == 128 + number, said
