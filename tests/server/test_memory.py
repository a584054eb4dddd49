"""What the processes have in memory: no library that few need, no remains of work done apart, no worker that has grown."""

from __future__ import annotations

import ctypes
import mmap
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from course.db import make_engine
from course.server import memory
from course.web.unit_of_work import unit_of_work
from tests.makers import PASSWORD, make_person
from tests.support.served import ROOT, SECRET, serving, wait_until

# Libraries of some MiB each: for PostgreSQL, migrations, files, calendars, holidays, passkeys, certificates of keys, codes
# to scan, and signing in with other systems.
HEAVY = {"psycopg", "alembic", "openpyxl", "pypdf", "typst", "icalendar", "holidays", "webauthn", "OpenSSL", "pyasn1",
         "cryptography.x509", "segno", "authlib", "joserfc"}  # fmt: skip
LOADED = """
import re, sys, app
course = app.create_app()
client = course.test_client()
def opened(path):
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)
token = re.search('name="csrf_token" value="([^"]+)"', opened("/sign-in"))[1]
form = {"csrf_token": token, "email": "sam@example.org", "password": sys.argv[1]}
assert client.post("/sign-in", data=form).status_code == 303
module = next(iter(course.extensions["course"].library.modules.values()))
for path in ("/", f"/module/{module.id}/{next(iter(module.pages))}"):
    opened(path)
print(*sys.modules)
"""
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


GAPS = """
import ctypes
from course.server.memory import fill_gaps
blocks = [bytes(700 + number % 3000) for number in range(20_000)]
del blocks[::2]
print(fill_gaps(), fill_gaps())
libc = ctypes.CDLL(None)
libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
last = max(map(id, blocks))
print(sum(libc.malloc(size) < last for size in range(24, 4000, 8)))
"""


def test_a_lesson_is_served_without_the_libraries_that_few_processes_need(archived_app: Flask, tmp_path: Path) -> None:
    with archived_app.app_context(), unit_of_work() as session:
        make_person(session)
    environ = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'archived.db'}", "SECRET_KEY": SECRET,
               "FLASK_SKIP_DOTENV": "1"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LOADED, PASSWORD], cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
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


def is_in_use(database: str) -> bool:
    """Whether another process would be told so: a process takes no notice of its own locks."""
    look = (
        "import sys; from pathlib import Path; from course.sqlite_file import exclusive_lock\n"
        "with exclusive_lock(Path(sys.argv[1])) as taken: print(taken is None)"
    )
    found = subprocess.run([sys.executable, "-c", look, database], capture_output=True, text=True, check=True)
    return found.stdout.strip() == "True"


def test_connections_that_nobody_needs_any_more_are_closed_and_the_next_are_made_anew(committed: Flask) -> None:
    engine = committed.extensions["course"].engine
    engine.dispose()
    watch = memory.PoolWatch(engine)
    taken = [engine.connect() for _ in range(3)]
    for one in taken:
        one.close()
    assert not watch.let_go(), "all three were needed just now"
    with engine.connect() as used:
        assert not watch.let_go(), "one is in use"
        assert used.execute(text("select 1")).scalar_one() == 1
    assert watch.let_go()
    assert engine.pool.checkedin() == 1
    if engine.dialect.name == "sqlite":
        assert is_in_use(str(engine.url.database)), "a backup is not restored over it"
    with engine.connect() as new, engine.connect():
        assert new.execute(text("select 1")).scalar_one() == 1
    assert not watch.let_go(), "both were needed"
    assert watch.let_go()
    assert not watch.let_go(), "one stays"


def test_a_database_that_is_away_when_connections_are_closed_ends_nothing_that_a_process_does(tmp_path: Path) -> None:
    """The thread that closes them also keeps the reports of its process up to date; it would not be started again."""
    database = tmp_path / "course.db"
    engine = make_engine(f"sqlite:///{database}")
    watch = memory.PoolWatch(engine)
    for one in [engine.connect() for _ in range(3)]:
        one.close()
    assert not watch.let_go()
    database.rename(tmp_path / "away.db")
    database.mkdir()
    assert watch.let_go()
    database.rmdir()
    (tmp_path / "away.db").rename(database)
    with engine.connect() as back:
        assert back.execute(text("select 1")).scalar_one() == 1
    engine.dispose()


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


def test_what_a_process_makes_after_the_gaps_are_filled_lies_behind_what_was_there() -> None:
    if not hasattr(ctypes.CDLL(None), "mallinfo2"):  # a C library other than glibc
        assert memory.fill_gaps() == 0
        return
    done = subprocess.run(
        [sys.executable, "-c", GAPS], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    (filled, again), (between,) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert filled > 5_000
    assert again < 100  # one of each size, which the first time ended with
    assert between < 5, "blocks that lie among those that were there before"
