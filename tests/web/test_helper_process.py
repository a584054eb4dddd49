"""Helper processes: what they are given and give back, one after another, and what happens when one ends, fails or is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from course import helper_process
from course.helper_process import HelperError, HelperProcess

PATIENCE = 20.0  # seconds


def joined(parts: Iterator[str], between: str) -> bytes:
    """What the helper of these tests does."""
    return f"{os.getpid()} {between.join(parts)}".encode()


def noisy(_parts: Iterator[str]) -> bytes:
    os.write(1, b"what a library prints")
    return b"done"


def broken(parts: Iterator[str]) -> bytes:
    raise ValueError(f"cannot use {next(parts)}")


def deadly(_parts: Iterator[str]) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def stuck(parts: Iterator[str]) -> bytes:
    next(parts, None)
    time.sleep(3600)
    return b""


def unreadable() -> Iterator[str]:
    yield "one"
    raise LookupError("no second part")


@pytest.fixture
def helper() -> Iterator[HelperProcess]:
    found = HelperProcess()
    yield found
    found.close()


def number(helper: HelperProcess) -> int:
    return int(helper.call(joined, "").split()[0])


def test_a_helper_is_a_process_of_its_own_that_goes_on_after_a_failure_and_is_replaced_after_its_death(
    helper: HelperProcess,
) -> None:
    # More than a pipe holds.
    answer = helper.call(joined, "-", parts=["x" * 100_000, "y", "z"])
    first = int(answer.split()[0])
    assert answer.endswith(b"x-y-z")
    assert len(answer) > 100_000
    assert first != os.getpid()
    assert helper.call(noisy) == b"done"
    with pytest.raises(HelperError, match="cannot use one"):
        helper.call(broken, parts=["one", "y" * 100_000])
    assert number(helper) == first
    with pytest.raises(LookupError):
        helper.call(joined, "", parts=unreadable())
    second = number(helper)
    assert second != first, "the rest of a task is not the next one"
    with pytest.raises(HelperError, match="has ended"):
        helper.call(deadly)
    assert number(helper) not in {first, second}


@pytest.mark.parametrize("parts", [[], ["x" * 100_000] * 3], ids=["nothing to take", "more than a pipe holds"])
def test_a_helper_that_is_stuck_is_ended_and_the_next_task_gets_a_new_one(
    helper: HelperProcess, monkeypatch: pytest.MonkeyPatch, parts: list[str]
) -> None:
    first = number(helper)
    monkeypatch.setattr(helper_process, "STUCK_SECONDS", 0.3)
    with pytest.raises(HelperError, match="did nothing for"):
        helper.call(stuck, parts=parts)
    monkeypatch.setattr(helper_process, "STUCK_SECONDS", PATIENCE)
    assert number(helper) != first


def test_a_helper_that_nobody_needs_ends_and_the_next_task_gets_a_new_one(
    helper: HelperProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper_process, "IDLE_SECONDS", 0.05)
    first, until = number(helper), time.monotonic() + PATIENCE
    while os.path.exists(f"/proc/{first}") and time.monotonic() < until:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{first}"), "it has ended, and its number is free"
    assert number(helper) != first


def test_two_threads_share_a_helper_one_after_the_other(helper: HelperProcess) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda word=word: found.append(helper.call(joined, word, parts=["a", "b"])))
        for word in ("1", "2", "3", "4")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(answer.split()[1] for answer in found) == [b"a1b", b"a2b", b"a3b", b"a4b"]
    assert len({answer.split()[0] for answer in found}) == 1


def test_a_copy_of_this_process_leaves_its_helper_alone(helper: HelperProcess) -> None:
    first = number(helper)
    if (copy := os.fork()) == 0:
        os._exit(0 if number(helper) != first else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
    assert number(helper) == first
