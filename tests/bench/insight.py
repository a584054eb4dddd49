"""How long it takes to see what everybody gets wrong: `python -m tests.bench.insight [people]`. SQLite.

By default a million answers: 10,000 people who were asked 100 questions each. Beside it stand the barest count of the
same answers that SQLite can make, and how long the job takes that publishes the figures. First of all the statistics of
each question are made anew from 600 attempts of 20 questions, and compared with pages of a bare Flask application in the
same run.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from app import create_app
from course import schema_upgrade
from course.analytics.jobs import publish_figures
from course.analytics.queries import item_statistics_before
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.schema import Question
from course.people.models import Person
from course.web.unit_of_work import db, unit_of_work
from tests.bench.browser import Browser
from tests.bench.race import free_port, served
from tests.conftest import NOW, make_config
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

ASKED = 100
ATTEMPTS, IN_ATTEMPT = 600, 20  # whose statistics are made anew
AT_MOST = 47  # bare pages that this may take
ROUNDS = 15
IN_TEAM = 40
AT = "2026-11-{day:02} 10:00:00.000000"
BARE = """select i.point, count(*), sum(a.correct) from answer a join attempt_item i on i.id = a.item_id
group by i.point"""


def seed(path: Path, questions: list[Question], people: int, team: int, asked: int = ASKED) -> None:
    """People with an attempt of `asked` questions each; the first IN_TEAM of them are in the team."""
    chance = random.Random(7)
    at = AT.format(day=1)
    ids = range(1000, 1000 + people)
    with sqlite3.connect(path) as database:
        put = database.executemany
        put(
            "insert into person (id, name, email, created_at) values (?, ?, ?, ?)",
            ((n, f"Person {n}", f"p{n}@example.org", at) for n in ids),
        )
        put(
            "insert into membership (person_id, team_id, since) values (?, ?, ?)",
            ((n, team, at) for n in ids[:IN_TEAM]),
        )
        put(
            "insert into enrolment (id, person_id, kind, opened_at) values (?, ?, 'initial', ?)",
            ((n, n, at) for n in ids),
        )
        put(
            "insert into attempt (id, enrolment_id, kind, ref, number, seed, opened_at)"
            " values (?, ?, 'final', 'course', 1, 1, ?)",
            ((n, n, at) for n in ids),
        )
        put(
            "insert into attempt_item (id, attempt_id, position, question_id, version, point) values (?, ?, ?, ?, ?, ?)",
            (
                (n * asked + place, n, place, q.id, q.version, q.points[0])
                for n in ids
                for place, q in enumerate(chance.sample(questions, asked))
            ),
        )
        put("insert into answer (item_id, given, correct, sureness, answered_at) values (?, ?, ?, 'sure', ?)",
            _answers(chance, ids, asked))  # fmt: skip
    database.close()


def _answers(chance: random.Random, ids: range, asked: int) -> Iterator[tuple[int, str, bool, str]]:
    for n in ids:
        for place in range(asked):
            option = chance.choice((0, 0, 0, 1, 2))
            yield n * asked + place, f"[{option}]", option == 0, AT.format(day=1 + place % 28)


def seconds(action: Callable[[], object]) -> list[float]:
    """The first time, and the best of three."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return [times[0], min(times)]


def course_with(folder: Path, people: int, asked: int) -> tuple[Flask, Path, int, Person]:
    """The course with answers; its database file, the team, and an administrator."""
    path = folder / "course.db"
    app = create_app(make_config(f"sqlite:///{path}"))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    library: Library = app.extensions["course"].library
    with app.app_context(), unit_of_work() as session:
        archive(session, library, NOW)
        team = make_team(session, "Night shift").id
        keeper = make_person(session, email="bench@example.org", role="administrator")
    seed(path, [q for q in library.questions.values() if q.form == "one"], people, team, asked)
    return app, path, team, keeper


def statistics_anew() -> None:
    """Print what the statistics of ATTEMPTS cost, in processor time (other work on the machine does not count) and in bare
    pages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app, _, _, _ = course_with(folder, ATTEMPTS, IN_ATTEMPT)
        library: Library = app.extensions["course"].library
        (folder / "page.html").write_text("<!doctype html><title>Bare</title><p>" + "word " * 2000, encoding="utf-8")
        ours, bare = [], []
        port = free_port()
        with app.app_context(), served(("tests.bench.baseline", name, str(port), "sqlite"), {}, port, folder):
            browser = Browser(port)
            for _ in range(ROUNDS):
                started = time.process_time()
                item_statistics_before(db(), library, now())
                ours.append(1000 * (time.process_time() - started))
                for _ in range(20):
                    started = time.perf_counter()
                    browser.send("GET", "/page")
                    bare.append(1000 * (time.perf_counter() - started))
        took, page = statistics.median(ours), statistics.median(bare)
        print(
            f"item statistics of {ATTEMPTS} attempts of {IN_ATTEMPT} questions, all anew: {took:.1f} ms of processor time"
        )
        print(f"  {took / page:.0f} bare pages of {page:.2f} ms; asked are at most {AT_MOST}")


def main() -> None:
    statistics_anew()
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        app, path, team, keeper = course_with(Path(folder), people, ASKED)
        client = sign_in(Client(app), keeper)
        with app.app_context():
            started = time.perf_counter()
            mondays = publish_figures(now())
        print(f"publishing the figures of {mondays // 2} Mondays: {time.perf_counter() - started:.2f} s")
        with sqlite3.connect(path) as database:
            bare = seconds(lambda: database.execute(BARE).fetchall())
        database.close()
        print(f"{people * ASKED} answers; the barest count: {bare[1]:.2f} s")
        for name in ("everybody", f"team/{team}", "questions"):
            first, again = seconds(lambda n=name: client.flask.get(f"/insight/{n}"))  # type: ignore[misc]
            print(f"/insight/{name:<12} first {first:.2f} s, then {again:.2f} s")


if __name__ == "__main__":
    main()
