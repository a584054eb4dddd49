"""The file system goes read-only under a running server, as ext4 does at an error of the disk: what people see meanwhile, that
nothing is half done, and that all is well on the mended disk.

Not in every run: it mounts a file system on a loop device as root, and tells the kernel of an error on it. `make faults` runs it,
or `python -m pytest tests/faults/read_only.py`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.course_process import CourseProcess, Starter, Visitor
from tests.faults.kill import CONTENT, prepare
from tests.faults.test_disk import PAGE, assert_nothing_is_taken, kept_form, lines_about_storage, note, signed_in, words
from tests.makers import PASSWORD
from tests.support.postgres import root_prefix

MEGABYTES = 150


def _run(*command: str, said: str = "", codes: tuple[int, ...] = (0,)) -> str:
    prefix = root_prefix()
    if prefix is None:
        raise RuntimeError("mounting a disk needs root, or a sudo that asks for no password")
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, input=said, check=False)
    if done.returncode not in codes:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done.stdout.strip()


class FailingDisk:
    """An ext4 file system in a file. Only such a one goes read-only although files are open; a plain remount is refused."""

    def __init__(self, place: Path) -> None:
        self.folder, self._image = place / "disk", place / "image"
        self.folder.mkdir()
        _run("truncate", "-s", f"{MEGABYTES}M", str(self._image))
        _run("mkfs.ext4", "-q", str(self._image))
        self.mount()
        _run("chmod", "777", str(self.folder))

    def mount(self) -> None:
        _run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))

    def fail(self) -> None:
        """Tell the file system that there is an error on its disk."""
        device = Path(_run("findmnt", "-no", "SOURCE", str(self.folder))).name
        _run("tee", f"/sys/fs/ext4/{device}/trigger_fs_error", said="1")

    def mend(self) -> None:
        """As an administrator does, with the course stopped."""
        _run("umount", str(self.folder))
        _run("fsck.ext4", "-p", str(self._image), codes=(0, 1))  # 1: errors were corrected
        self.mount()


@contextmanager
def failing_disk(place: Path) -> Iterator[FailingDisk]:
    made = FailingDisk(place)
    try:
        yield made
    finally:
        _run("umount", "-l", str(made.folder))


@pytest.mark.long
def test_when_the_disk_goes_read_only_people_read_on_and_are_told_that_nothing_is_saved(
    starting: Starter, tmp_path: Path
) -> None:
    with failing_disk(tmp_path) as disk:
        url = f"sqlite:///{disk.folder / 'course.db'}"
        prepare(url, 2)
        course = CourseProcess(starting, url, tmp_path, CONTENT=str(CONTENT))
        course.start()
        try:
            reader, stranger = signed_in(course.port, 0), Visitor(course.port)
            assert reader.post(PAGE, note("", "one"))[0] == 303
            stranger.open_sign_in()
            disk.fail()
            assert_nothing_is_taken(course, reader, stranger, "cannot write to its database")
            status, _, body = reader.post(PAGE, note("one", "two"))
            assert status == 503
            kept = kept_form(body)
            assert len(lines_about_storage(course.log_text())) <= 2, "said once, and not every few seconds"
            assert course.tracebacks() == []
            course.stop()
            for visitor in (reader, stranger):
                visitor.close()
            disk.mend()
            course.start()
            assert ">one</textarea>" in reader.send("GET", PAGE)[2], "signed in still, and the note is as it was"
            status, _, body = reader.post(PAGE, kept)
            assert status == 303, words(body)
            assert ">two</textarea>" in reader.send("GET", PAGE)[2]
            assert stranger.sign_in("person1@example.org", PASSWORD)[0] == 303
        finally:
            course.stop()
        code, said = course.flask("doctor")
        assert code == 0, said
