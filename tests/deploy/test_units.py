"""The units of systemd: they are sound, they confine the course, and the course works as confined as they make it."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from course.server.commands import STOP_SECONDS, WORKER_NICENESS
from tests.deploy.confinement import confined
from tests.deploy.machine import Server, fetch
from tests.support.packages import find_or_install
from tests.support.served import SAMPLE, children

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
UNITS = sorted(FOLDER.iterdir())
HIGHEST_EXPOSURE = 15  # tenths, of 100; what is left is the network, which the course needs


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = find_or_install("systemd-analyze", "systemd")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)


def unit(path: Path) -> configparser.ConfigParser:
    """A unit, in which of several lines for one setting only the last is seen."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf-8")
    return parser


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in a folder, with a program where they expect it."""
    program = tmp_path / "flask"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    folder = tmp_path / "units"
    folder.mkdir()
    for path in UNITS:
        words = path.read_text(encoding="utf-8").replace("/srv/course/.venv/bin/flask", str(program))
        (folder / path.name).write_text(words, encoding="utf-8")
    return folder


def test_systemd_finds_nothing_wrong_with_any_unit(installed: Path) -> None:
    done = analyze("verify", "--man=no", *(str(path) for path in sorted(installed.iterdir())))
    ours = [line for line in done.stderr.splitlines() if "course" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
    (installed / "course.service").write_text("[Service]\nExecStart=/nowhere/flask\nNoNewPriviledges=yes\n")
    assert analyze("verify", "--man=no", str(installed / "course.service")).returncode != 0


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.name))
def test_a_service_is_confined(path: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}", "--no-pager", str(path))
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.name))
def test_a_service_runs_a_command_of_the_course_as_its_own_user_and_writes_only_where_data_lie(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == service["Group"] == "course"
    assert re.fullmatch(r"/srv/course/\.venv/bin/flask (serve|worker|backup create)", service["ExecStart"])
    assert service["ReadWritePaths"] == "/srv/course/instance -/srv/backups"
    assert service["ProtectSystem"] == "strict"


def test_systemd_waits_longer_than_the_course_takes_to_stop() -> None:
    for name in ("course", "course-worker"):
        service = unit(FOLDER / f"{name}.service")["Service"]
        assert int(service["TimeoutStopSec"]) > STOP_SECONDS + 10
        assert service["Restart"] == "always"
    assert unit(FOLDER / "course.service")["Service"]["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_the_timer_starts_a_service_that_is_there_once_a_day() -> None:
    [timer] = FOLDER.glob("*.timer")
    assert timer.with_suffix(".service").is_file()
    done = analyze("calendar", "--iterations=2", unit(timer)["Timer"]["OnCalendar"])
    days = re.findall(r"\d{4}-\d\d-(\d\d) 02:30:00", done.stdout)
    assert len(set(days)) == 2, done.stdout


def test_the_server_works_with_only_the_system_calls_that_its_unit_allows(tmp_path: Path, archived_file: Path) -> None:
    """The filter of course.service, and no memory that is both written and executed, as systemd would have it; with a worker
    beside the processes that serve pages, as there is by default."""
    database = shutil.copy(archived_file, tmp_path / "course.db")
    words = (FOLDER / "course.service").read_text(encoding="utf-8")
    filters = [line.partition("=")[2] for line in words.splitlines() if line.startswith("SystemCallFilter=")]
    confine = confined(filters)
    refused = subprocess.run(
        [sys.executable, "-c", "import os; os.sched_setaffinity(0, {0})"],
        preexec_fn=confine,
        capture_output=True,
        check=False,
    )
    assert b"PermissionError" in refused.stderr, "a call that is not allowed"
    with Server(f"sqlite:///{database}", tmp_path, {"PROCESSES": "2"}, confine=confine) as server:
        assert fetch(f"{server.address}/sign-in").status == 200
        *_pages, worker = children(server.pid)
        assert os.getpriority(os.PRIO_PROCESS, worker) == WORKER_NICENESS
        assert "has failed" not in server.log.read_text()
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE), status
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert server.returncode == 0
    backup = server.flask("backup", "create", str(tmp_path / "backup.tar"), confine=confine)
    assert backup.returncode == 0, backup.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_systemd_is_told_when_pages_are_served(tmp_path: Path, archived_file: Path, processes: str) -> None:
    """Type=notify: a service that says nothing is stopped after a quarter of an hour."""
    database = shutil.copy(archived_file, tmp_path / "course.db")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        settings = {"PROCESSES": processes, "NOTIFY_SOCKET": str(tmp_path / "notify"), "CONTENT": str(SAMPLE)}
        with Server(f"sqlite:///{database}", tmp_path, settings):
            told.settimeout(60)
            assert told.recv(100) == b"READY=1"
