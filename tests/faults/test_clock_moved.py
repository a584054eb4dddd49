"""The clock of the machine is set back an hour and forward a year while the course runs: nothing stays broken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.course_process import CourseProcess, Starter, wait_until
from tests.faults.kill import CONTENT, prepare
from tests.faults.test_disk import PAGE, note, signed_in, words
from tests.support.fake_time import FakeClock, fake_clock

YEAR = timedelta(days=366)


@pytest.fixture
def clock(tmp_path: Path) -> FakeClock:
    return fake_clock(tmp_path / "clock")


@pytest.fixture
def starting_with_clock(clock: FakeClock) -> Iterator[Starter]:
    made = Starter({**os.environ, **clock.settings})
    yield made
    made.close()


def assert_all_is_well(course: CourseProcess, number: int) -> None:
    """Somebody can sign in and write, and the worker is at work."""
    visitor = signed_in(course.port, 0)
    written = visitor.send("GET", PAGE)[2].partition("</textarea>")[0].rpartition(">")[2]
    answer = visitor.post(PAGE, note(written, f"Note {number}"))
    assert answer[0] == 303, words(answer[2])
    assert f">Note {number}</textarea>" in visitor.send("GET", PAGE)[2]
    assert visitor.send("GET", "/")[0] == 200
    wait_until(lambda: '"worker":"ok"' in course.get("/health/ready")[1], 60)
    assert course.tracebacks() == []


@pytest.mark.long(20)
def test_people_work_on_when_the_clock_jumps_and_when_it_is_put_right(
    starting_with_clock: Starter, clock: FakeClock, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'course.db'}"
    prepare(url, 1)
    (tmp_path / "logs").mkdir()
    course = CourseProcess(starting_with_clock, url, tmp_path / "logs", CONTENT=str(CONTENT))
    course.start()
    try:
        for number, off in enumerate((timedelta(), -timedelta(hours=1), YEAR, timedelta())):
            clock.set(off)
            assert_all_is_well(course, number)
            if off < timedelta():
                continue
            course.kill()
            course.start()
            assert_all_is_well(course, number + 10)
    finally:
        course.kill()
