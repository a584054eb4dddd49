"""docs/running.md, followed line by line in a folder.

Every line of every block is run by bash in the order of the page, as it stands but for this:

- `/srv`, `/etc` and `/usr/local` are folders of the test; the address of the repository is a copy of these files; ports and
  the socket of PostgreSQL are those of the test;
- the line that installs Python packages takes those that the test itself runs with, and the environment has no pip, which
  that line would use;
- programs that change the machine are stood in for, as tests/deploy/stand_ins.py says of each.

Blocks after `<!-- only checked -->` need machines that are not there: their syntax, and each file that they name, is checked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app import CLI_COMMANDS
from config import Config
from course.web.metrics import PORTS
from tests.deploy.machine import ROOT, wait_until
from tests.support.packages import find_or_install
from tests.support.ports import free_port
from tests.support.postgres import find_or_install_binaries

PAGE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(<!-- only checked -->\n)?```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(not checked, words) for checked, words in BLOCK.findall(PAGE)]
PACKAGES = "/srv/course/.venv/bin/pip install --no-deps --require-hashes -r /srv/course/requirements.txt"
REPOSITORY = "https://git.example.org/course.git"
SOCKET = "/var/run/postgresql"
STAND_INS = ("apt-get", "useradd", "install", "chown", "runuser", "systemctl", "link-packages")


@dataclass
class Machine:
    """A bare machine: a folder, and what is put in the place of its parts."""

    prefix: Path
    socket: str
    port: int
    metrics: int

    def words(self, block: str) -> str:
        """A block as it is run here."""
        pairs = (
            (PACKAGES, "link-packages /srv/course/.venv"),
            (REPOSITORY, str(self.prefix / "origin")),
            ("/usr/local/bin/course", f"{self.prefix}/bin/course"),
            (SOCKET, self.socket),
            ("127.0.0.1:8000", f"127.0.0.1:{self.port}"), ("127.0.0.1:9100", f"127.0.0.1:{self.metrics}"),
        )  # fmt: skip
        for old, new in pairs:
            block = block.replace(old, new)
        return re.sub(r"(?<![\w/])/(srv|etc)/", rf"{self.prefix}/\1/", block)

    def run(self, block: str) -> str:
        """Run a block as bash would on a terminal that stops at the first fault; what it printed."""
        path = f"{self.prefix}/bin:{find_or_install_binaries()}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        environ = {
            "PATH": path, "HOME": str(self.prefix), "LANG": "C.UTF-8", "PORT": str(self.port),
            "PGUSER": "course", "PGHOST": self.socket,
            "STAND_IN_PREFIX": str(self.prefix), "STAND_IN_PACKAGES": sysconfig.get_path("purelib"),
        }  # fmt: skip
        command = ["bash", "-euo", "pipefail", "-c", self.words(block)]
        done = subprocess.run(
            command, cwd=self.prefix, env=environ, capture_output=True, text=True, timeout=600, check=False
        )
        said = f"{block}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{self.log()[-3000:]}"
        assert done.returncode == 0, said
        return done.stdout

    def log(self) -> str:
        """What the service has printed."""
        file = self.prefix / "stand-ins" / "course.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def stop(self) -> None:
        """End what is still running."""
        for file in (self.prefix / "stand-ins").glob("*.pid"):
            pid = int(file.read_text())
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            assert wait_until(partial(_has_ended, pid)), "it stops"


def _has_ended(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def put_in_place(prefix: Path) -> None:
    """The folders that a bare machine has, the stand-ins, and the repository."""
    for name in ("bin", "srv", "etc/systemd/system", "etc/caddy", "stand-ins", "origin"):
        (prefix / name).mkdir(parents=True)
    (prefix / "stand-ins" / "users").write_text("postgres\n")
    python = prefix / "bin" / "python3"
    # Unpacking and compiling pip takes as long as ten commands of the course.
    base = getattr(sys, "_base_executable", sys.executable)
    python.write_text(f'#!/bin/sh\n[ "$1 $2" = "-m venv" ] && set -- "$@" --without-pip\nexec {base} "$@"\n')
    python.chmod(0o755)
    script = (ROOT / "tests" / "deploy" / "stand_ins.py").read_text(encoding="utf-8").partition("\n")[2]
    for name in STAND_INS:
        file = prefix / "bin" / name
        file.write_text(f"#!{sys.executable}\n{script}")
        file.chmod(0o755)
    for name in ("course", "migrations", "modules", "deploy"):
        shutil.copytree(ROOT / name, prefix / "origin" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "config.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, prefix / "origin" / name)
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *words], cwd=prefix / "origin", check=True)


@pytest.fixture
def machine(tmp_path: Path, postgres_url: str) -> Iterator[Machine]:
    for name in ("caddy", "git", "curl"):
        find_or_install(name)
    prefix = tmp_path / "machine"
    put_in_place(prefix)
    found = Machine(prefix, str(make_url(postgres_url).query["host"]), free_port(), free_port(PORTS))
    yield found
    found.stop()
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("drop database if exists course with (force)"))
        connection.execute(text("drop role if exists course"))
    engine.dispose()


# What a block prints, by words of its last line.
PRINTS = {
    "health/ready": '"status":"ready"',
    "set-up-link": "/set-up/",
    "audit head": ":",
}


@pytest.mark.long(60)
@pytest.mark.timeout(900)
def test_the_page_is_followed_line_by_line(machine: Machine) -> None:
    printed = {}
    for is_run, block in BLOCKS:
        if is_run:
            printed[block] = machine.run(block)
            [*_, last] = block.strip().splitlines()
            for words, expected in PRINTS.items():
                if words in last:
                    assert expected in printed[block], block
    assert len(printed) > 10
    together = "".join(printed.values())
    assert together.count("read back and whole") == 3
    assert "are the same in both databases" in together
    assert "The database is up to date" in together
    backups = sorted((machine.prefix / "srv" / "backups").glob("course-*"))
    # The worker makes one at once, too, as it has made none today.
    assert backups[0].suffix == ".gz"
    assert sum(path.suffix == ".age" for path in backups) >= 2
    assert backups[-1].suffix == ".age", "encrypted from then on"
    log = machine.log()
    assert "Traceback" not in log
    assert '"route": "/health' not in log
    for line in log.splitlines():
        if line.startswith("{"):
            assert json.loads(line)["event"]


@pytest.mark.parametrize("block", [words for is_run, words in BLOCKS if not is_run])
def test_what_needs_more_machines_is_bash_and_names_files_and_settings_that_are_there(block: str) -> None:
    assert subprocess.run(["bash", "-n", "-c", block], check=False).returncode == 0
    for name in re.findall(r"/srv/course/(deploy/\S+|requirements\.txt)", block):
        assert (ROOT / name).is_file(), name
    for name, value in re.findall(r"^([A-Z_]+)=(\S+)$", block, re.MULTILINE):
        assert Config.from_env({"SECRET_KEY": "0123456789abcdef" * 4, name: value})
    for words in re.findall(r"^(?:course|.* flask) (.+)$", block, re.MULTILINE):
        group, name, *_ = words.split()
        [found] = [one for one in CLI_COMMANDS if one.name == group]
        assert isinstance(found, click.Group)
        command = found.commands[name]
        options = {option for one in command.params for option in one.opts}
        assert set(re.findall(r"--[a-z-]+", words)) <= options


def test_every_command_of_the_page_is_in_a_block_that_is_run_or_checked() -> None:
    fences = re.findall(r"^```(\w*)$", PAGE, re.MULTILINE)
    assert fences.count("sh") == len(BLOCKS)
    assert set(fences) == {"sh", ""}
    assert sum(not is_run for is_run, _ in BLOCKS) < len(BLOCKS) / 3
    assert PACKAGES in PAGE
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"pip install .*--no-deps .*--require-hashes -r requirements\.txt", makefile)


def test_every_file_that_the_page_names_is_where_the_units_and_the_program_expect_it() -> None:
    named = set(re.findall(r"\(\.\./(deploy/[\w./-]+)\)", PAGE))
    assert named == {"deploy/nginx.conf", "deploy/haproxy.cfg", "deploy/Containerfile", "deploy/compose.yaml"}
    for path in (ROOT / "deploy").rglob("*"):
        if path.is_file():
            known = path.name in PAGE or path.parent.name == "systemd" or path.name == "course"
            assert known, f"docs/running.md does not say what {path.name} is for"
