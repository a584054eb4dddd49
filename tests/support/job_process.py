"""A worker in a process of its own, for tests.

It does two kinds of jobs, which leave their traces in a folder. It works until it is killed, or asked to stop.

Importing the course takes longer than all the rest of a start. So one process imports it once and forks for each worker;
everything after the import happens as in a fresh process.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from course.clock import now
from course.jobs.rules import JobKind, JobRegistry, JobRun
from course.jobs.worker import JobWorker

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


def _count(run: JobRun) -> None:
    """A line for each job that is done, with the process that did it."""
    with (Path(run.arguments["folder"]) / "done").open("a") as file:
        file.write(f"{run.claim.job_id} {os.getpid()}\n")


def _hang(run: JobRun) -> None:
    """Work that lasts at the first attempt until the process is killed."""
    (Path(run.arguments["folder"]) / f"begun-{run.claim.attempt}").write_text(str(os.getpid()))
    while run.claim.attempt == 1:
        run.progress("Working", 1, 2)
        time.sleep(0.05)


COUNT = JobKind("test.count", "Count", _count, at_once=100)
HANG = JobKind("test.hang", "Hang", _hang)
KINDS = JobRegistry((COUNT, HANG))


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app", "tests.conftest", "tests.support.job_process"])


class JobProcess:
    """A worker that has been started; it is ready once this has been made."""

    def __init__(self, database: str, lease: float) -> None:
        self._told, told = FORKS.Pipe()
        self._process = FORKS.Process(target=work, args=(database, lease, told), daemon=True)
        self._process.start()
        told.close()
        assert self._told.poll(START_SECONDS), "it does not start"
        assert self._told.recv() == "ready"

    @property
    def is_running(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self._process.kill()
        self._process.join()

    def stop(self, seconds: float) -> int | None:
        """Ask it to stop, and wait so long; its exit code, None if it has not ended."""
        self._told.close()
        self._process.join(seconds)
        return self._process.exitcode


@contextmanager
def job_process(database: str, lease: float = 30.0) -> Iterator[JobProcess]:
    """A worker in a process of its own that is ready; killed at the end."""
    running = JobProcess(database, lease)
    try:
        yield running
    finally:
        running.kill()


def work(database: str, lease: float, told: Connection) -> None:
    """Work until the other end of the connection is closed."""
    from app import create_app  # noqa: PLC0415 (only in the process of its own)
    from tests.conftest import make_config  # noqa: PLC0415

    # No job here asks for the course, so a small one is read.
    app = create_app(make_config(database, CONTENT=str(ROOT / "tests" / "sample_modules")))
    worker = JobWorker(app, f"process {os.getpid()}", KINDS, now, lease=timedelta(seconds=lease), poll=0.05)
    worker.start()
    told.send("ready")
    with suppress(EOFError):
        told.recv()
    worker.stop(5)
