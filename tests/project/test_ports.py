"""The ports of the servers that tests start."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.ports import FIRST, LAST, free_port, is_free

ROOT = Path(__file__).resolve().parents[2]
ASK = "from tests.support.ports import free_port; print(*(free_port() for _ in range(100)))"


def test_the_processes_of_a_run_are_never_given_the_same_port() -> None:
    command = [sys.executable, "-c", ASK]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    found = [int(port) for one in running for port in one.communicate(timeout=60)[0].split()]
    assert len(found) == len(set(found)) == 400
    assert FIRST <= min(found) <= max(found) <= LAST


def test_the_ports_that_further_processes_of_a_server_may_take_are_nobody_elses() -> None:
    first = free_port(5)
    assert {free_port() for _ in range(20)}.isdisjoint(range(first, first + 5))


def test_a_port_that_somebody_uses_is_passed_over() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
    assert is_free(port)


def test_no_test_lets_the_system_choose_a_port_and_gives_it_away() -> None:
    """A port asked for with 0 is for the socket that asked for it."""
    text = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    closed_at_once = (
        r"with socket\.socket\(\) as (\w+):\n +\1\.bind\(\(\"127\.0\.0\.1\", 0\)\)\n +(return|port =|\w+ = str)"
    )
    assert [path.relative_to(ROOT).as_posix() for path, said in text.items() if re.search(closed_at_once, said)] == []
