"""A full disk, a disk that takes nothing any more, and one that can only be read: what people see, and that all is well again
by itself."""

from __future__ import annotations

import html
import os
import re
import resource
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.course_process import CourseProcess, Starter, Visitor, serving, wait_until
from tests.faults.kill import CONTENT, prepare
from tests.faults.small_disk import SmallDisk
from tests.makers import PASSWORD

PAGE = "/module/kites/the-line"


def note(was: str, words: str) -> dict[str, object]:
    return {"stay": "own-kite", "was-own-kite": was, "note-own-kite": words}


def signed_in(port: int, person: int) -> Visitor:
    visitor = Visitor(port)
    visitor.open_sign_in()
    for _ in range(20):  # on a busy machine somebody who signs in is asked to wait
        status, _, body = visitor.sign_in(f"person{person}@example.org", PASSWORD)
        if status != 503:
            break
        time.sleep(1)
    assert status == 303, words(body)
    return visitor


def words(body: str) -> str:
    """What a page says, as text."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body.rpartition("<main")[2])))


def kept_form(body: str) -> dict[str, object]:
    """The fields that a page keeps for another try."""
    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', body)
    }


def lines_about_storage(log: str) -> list[str]:
    return [line for line in log.splitlines() if "waits for the database" in line]


def assert_nothing_is_taken(course: CourseProcess, reader: Visitor, stranger: Visitor, why: str) -> None:
    """Reading works; an answer and a sign-in are refused in plain words, and nothing of them is stored."""
    assert reader.send("GET", "/")[0] == 200
    assert reader.send("GET", PAGE)[0] == 200
    status, _, body = reader.post(PAGE, note("one", "two <b>" + "x" * 9000))
    assert status == 503
    assert "This cannot be saved now" in words(body)
    assert why in words(body)
    assert "What was saved before is safe" in words(body)
    assert re.search(r"tell your administrator this number: [0-9a-f]{12}", words(body))
    kept = kept_form(body)
    assert str(kept["note-own-kite"]).startswith("two <b>x")
    assert kept["csrf_token"]
    status, _, body = stranger.sign_in("person1@example.org", PASSWORD)
    assert status == 503
    assert "No one can sign in now" in words(body)
    assert "Your password is not the reason" in words(body)
    assert PASSWORD not in body
    assert ">one</textarea>" in reader.send("GET", PAGE)[2], "the note is as it was"
    assert course.tracebacks() == []


@pytest.mark.long(15)
def test_with_a_full_disk_people_can_read_and_are_told_why_nothing_is_saved(
    starting: Starter, disk: SmallDisk, tmp_path: Path
) -> None:
    url = f"sqlite:///{disk.folder / 'course.db'}"
    prepare(url, 2)
    with serving(starting, url, tmp_path, CONTENT=str(CONTENT)) as course, closing(Visitor(course.port)) as stranger:
        reader = signed_in(course.port, 0)
        assert reader.post(PAGE, note("", "one"))[0] == 303
        stranger.open_sign_in()
        assert "full" not in course.get("/health/ready")[1]
        disk.fill()
        assert_nothing_is_taken(course, reader, stranger, "no room left to save anything")
        wait_until(lambda: '"disk":"full"' in course.get("/health/ready")[1], 5)
        wait_until(lambda: course.get("/health/ready")[0] == 503, 5)  # each process keeps its answer for a second
        assert course.get("/health/live")[0] == 200
        disk.empty()
        assert reader.post(PAGE, note("one", "two"))[0] == 303
        assert ">two</textarea>" in reader.send("GET", PAGE)[2]
        assert stranger.sign_in("person1@example.org", PASSWORD)[0] == 303
        wait_until(lambda: course.get("/health/ready")[0] == 200, 30)
        assert len(lines_about_storage(course.log_text())) <= 2, "said once, and not every few seconds"
    code, said = course.flask("doctor")
    assert code == 0, said


@pytest.mark.long(10)
def test_a_disk_that_takes_nothing_any_more_is_named_once_in_the_log(starting: Starter, tmp_path: Path) -> None:
    """The disk fails while the course runs: every write ends with an error of the system."""
    url = f"sqlite:///{tmp_path / 'course.db'}"
    prepare(url, 2)
    (tmp_path / "logs").mkdir()
    with serving(starting, url, tmp_path / "logs", CONTENT=str(CONTENT)) as course:
        reader, stranger = signed_in(course.port, 0), Visitor(course.port)
        assert reader.post(PAGE, note("", "one"))[0] == 303
        stranger.open_sign_in()
        processes = [course.pid, *course.children()]
        limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in processes}
        before = course.log_text()
        # The log is a file as well, and still has to take lines: as much as it has, and 20 kB, which
        # is less than one answer takes in the -wal file.
        for pid, (_, hard) in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (len(before) + 20_000, hard))
        assert (tmp_path / "course.db").stat().st_size > len(before) + 20_000
        assert_nothing_is_taken(course, reader, stranger, "cannot write to its database")
        for pid, limit in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
        assert reader.post(PAGE, note("one", "two"))[0] == 303
        assert stranger.sign_in("person1@example.org", PASSWORD)[0] == 303
    code, said = course.flask("doctor")
    assert code == 0, said


@pytest.mark.long(10)
def test_a_course_does_not_start_on_a_disk_that_can_only_be_read_and_says_why(
    starting: Starter, disk: SmallDisk, tmp_path: Path
) -> None:
    url = f"sqlite:///{disk.folder / 'course.db'}"
    prepare(url, 1)
    course = CourseProcess(starting, url, tmp_path, CONTENT=str(CONTENT))
    disk.set_read_only(True)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        course.start()
    assert time.monotonic() - began < 30
    assert course.tracebacks() == []
    assert "the user who runs the course read and write this file and its folder" in " ".join(course.log_text().split())
    disk.set_read_only(False)
    course.start()
    course.stop()
    assert os.path.exists(disk.folder / "course.db")
