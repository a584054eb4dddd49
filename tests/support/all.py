"""Everything that must hold, in one run: style, import contracts, types, tests. Whatever fails first ends it.

python -m tests.support.all [--without-browser | --quick]

With `--quick`, for the inner loop, the tests are those of rules, of the content and of the project's shape.
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

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
# One after the other beside the tests, which often wait for a database or a browser.
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lint-imports", "--no-cache"),
    ("mypy",),
)


class Running:
    """A command that has been started; what it prints is kept until it has ended."""

    def __init__(self, *command: str, keep: bool = True) -> None:
        self.name, self.started = " ".join(command[:2]), time.monotonic()
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


def main() -> None:
    os.environ.pop("FLASK_DEBUG", None)
    processors = os.cpu_count() or 1
    # Each process has a database of each kind of its own.
    parallel = ["-n", str(min(4, processors)), "--dist", "worksteal"]
    if "--quick" in sys.argv:
        chosen = [*parallel, "--quick"]
    elif "--without-browser" in sys.argv:
        chosen = [*parallel, "--compare-engines", "--ignore=tests/journeys"]
    else:
        chosen = [*parallel, "--compare-engines"]
    tests = Running("python", "-m", "pytest", *chosen, keep=False)
    try:
        for check in CHECKS:
            wait_for(Running(*check))
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
