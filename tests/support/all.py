"""Everything that must hold, in one run: style, import contracts, types, tests. Whatever fails first ends it.

python -m tests.support.all [--without-browser | --quick]

With `--quick`, for the inner loop, the tests are those of QUICK: none needs PostgreSQL, a browser or a process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from tests.support.environments import make_environments
from tests.support.packages import install_missing

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
# Rules, content, and the shape of the project.
QUICK = (
    "tests/*/test_rules.py",
    "tests/content/test_quality.py",
    "tests/content/test_translations.py",
    "tests/content/test_v*.py",
    "tests/recertification/test_renewal.py",
    "tests/recertification/test_renewal_later.py",
    "tests/recertification/test_renewal_calendar.py",
    "tests/project/test_config.py",
    "tests/project/test_house.py",
)
# One after the other, in a process beside the tests, which often wait for a database or a browser.
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lint-imports", "--no-cache"),
    ("mypy",),
)


class Running:
    """A command that has been started; what it prints is kept until it has ended."""

    def __init__(self, *command: str, name: str = "", keep: bool = True) -> None:
        self.name, self.started = name or " ".join(command[:2]), time.monotonic()
        self.output: IO[bytes] | None = tempfile.TemporaryFile() if keep else None  # noqa: SIM115 (until it has ended)
        self.process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            stdout=self.output,
            stderr=self.output and subprocess.STDOUT,
        )


def wait_for(running: Running) -> None:
    """Wait until it has ended; end the whole run with its exit code if it failed."""
    code = running.process.wait()
    if running.output is not None and code:
        running.output.seek(0)
        print(running.output.read().decode(errors="replace"))
    seconds = time.monotonic() - running.started
    print(f"== {running.name}: {'failed' if code else 'fine'} ({seconds:.0f} s)", flush=True)
    if code:
        sys.exit(code)


def chosen(pattern: str) -> list[Path]:
    """The files of a pattern; a pattern of QUICK that finds none has been forgotten in a renaming."""
    files = sorted(ROOT.glob(pattern))
    if not files:
        sys.exit(f"QUICK in tests/support/all.py names {pattern}, and there is none.")
    return files


def compile_tests(checks: Running) -> None:
    """Let one process compile the tests and their libraries where nothing is compiled yet: each process of a run would do all
    of it at the same time. What is found wrong then ends the run, and `checks` with it."""
    if any((ROOT / "tests" / "__pycache__").glob("conftest.*-pytest-*.pyc")):
        return
    try:
        wait_for(Running("python", "-m", "pytest", "--collect-only", "-qq", name="collecting"))
    except SystemExit:
        checks.process.terminate()
        raise


def main() -> None:
    if "--checks" in sys.argv:
        for check in CHECKS:
            wait_for(Running(*check))
        return
    os.environ.pop("FLASK_DEBUG", None)
    # The processes of a run, and the next run, use what one of them has compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    quick, browser = "--quick" in sys.argv, "--without-browser" not in sys.argv
    # Each process has a database of each kind of its own. One more than there are cores: some tests wait for others.
    command = ["python", "-m", "pytest", "-n", str(min(4, (os.cpu_count() or 1) + 1)), "--dist", "worksteal"]
    if quick:
        command += [str(file) for pattern in QUICK for file in chosen(pattern)]
    checks = Running("python", "-m", "tests.support.all", "--checks", name="checks", keep=False)
    if not quick:
        install_missing(browser)
        make_environments()
        command += [] if browser else ["--ignore=tests/journeys"]
        compile_tests(checks)
    tests = Running(*command, name="tests", keep=False)
    try:
        wait_for(checks)
        wait_for(tests)
    except SystemExit:
        if tests.process.poll() is None:
            # As Ctrl+C does, so that the databases and browsers of the tests are stopped too.
            tests.process.send_signal(signal.SIGINT)
        raise
    finally:
        tests.process.wait()


if __name__ == "__main__":
    main()
