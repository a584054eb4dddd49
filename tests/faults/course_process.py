"""The course as real processes that a test may kill: `flask serve`, or any other command, in a process group of its own.

Importing the course, reading its content and compiling its templates take most of a start. So one process does that once and
forks for each start; everything after that happens as in a fresh process. Run as a program, this module is that process: it
reads a line of JSON for each start, and answers with the number of the new process.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy.orm import configure_mappers

from config import Config
from course.server.memory import WARM_UP_TEMPLATES
from tests.support.ports import free_port
from tests.support.templates import BytecodeInMemory

ROOT = Path(__file__).resolve().parents[2]
SERVER_KEY = "x" * 40
START_SECONDS = 60.0
CODE_MARK = "\nexit code "


class Starter:
    """The process that has imported the course."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.course_process"], env=environment,
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def start(self, command: Sequence[str], settings: Mapping[str, str], log: Path) -> int:
        """Start `flask COMMAND` with these settings, in a process group of its own; its number."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([list(command), dict(settings), str(log)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


class ForkedProcess:
    """What tests use of `subprocess.Popen`, of a process that a starter has forked; `log` has all that it prints."""

    def __init__(self, starting: Starter, command: Sequence[str], settings: Mapping[str, str], log: Path) -> None:
        self.pid, self._log = starting.start(command, settings, log), log

    def poll(self) -> int | None:
        """Its exit code, a negative one if it was killed; None as long as it runs."""
        if Path(f"/proc/{self.pid}").exists():
            return None
        code = self._log.read_text(errors="replace").rpartition(CODE_MARK)[2].strip()
        return int(code) if code.isdecimal() else -signal.SIGKILL

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended. Raises TimeoutError."""
        wait_until(lambda: self.poll() is not None, timeout)
        code = self.poll()
        assert code is not None
        return code


@contextmanager
def starter() -> Iterator[Starter]:
    """A starter; ended with the block."""
    made = Starter()
    try:
        yield made
    finally:
        made.close()


class CourseProcess:
    """`flask serve` on a database, as often as a test starts it; its log is `folder`/log."""

    def __init__(self, starting: Starter, url: str, folder: Path, **more: str) -> None:
        self.port = free_port()
        self.log = folder / "log"
        self.settings = {
            "DATABASE_URL": url, "SECRET_KEY": SERVER_KEY, "PORT": str(self.port), "MAIL_URL": "console:",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}", "FLASK_SKIP_DOTENV": "1", **more,
        }  # fmt: skip
        self._starting = starting
        self.pid = 0

    def start(self) -> float:
        """Start it and wait until it answers; how long that took, in seconds. Raises TimeoutError."""
        began = time.monotonic()
        self.begin("serve")
        wait_until(
            lambda: self.answers() or self.is_gone(), START_SECONDS, lambda: f"no answer:\n{self.log_text()[-3000:]}"
        )
        if self.is_gone():
            raise TimeoutError(f"the server has ended:\n{self.log_text()[-3000:]}")
        return time.monotonic() - began

    def begin(self, *command: str) -> None:
        """Start `flask COMMAND`, which runs until it is killed or stopped."""
        self.pid = self._starting.start(command, self.settings, self.log)

    def answers(self) -> bool:
        try:
            return self.get("/health/live", 2.0)[0] == 200
        except (OSError, HTTPException):
            return False

    def get(self, path: str, seconds: float = 30.0) -> tuple[int, str]:
        """Status and body of a page for somebody who has not signed in."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def children(self) -> list[int]:
        """The processes that the server has started itself, the oldest first."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with suppress(OSError):
                    if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == self.pid:
                        found.append(int(folder.name))
        return sorted(found)

    def kill(self) -> None:
        """SIGKILL to all processes of the server at once, as when the machine dies."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        wait_until(self.is_gone, 10)

    def stop(self) -> None:
        """Stop it as an administrator does; what does not end within half a minute is killed."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        try:
            wait_until(self.is_gone, 30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def is_gone(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def tracebacks(self) -> list[str]:
        """The lines of the log that hold one: what was not foreseen."""
        return [line for line in self.log_text().splitlines() if "Traceback" in line]

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def flask(self, *command: str, **more: str) -> tuple[int, str]:
        """Run `flask COMMAND` with the settings of this server; its exit code and what it printed."""
        log = self.log.with_name("-".join(["flask", *command[:2]]))
        log.unlink(missing_ok=True)
        pid = self._starting.start(command, {**self.settings, **more}, log)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), 120)
        said, _, code = log.read_text().rpartition(CODE_MARK)
        return (int(code), said) if code.strip().isdecimal() else (1, log.read_text())


