"""Another process keeps the SQLite database locked: readers go on, writers are told soon, and nothing is lost."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from course.db import LOCK_SECONDS
from course.web.unit_of_work import REQUEST_LOCK_SECONDS
from tests.faults.course_process import Starter, Visitor, serving, wait_until
from tests.faults.kill import CONTENT, prepare
from tests.faults.test_disk import PAGE, kept_form, note, signed_in, words
from tests.makers import PASSWORD


@pytest.mark.long(20)
def test_a_database_that_another_program_keeps_locked_is_waited_for(starting: Starter, tmp_path: Path) -> None:
    file = tmp_path / "course.db"
    prepare(f"sqlite:///{file}", 2)
    (tmp_path / "logs").mkdir()
    with serving(starting, f"sqlite:///{file}", tmp_path / "logs", CONTENT=str(CONTENT)) as course:
        reader, stranger = signed_in(course.port, 0), Visitor(course.port)
        assert reader.post(PAGE, note("", "one"))[0] == 303
        stranger.open_sign_in()
        with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked = time.monotonic()
            for path in ("/", PAGE, "/record"):
                began = time.monotonic()
                assert reader.send("GET", path)[0] == 200
                assert time.monotonic() - began < REQUEST_LOCK_SECONDS, f"{path} waits for no writer"
            began = time.monotonic()
            status, _, body = reader.post(PAGE, note("one", "two"))
            assert status == 503
            assert time.monotonic() - began < REQUEST_LOCK_SECONDS + 5
            assert "The course is busy" in words(body)
            kept = kept_form(body)
            assert kept["note-own-kite"] == "two"
            status, _, body = stranger.sign_in("person1@example.org", PASSWORD)
            assert (status, "The course is busy" in words(body)) == (503, True)
            time.sleep(max(0.0, locked + LOCK_SECONDS + 3 - time.monotonic()))  # longer than the worker waits, too
            other.execute("ROLLBACK")
        assert reader.post(PAGE, kept)[0] == 303
        assert ">two</textarea>" in reader.send("GET", PAGE)[2]
        assert stranger.sign_in("person1@example.org", PASSWORD)[0] == 303
        wait_until(lambda: '"worker":"ok"' in course.get("/health/ready")[1], 30)
        assert course.tracebacks() == []
    code, said = course.flask("doctor")
    assert code == 0, said
