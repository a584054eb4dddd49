"""The processes of `flask serve`: they share a port, one that ends is replaced, and a reload refuses nobody."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click import ClickException
from sqlalchemy.exc import OperationalError

from course.web.database_check import retry_while_busy
from tests.support.ports import free_port
from tests.support.served import PATIENCE, ROOT, SAMPLE, Server, serving, wait_until


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    """A folder with an empty database, so that the first server of a test need not make one: a third of its start."""
    shutil.copy(migrated_file, tmp_path / "course.db")
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(folder) as running:
        yield running


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_dies_is_replaced_and_control_c_ends_all_in_good_order(server: Server, folder: Path) -> None:
    first = server.children()
    assert len(first) == 3, "two that serve pages and a worker"
    os.kill(first[0], signal.SIGKILL)
    assert server.get() == 200, "the other one answers meanwhile"
    wait_until(lambda: len(set(server.children()) - {first[0]}) == 3, "nobody has replaced it")
    assert "server 1, process" in server.printed()
    assert "killed by SIGKILL" in server.printed()
    before = server.printed()
    # Ctrl+C in a terminal reaches every process of it.
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(60) == 0
    assert server.printed().removeprefix(before).splitlines()[-1] == "Stopped."
    assert "has ended" not in server.printed().removeprefix(before)
    assert not any(is_alive(pid) for pid in first)
    # Whoever copies the database now has all of it.
    assert sorted(path.name for path in folder.iterdir()) == ["course.db", server.output.name]


def test_whoever_is_answered_first_is_told_that_there_is_a_worker(folder: Path) -> None:
    # The processes that serve pages and the worker start at the same time; a monitoring program may ask at any moment.
    port, said, end = free_port(), list[str](), threading.Event()

    def ask() -> None:
        while not end.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/health/ready")
                said.append(str(json.loads(connection.getresponse().read())["worker"]))
            connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        with serving(folder, PORT=str(port)) as server:
            wait_until(lambda: len(said) > 3, "nobody answers")
            with sqlite3.connect(folder / "course.db") as database:
                rows = database.execute("select name from worker_beat").fetchall()
            assert [name for (name,) in rows] == [f"serve on {socket.gethostname()}, process {server.children()[2]}"]
    finally:
        end.set()
        asking.join()
    assert set(said) == {"ok"}


def test_a_server_that_is_killed_lets_go_of_the_port_and_the_next_one_starts_at_once(folder: Path) -> None:
    with serving(folder) as killed:
        pids = killed.children()
        killed.process.kill()
        killed.process.wait()
        with serving(folder, PORT=str(killed.port)) as following:
            assert "Another program is using it" not in following.printed()
            assert following.get() == 200
            wait_until(lambda: not any(is_alive(pid) for pid in pids), "processes of the killed server go on")
        assert following.process.returncode == 0
    kept = sorted(path.name for path in folder.iterdir() if not path.name.startswith("output"))
    assert kept == ["course.db"], "what was committed is in the file"


def test_a_port_that_another_program_has_is_said_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with serving(tmp_path, PORT=str(taken.getsockname()[1])) as server:
            assert server.process.wait(60) == 1
        assert "Another program is using it. PORT=8001 takes another one." in server.printed()
        assert not (tmp_path / "course.db").exists()


class Visitor(threading.Thread):
    """Reads pages until told to stop, on one open connection or on a new one each time; notes what went wrong."""

    def __init__(self, port: int, keep_open: bool) -> None:
        super().__init__(daemon=True)
        self.port, self.keep_open = port, keep_open
        self.answers, self.wrong, self.enough = 0, [], threading.Event()  # type: ignore[var-annotated]

    def run(self) -> None:
        connection = self._connect()
        while not self.enough.is_set():
            try:
                connection.request("GET", "/sign-in")
                answer = connection.getresponse()
                page = answer.read()
                if answer.status != 200 or b"</html>" not in page:
                    self.wrong.append(f"{answer.status} {page[-80:]!r}")
                self.answers += 1
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                connection = self._connect()
            if not self.keep_open:
                connection.close()
            time.sleep(0.05)
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)


def test_a_reload_under_load_refuses_and_cuts_no_request_and_brings_the_new_content(folder: Path) -> None:
    content = Path(shutil.copytree(SAMPLE, folder / "modules"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(PATIENCE)
        with serving(folder, CONTENT=str(content), NOTIFY_SOCKET=str(folder / "notify")) as server:
            assert systemd.recv(100) == b"READY=1"
            visitors = [Visitor(server.port, keep_open=number % 2 == 0) for number in range(4)]
            for one in visitors:
                one.start()
            for turn in (1, 2):
                replaced = server.children()
                retitle(content, f"Reload {turn}")
                server.process.send_signal(signal.SIGHUP)
                assert systemd.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
                assert systemd.recv(100) == b"READY=1"
                wait_until(lambda r=replaced: not set(r) & set(server.children()), "the former processes go on")  # type: ignore[misc]
                assert len(server.children()) == 3
                assert f"Reload {turn}" in page(server), "the content is what the files say now"
            kept = server.children()
            retitle(content, '"')
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "not reloaded" in server.printed(), "nothing was said of content with a mistake")
            assert "modules/course.yaml:2" in server.printed()
            assert server.children() == kept
            for one in visitors:
                one.enough.set()
            for one in visitors:
                one.join(60)
            assert [one.wrong for one in visitors] == [[]] * 4
            assert all(one.answers > 10 for one in visitors)
            assert server.printed().count("/set-up/") == 1, "a reload makes no second link for the set-up"
            assert server.printed().count("Press Ctrl+C") == 1
            assert "other settings" not in server.printed(), "the worker that is replaced is none to warn of"
        assert systemd.recv(100) == b"STOPPING=1"


def retitle(content: Path, title: str) -> None:
    """Give the course another title."""
    file = content / "course.yaml"
    file.write_text(re.sub("^title: .*", f"title: {title}", file.read_text(encoding="utf-8")), encoding="utf-8")


def page(server: Server) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/sign-in")
    return connection.getresponse().read().decode()


FAILING = """
import sys, time
from course.server.supervisor import Role, Supervisor

