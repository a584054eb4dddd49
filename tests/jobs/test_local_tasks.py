"""What each process does for itself, at its intervals."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from course.jobs.worker import LocalSchedule, LocalTask
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def test_each_task_is_run_at_once_and_then_at_its_interval() -> None:
    schedule = LocalSchedule([LocalTask("often", MINUTE, str), LocalTask("seldom", 3 * MINUTE, str)])
    stop = threading.Event()
    done = [schedule.run_due(NOW + number * MINUTE, stop) for number in range(5)]
    assert done == [["often", "seldom"], ["often"], ["often"], ["often", "seldom"], ["often"]]
    assert schedule.run_due(NOW + 4.5 * MINUTE, stop) == []
    assert schedule.run_due(NOW - MINUTE, stop) == ["often", "seldom"], "a clock that was set back silences nothing"
    stop.set()
    assert schedule.run_due(NOW + 60 * MINUTE, stop) == []


def test_a_task_that_fails_is_logged_and_the_others_are_run(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_at: datetime) -> None:
        raise RuntimeError("broken")

    schedule = LocalSchedule([LocalTask("bad", MINUTE, fail), LocalTask("good", MINUTE, str)])
    assert schedule.run_due(NOW, threading.Event()) == ["bad", "good"]
    assert "the task bad failed" in caplog.text
