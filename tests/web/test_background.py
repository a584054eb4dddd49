"""However much is asked for, a few threads do it, and no failure keeps the rest from being done."""

from __future__ import annotations

import threading

import pytest

from course.web.background_threads import BackgroundPool


def test_25_pieces_of_work_are_all_done_by_two_threads() -> None:
    pool, most, now, done, lock = BackgroundPool(2), 0, 0, 0, threading.Lock()
    gate, all_done = threading.Event(), threading.Event()

    def work() -> None:
        nonlocal most, now, done
        with lock:
            now += 1
            most = max(most, now)
        gate.wait(5)
        with lock:
            now, done = now - 1, done + 1
            if done == 25:
                all_done.set()

    for number in range(25):
        pool.add(work, f"work {number}")
    gate.set()
    assert all_done.wait(5)
    assert most == 2
    assert pool.stop(5)


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1), MemoryError()])
def test_what_fails_is_written_down_and_the_next_is_done(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    pool, done = BackgroundPool(1), threading.Event()

    def fail() -> None:
        raise error

    pool.add(fail, "the first")
    pool.add(done.set, "the second")
    assert done.wait(5)
    assert pool.stop(5)
    assert "the first failed" in caplog.text


def test_after_the_stop_nothing_is_begun_and_what_runs_is_waited_for() -> None:
    pool, begun, gate, after = BackgroundPool(1), threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        gate.wait(5)

    pool.add(work, "running")
    assert begun.wait(5)
    pool.add(after.set, "waiting")
    assert not pool.stop(0.05)
    gate.set()
    assert pool.stop(5)
    pool.add(after.set, "late")
    assert not after.is_set()