def run(_is_stopping, ready):
    ready()
    sys.exit(3)

sys.exit(0 if Supervisor([Role("server 1", run)], [], 5, lambda: None).run(lambda: print("ready", flush=True)) else 1)
"""


def test_processes_that_end_as_soon_as_they_start_are_not_started_for_ever() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("has ended: exit code 1") == 5


ENVIRONMENT = """
import os
from course.server.supervisor import first_environment
os.environ["TIME_ZONE"] = "from a file that may have changed"
found = first_environment()
print(found.get("TIME_ZONE"), found["GIVEN"], "COURSE_LISTENING_SOCKETS" in found)
"""


def test_a_reload_reads_its_settings_anew_and_not_what_an_earlier_start_has_read() -> None:
    environ = {**os.environ, "GIVEN": "at=the start", "COURSE_LISTENING_SOCKETS": "3"}
    environ.pop("TIME_ZONE", None)
    command = [sys.executable, "-c", ENVIRONMENT]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "None at=the start False\n"


def test_one_process_says_that_it_cannot_be_reloaded(folder: Path) -> None:
    with serving(folder, PROCESSES="1") as server:
        assert server.children() == []
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "PROCESSES=1 cannot be reloaded" in server.printed(), "nothing was said")
        assert server.get() == 200
    assert server.process.returncode == 0


def test_a_start_waits_for_a_database_that_another_program_keeps_busy() -> None:
    waits = iter((True, True, False))

    def prepare() -> None:
        if next(waits):
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))

    retry_while_busy(prepare, 30)
    assert list(waits) == []

    def never() -> None:
        raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))

    with pytest.raises(ClickException, match=r"The database is busy or does not answer: database is locked\."):
        retry_while_busy(never, 0)
