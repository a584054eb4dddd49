"""What the processes have in memory: no library that few need, no remains of work done apart, no worker that has grown."""

from __future__ import annotations

import mmap
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from course.server import memory
from tests.support.served import ROOT, SECRET, serving, wait_until

# Libraries of some MiB each: for PostgreSQL, migrations, files, calendars and holidays.
HEAVY = {"psycopg", "alembic", "openpyxl", "pypdf", "typst", "icalendar", "holidays"}
LOADED = "import sys, app; app.create_app(); print(*{name.partition('.')[0] for name in sys.modules})"
# Whatever it has, the worker counts as grown after six seconds without a job.
GROWING = """
import sys
from flask.cli import main
from course.server import commands
commands.WORKER_PRIVATE_BYTES, commands.WORKER_LOOK_SECONDS = 0, 6.0
sys.argv[0] = "flask"
main()
"""
APART = """
import sys
from course.server.memory import do_apart
made = []
def work():
    made.append("x" * 1000)
    print("done apart")
    if len(sys.argv) > 1:
        sys.exit(sys.argv[1] if len(sys.argv) > 2 else int(sys.argv[1]))
do_apart(work)
print("goes on", len(made))
"""


def test_the_application_is_made_without_the_libraries_that_few_processes_need(tmp_path: Path) -> None:
    environ = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'course.db'}", "SECRET_KEY": SECRET,
               "FLASK_SKIP_DOTENV": "1"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=120
    )
    loaded = set(done.stdout.split())
    assert {"flask", "sqlalchemy", "course"} <= loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("arguments", "code", "printed"),
    [((), 0, "done apart\ngoes on 0\n"), (("3",), 3, "done apart\n"), (("words", "more"), 1, "done apart\n")],
)
def test_work_done_apart_leaves_nothing_behind_and_ends_the_program_if_it_fails(
    arguments: tuple[str, ...], code: int, printed: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", APART, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (code, printed)


def test_what_only_this_process_has_is_told_in_bytes() -> None:
    # Mapped for itself: a large process would take a block of Python from what it has free.
    with mmap.mmap(-1, 8 * 1024 * 1024, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as block:
        before = memory.private_bytes()
        for place in range(0, len(block), mmap.PAGESIZE):
            block[place] = 1
        assert 6 * 1024 * 1024 < memory.private_bytes() - before < 64 * 1024 * 1024


def test_a_worker_that_has_grown_is_replaced_without_anybody_noticing(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "course.db")
    with serving(tmp_path, program=(sys.executable, "-c", GROWING)) as server:
        *pages, worker = server.children()
        wait_until(
            lambda: len(server.children()) == 3 and worker not in server.children(), "the worker is not replaced"
        )
        assert server.children()[:2] == pages, "those that serve pages stay"

        def names() -> list[tuple[str, str | None]]:
            with sqlite3.connect(tmp_path / "course.db") as database:
                return database.execute("select name, stopped_at from worker_beat").fetchall()

        # On a busy machine the new one has been replaced as well before it is looked for.
        wait_until(
            lambda: any(str(server.children()[-1]) in name for name, _ in names()),
            "the new worker does not say that it is there",
        )
        assert [stopped for _, stopped in names()] == [None], "one row, which went over to it"
        assert "has ended" not in server.printed()
