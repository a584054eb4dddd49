"""`flask serve` in processes of its own, as somebody runs it, for tests that ask it over HTTP."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "sample_modules"  # read in no time
FLASK = str(Path(sys.executable).with_name("flask"))
SECRET = "x" * 40
PATIENCE = 120.0  # seconds


@dataclass(frozen=True)
class Server:
    """A running `flask serve`: its first process, its port, and where what it prints and logs goes."""

    process: subprocess.Popen[str]
    port: int
    output: Path

    def get(self, path: str = "/sign-in") -> int:
        """The status of a page, over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def children(self) -> list[int]:
        """The processes that it has started and that have not been waited for, the first first."""
        return children(self.process.pid)

    def printed(self) -> str:
        """All that it has printed and logged."""
        return self.output.read_text(encoding="utf-8")


def children(pid: int) -> list[int]:
    """The processes that a process has started (Linux)."""
    return sorted(int(one) for task in Path(f"/proc/{pid}/task").glob("*/children") for one in task.read_text().split())


def wait_until(condition: Callable[[], object], words: str, seconds: float = PATIENCE) -> None:
    """Wait for a condition. Raises TimeoutError with `words`."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(words)
        time.sleep(0.05)


@contextmanager
def serving(folder: Path, url: str = "", program: Sequence[str] = (FLASK,), **settings: str) -> Iterator[Server]:
    """The server on this database, or on a new one in the folder, with the sample course; it is stopped in the end. The
    `program` is run with "serve"."""
    port = int(settings.get("PORT", "0")) or free_port()
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environ |= {"DATABASE_URL": url or f"sqlite:///{folder / 'course.db'}", "SECRET_KEY": SECRET, "FLASK_SKIP_DOTENV": "1",
                "PROCESSES": "2", "THREADS": "4", "CONTENT": str(SAMPLE), **settings, "PORT": str(port)}  # fmt: skip
    output = folder / f"output-{time.monotonic_ns()}.txt"
    with output.open("a", encoding="utf-8") as file, subprocess.Popen(
        [*program, "serve"], cwd=ROOT, env=environ, stdout=file, stderr=file, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        server = Server(process, port, output)
        try:
            wait_until(lambda: "Press Ctrl+C" in server.printed() or process.poll() is not None, "it does not start")
            yield server
        finally:
            process.terminate()
            process.wait(60)
