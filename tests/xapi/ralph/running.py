"""The store of serve.py as a test sees it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.environments import python_of

FOLDER = Path(__file__).parent


@dataclass
class Ralph:
    """A store at the address `address`, with the file in which it keeps what it has taken."""

    address: str
    file: Path

    def statements(self) -> list[dict[str, Any]]:
        """Everything that was taken, in the order in which it was."""
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        return [json.loads(line) for line in lines if line.strip()]


@contextmanager
def ralph(folder: Path, certificate: Path, user: str, password: str) -> Iterator[Ralph]:
    """Ralph, until the block ends. Raises RuntimeError if it does not start."""
    command = [str(python_of(FOLDER)), "-I", str(FOLDER / "serve.py"), str(folder), str(certificate), user, password]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        port = child.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"the store does not start:\n{child.stderr.read()[-3000:]}")
        try:
            yield Ralph(f"https://localhost:{port}/xAPI", folder / "fs_lrs.jsonl")
        finally:
            child.kill()


def faults(statements: list[dict[str, Any]]) -> list[str]:
    """What Ralph's model of xAPI finds wrong with statements, without a store: one line for each fault."""
    command = [str(python_of(FOLDER)), "-I", str(FOLDER / "check.py")]
    done = subprocess.run(command, input=json.dumps(statements), capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()
