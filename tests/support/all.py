"""Everything that must hold, in one run: style, types, import contracts, tests. The first failure ends it.

python -m tests.support.all [--without-browser]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(name: str, *command: str) -> None:
    """Run one check; end the whole run with its exit code if it fails."""
    started = time.monotonic()
    print(f"== {name}", flush=True)
    code = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, check=False).returncode
    if code:
        print(f"== {name}: failed", flush=True)
        sys.exit(code)
    print(f"== {name}: fine ({time.monotonic() - started:.0f} s)", flush=True)


def main() -> None:
    os.environ.pop("FLASK_DEBUG", None)
    run("ruff", "ruff", "check", ".")
    run("ruff format", "ruff", "format", "--check", ".")
    run("mypy", "mypy")
    run("import contracts", "lint-imports", "--no-cache")
    without = ["--ignore=tests/journeys"] if "--without-browser" in sys.argv else []
    # As many at once as there are processors: each process has a database of each kind of its own.
    run("tests", "python", "-m", "pytest", "-n", str(min(4, os.cpu_count() or 1)), "--dist", "worksteal", *without)


if __name__ == "__main__":
    main()
