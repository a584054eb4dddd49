"""A worker in a process of its own, for tests: `python -m tests.support.job_process DATABASE LEASE FOLDER`.

It does two kinds of jobs, which leave their traces in the folder. It says "ready" and works until it is killed, or until
its standard input ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from course.clock import now
from course.jobs.rules import JobKind, JobRegistry, JobRun
from course.jobs.worker import JobWorker

ROOT = Path(__file__).resolve().parents[2]


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


@contextmanager
def job_process(database: str, folder: Path, lease: float = 30.0) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own that is ready; killed at the end."""
    command = [sys.executable, "-m", "tests.support.job_process", database, str(lease), str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


def main(database: str, lease: float) -> None:
    """Work until standard input ends."""
    from app import create_app  # noqa: PLC0415 (only in the process of its own)
    from tests.conftest import make_config  # noqa: PLC0415

    # No job here asks for the course, so a small one is read.
    app = create_app(make_config(database, CONTENT=str(ROOT / "tests" / "sample_modules")))
    worker = JobWorker(app, f"process {os.getpid()}", KINDS, now, lease=timedelta(seconds=lease), poll=0.05)
    worker.start()
    print("ready", flush=True)
    sys.stdin.read()
    worker.stop(5)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
