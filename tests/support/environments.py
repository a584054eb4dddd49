"""Python programs of others that tests run in environments of their own, because they need other versions of what we need.

Each folder of FOLDERS has a requirements.txt with hashes. An environment is made once on a machine, and again when that changes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "tests" / "lti" / "open_edx", ROOT / "tests" / "xapi" / "ralph")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "online-abuse-tests"
INSTALL_SECONDS = 300


def python_of(folder: Path) -> Path:
    """The Python that has what the requirements.txt of a folder names; made now if it is not there. Raises RuntimeError if it
    cannot be installed."""
    requirements = folder / "requirements.txt"
    version = f"{sys.implementation.cache_tag} {sys.prefix} ".encode()
    mark = hashlib.sha256(version + requirements.read_bytes()).hexdigest()[:16]
    made = CACHE / f"{folder.name}-{mark}"
    if not made.exists():
        _make(made, requirements)
    return made / "bin" / "python"


def _make(made: Path, requirements: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        begun = Path(name) / "new"
        venv.create(begun, with_pip=False, symlinks=True)
        command = [
            sys.executable, "-m", "pip", "--python", str(begun / "bin" / "python"), "install", "--quiet",
            "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", str(requirements),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(f"pip could not install {requirements}:\n{done.stderr[-3000:]}")
        try:
            begun.rename(made)
        except OSError:
            # Another run was faster.
            if not made.exists():
                raise


def make_environments() -> None:
    """Make those that are missing. What goes wrong is printed: the tests that need it then fail, and say why."""
    for folder in FOLDERS:
        try:
            python_of(folder)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            print(f"{error}\nThe tests that need it will fail.", flush=True)