@contextmanager
def serving(starting: Starter, url: str, folder: Path, **more: str) -> Iterator[CourseProcess]:
    """A server that runs, stopped at the end."""
    course = CourseProcess(starting, url, folder, **more)
    course.start()
    try:
        yield course
    finally:
        course.stop()


def wait_until(condition: Callable[[], object], seconds: float = 30.0, why: Callable[[], str] = lambda: "") -> None:
    """Wait until it is so. Raises TimeoutError with the words of `why`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"it has not come to that within {seconds:.0f} s. {why()}")
        time.sleep(0.02)


class Visitor:
    """A browser that keeps its connection and its cookie, and says what each answer was."""

    def __init__(self, port: int, seconds: float = 30.0) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
        self._cookies: dict[str, str] = {}
        self._token = ""

    def send(self, method: str, path: str, form: str = "") -> tuple[int, str, str]:
        """Status, Location and body. Raises OSError or HTTPException if there was no answer; the next call connects anew."""
        headers = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())} if self._cookies else {}
        )
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://127.0.0.1:{self._connection.port}"
        try:
            self._connection.request(method, path, form or None, headers)
            answer = self._connection.getresponse()
            body = answer.read().decode()
        except (OSError, HTTPException):
            self._connection.close()
            raise
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.split(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.getheader("Location") or "", body

    def post(self, path: str, form: Mapping[str, object]) -> tuple[int, str, str]:
        """Send a form with the token of this session; status, Location and body."""
        return self.send("POST", path, urlencode({"csrf_token": self._token, **form}, doseq=True))

    def open_sign_in(self) -> None:
        """Open the page on which one signs in."""
        self._token = form_token(self.send("GET", "/sign-in")[2])

    def sign_in(self, email: str, password: str) -> tuple[int, str, str]:
        """Sign in, from the page that is open."""
        answer = self.post("/sign-in", {"email": email, "password": password})
        if answer[0] == 303:
            self._token = form_token(self.send("GET", "/me")[2])
        return answer

    def close(self) -> None:
        self._connection.close()


def form_token(body: str) -> str:
    """The token against forgery in a page. Raises LookupError if it has no form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', body)
    if not found:
        raise LookupError("no form on the page")
    return found[1]


def _run(command: list[str], settings: dict[str, str], log: str) -> None:
    """What the forked process does; never returns."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(number, target)
    os.environ.update(settings)
    sys.argv = ["flask", *command]
    from flask.cli import main as flask  # noqa: PLC0415

    try:
        flask()
    except SystemExit as ended:
        print(f"{CODE_MARK}{ended.code or 0}", flush=True)


def compile_templates(create_app: Callable[[Config], Flask]) -> None:
    """Compile the templates that a server compiles before it serves, for all applications that are made from now on."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": BytecodeInMemory()}
    with tempfile.TemporaryDirectory() as folder:
        settings = {"SECRET_KEY": SERVER_KEY, "DATABASE_URL": f"sqlite:///{folder}/unused.db"}
        environment = create_app(Config.from_env(settings)).jinja_env
    for name in environment.list_templates(extensions=("html",)):
        if name.partition("/")[0] in WARM_UP_TEMPLATES:
            environment.get_template(name)


def main() -> None:
    """Fork for each line of standard input."""
    import app  # noqa: PLC0415 (this is what takes the time)
    from tests.support.courses import real_course, shared_library  # noqa: PLC0415 (it imports the course, too)

    configure_mappers()
    real_course()
    app._load_library = shared_library
    compile_templates(app.create_app)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes
    for line in iter(sys.stdin.readline, ""):
        if (pid := os.fork()) == 0:
            try:
                _run(*json.loads(line))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(1)
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)  # before anybody is told of it
        print(pid, flush=True)
    # To take apart what has been read costs a second of the processor, ten where others are busy, and close() waits no longer.
    os._exit(0)


if __name__ == "__main__":
    main()
