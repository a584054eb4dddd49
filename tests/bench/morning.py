"""A training morning: hundreds of people sign in within a second, on SQLite, against the server of `make run`.

Everybody opens the page first, as people do who wait for the beginning; then all send their password within a second and
open their training. Ends with 1 if anybody did not get in. `python -m tests.bench.morning 600` takes another number.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from nacl.pwhash import argon2id
from sqlalchemy import update

from app import create_app
from course import schema_upgrade
from course.auth.rules import normalise_password
from course.content.actions import archive
from course.passwords.models import Credential
from course.web.unit_of_work import unit_of_work
from tests.bench.browser import ROOT, Browser
from tests.conftest import NOW, REAL_PARAMETERS, make_config
from tests.makers import PASSWORD, make_person
from tests.support.ports import free_port

PEOPLE = 300
WITHIN = 1.0  # seconds in which all of them press the button
PATIENCE = 60  # seconds after which a browser gives up
SERVER_KEY = "x" * 40


def real_hash(password: str) -> str:
    """A hash as password_hashing makes it: tests make a quick one."""
    made = argon2id.str(
        normalise_password(password).encode(), REAL_PARAMETERS.passes, REAL_PARAMETERS.memory_kib * 1024
    )
    return made.decode()


@contextmanager
def served(url: str, folder: Path, **more: str) -> Iterator[int]:
    """`flask serve` on this database, with its log in this folder and `more` settings; the port."""
    with served_by(url, folder, **more) as (_, port):
        yield port


@contextmanager
def served_by(url: str, folder: Path, **more: str) -> Iterator[tuple[int, int]]:
    """The same; the number of its first process, and the port."""
    port = free_port()
    settings = {
        "DATABASE_URL": url, "SECRET_KEY": SERVER_KEY, "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}", "FLASK_SKIP_DOTENV": "1",  # never the mail server of a real .env
        **more,
    }  # fmt: skip
    log = (folder / "log").open("w")
    with subprocess.Popen(
        [sys.executable, "-m", "flask", "serve"], cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log
    ) as server:
        try:
            _wait(port)
            yield server.pid, port
        finally:
            server.terminate()
            server.wait(30)
            log.close()


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            Browser(port).send("GET", "/sign-in")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not start")


def prepare(url: str, names: Iterable[str]) -> Flask:
    """The course on a fresh database, with a person for each name, whose passwords are hashed as those of real people
    are; one hash for all, since each would take as long."""
    app = create_app(make_config(url, SECRET_KEY=SERVER_KEY))
    schema_upgrade.upgrade(app.extensions["course"].engine)
    kept = real_hash(PASSWORD)
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
        for name in names:
            make_person(session, name, f"{name}@example.org")
        session.execute(update(Credential).values(password_hash=kept))
    return app


def morning(port: int, count: int) -> tuple[list[float], list[str], float]:
    """How long each waited to be let in, what went wrong, and the seconds until the last one saw their training."""
    waits: list[float] = []
    wrong: list[str] = []
    ready, chance = threading.Barrier(count + 1), random.Random(1)
    delays = [chance.uniform(0, WITHIN) for _ in range(count)]

    def enter(number: int) -> None:
        browser = Browser(port)
        browser.connection.timeout = PATIENCE
        token = browser.token("/sign-in")
        ready.wait()
        time.sleep(delays[number])
        form: dict[str, object] = {"csrf_token": token, "email": f"person{number}@example.org", "password": PASSWORD}
        started = time.perf_counter()
        try:
            status, place, _ = browser.send("POST", "/sign-in", form)
            took = time.perf_counter() - started
            home = browser.send("GET", "/")[0]
        except OSError as error:
            wrong.append(f"{type(error).__name__}")
            return
        if (status, place, home) == (303, "/", 200):
            waits.append(took)
        else:
            wrong.append(f"{status}, then {home}")

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return waits, wrong, time.perf_counter() - started


def main(count: int) -> int:
    """Print the table; 1 if anybody did not get in."""
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'course.db'}"
        prepare(url, (f"person{number}" for number in range(count))).extensions["course"].engine.dispose()
        with served(url, Path(name)) as port:
            waits, wrong, whole = morning(port, count)
    print(f"{count} people sign in within {WITHIN:.0f} s and open their training (SQLite, flask serve)")
    print(f"  in without an error   {len(waits)}")
    print(f"  turned away           {len(wrong)} {', '.join(sorted(set(wrong)))}")
    if waits:
        print(f"  until the last one    {whole:.1f} s ({len(waits) / whole:.0f} a second)")
        print(f"  wait to be let in     median {statistics.median(waits):.1f} s, longest {max(waits):.1f} s")
    return 0 if len(waits) == count else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE))
