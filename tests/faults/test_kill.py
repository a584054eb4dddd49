"""The server is killed at random moments while people work: nothing that it acknowledged is lost, and nothing is there twice."""

from __future__ import annotations

import pytest

from tests.faults.course_process import Starter
from tests.faults.kill import kill

TIMES = 20


@pytest.mark.long(40)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_all_that_was_acknowledged_is_there_once_however_the_server_dies(starting: Starter, engine: str) -> None:
    report = kill(starting, engine, TIMES, people=48)
    assert not report.wrong, str(report)
    assert report.kills == TIMES
    assert report.deeds.repeated > TIMES, "the kills came in the middle of requests"
    made = report.deeds
    assert all((made.answers, made.decisions, made.notes, made.completions, made.certificates)), str(report)


@pytest.mark.long(40)
def test_two_servers_on_one_sqlite_file_lose_nothing_when_either_dies(starting: Starter) -> None:
    report = kill(starting, "sqlite", 6, seed=2, people=32, servers=2)
    assert not report.wrong, str(report)
    assert report.deeds.count > 100, str(report)
