"""The commands that do jobs, the kinds that they know, and the row that says that somebody is there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from course.jobs.rules import LANE_THREADS
from course.server import actions
from course.server.jobs import REGISTRY
from course.server.queries import workers
from course.server.rules import SILENT_AFTER, WORKER_RETENTION
from tests.conftest import NOW
from tests.support.ports import free_port
from tests.support.served import SAMPLE

pytestmark = pytest.mark.both_engines

ROOT = Path(__file__).resolve().parents[2]
MINUTE = timedelta(minutes=1)


def test_every_kind_of_job_is_collected_once_and_mail_has_a_lane_of_its_own() -> None:
    names = [kind.name for kind in REGISTRY.kinds]
    assert len(set(names)) == len(names)
    assert {"mail.deliver", "reminders.queue", "evidence.pack", "report.file", "people_import.apply"} <= set(names)
    assert {kind.name for kind in REGISTRY.of_lane("mail")} == {"mail.deliver", "auth.password_link", "people.invite"}
    slow = [kind.name for kind in REGISTRY.of_lane("general") if kind.every is None]
    assert len(slow) <= LANE_THREADS["general"], "one thread is left for what is short, or all that is slow fits"


def test_a_worker_is_alive_while_it_is_seen(session: Session) -> None:
    first = actions.register_worker(session, "serve on here", NOW)
    second = actions.register_worker(session, "worker on here", NOW)
    actions.record_heartbeat(session, first, "serve on here", NOW + SILENT_AFTER)
    actions.record_heartbeat(session, second, "worker on here", NOW + SILENT_AFTER, stopped=True)
    session.expire_all()
    at = NOW + SILENT_AFTER + MINUTE
    assert {w.name: w.alive for w in workers(session, at)} == {"serve on here": True, "worker on here": False}
    assert not any(w.alive for w in workers(session, at + SILENT_AFTER))
    actions.register_worker(session, "another", NOW + WORKER_RETENTION + SILENT_AFTER + MINUTE)
    session.expire_all()
    assert [w.name for w in workers(session, at)] == ["another"]


def test_a_worker_that_takes_the_place_of_another_has_its_row_or_a_row_of_its_own(session: Session) -> None:
    row = actions.register_worker(session, "serve on here, 7", NOW)
    assert actions.record_heartbeat(session, row, "serve on here, 8", NOW + MINUTE)
    session.expire_all()
    assert [(w.name, w.started_at, w.seen_at) for w in workers(session, NOW)] == [
        ("serve on here, 8", NOW, NOW + MINUTE)
    ]
    assert not actions.record_heartbeat(session, row + 1, "serve on here, 9", NOW), "its row is there no more"


ENDS = [("worker", signal.SIGTERM), ("worker", signal.SIGINT), ("serve", signal.SIGINT)]


@pytest.mark.parametrize(("command", "end"), ENDS)
def test_a_command_works_until_it_is_told_to_stop_and_leaves_one_file(
    tmp_path: Path, migrated_file: Path, command: str, end: signal.Signals
) -> None:
    shutil.copy(migrated_file, tmp_path / "course.db")
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "FLASK_SKIP_DOTENV") if name in os.environ}
    port = str(free_port())
    environ |= {"DATABASE_URL": f"sqlite:///{tmp_path / 'course.db'}", "SECRET_KEY": "x" * 40, "PORT": port,
                "CONTENT": str(SAMPLE)}  # fmt: skip
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("flask")), command],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        while not (line := running.stdout.readline()).endswith("Press Ctrl+C to stop.\n"):
            assert line, "it has stopped by itself"
        running.send_signal(end)
        assert running.communicate(timeout=30)[0] == "Stopped.\n"
        assert running.returncode == 0
    # Whoever copies the database now has all of it.
    assert [path.name for path in tmp_path.iterdir()] == ["course.db"]


# Its finalizer, which the collector runs once the server has said that it serves, sends the signal.
SIGNAL_IN_A_FINALIZER = """
import gc, os, signal, sys
from flask.cli import main

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(number for number in range(1000))

gc.disable()
last = Last()
last.itself = last
del last
sys.argv = ["flask", "serve"]
main()
"""


def test_a_signal_that_arrives_while_python_runs_a_finalizer_stops_the_server(
    tmp_path: Path, migrated_file: Path
) -> None:
    """An exception raised there is printed and lost: the server went on for ever, once in some hundred stops."""
    shutil.copy(migrated_file, tmp_path / "course.db")
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "FLASK_SKIP_DOTENV") if name in os.environ}
    port = str(free_port())
    environ |= {"DATABASE_URL": f"sqlite:///{tmp_path / 'course.db'}", "SECRET_KEY": "x" * 40, "PORT": port,
                "CONTENT": str(SAMPLE)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_IN_A_FINALIZER], cwd=ROOT, env=environ, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Press Ctrl+C to stop.\nStopped.\n")
