"""How long it takes to see what everybody gets wrong: `python -m tests.bench.insight [people]`. SQLite.

By default a million answers: 10,000 people who were asked 100 questions each. Beside it stand the barest count of the
same answers that SQLite can make, and how long the job takes that publishes the figures. The statistics of each question
alone, of a few hundred attempts and on both engines, are measured by tests.bench.units.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, insert, text

from app import create_app
from course import schema_upgrade
from course.analytics.jobs import publish_figures
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.schema import Question
from course.db import Base
from course.learning.models import Answer, Attempt, AttemptItem, Enrolment
from course.people.models import Membership, Person
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_config
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

ASKED = 100
ATTEMPTS, IN_ATTEMPT = 600, 20  # of tests.bench.units
CHUNK = 50_000
IN_TEAM = 40
BARE = """select i.point, count(*), sum(a.correct) from answer a join attempt_item i on i.id = a.item_id
group by i.point"""


def seed(engine: Engine, questions: list[Question], people: int, team: int, asked: int = ASKED) -> None:
    """People with an attempt of `asked` questions each; the first IN_TEAM of them are in the team."""
    chance = random.Random(7)
    at = datetime(2026, 11, 1, 10, tzinfo=UTC)
    ids = range(1000, 1000 + people)
    tables: tuple[tuple[type[Base], Iterator[dict[str, Any]]], ...] = (
        (Person, ({"id": n, "name": f"Person {n}", "email": f"p{n}@example.org", "created_at": at} for n in ids)),
        (Membership, ({"person_id": n, "team_id": team, "since": at} for n in ids[:IN_TEAM])),
        (Enrolment, ({"id": n, "person_id": n, "kind": "initial", "opened_at": at} for n in ids)),
        (Attempt, ({"id": n, "enrolment_id": n, "kind": "final", "ref": "course", "number": 1, "seed": 1, "opened_at": at}
                   for n in ids)),
        (AttemptItem, ({"id": n * asked + place, "attempt_id": n, "position": place, "question_id": q.id,
                        "version": q.version, "point": q.points[0]}
                       for n in ids for place, q in enumerate(chance.sample(questions, asked)))),
        (Answer, _answers(chance, ids, asked, at)),
    )  # fmt: skip
    with engine.begin() as connection:
        for model, rows in tables:
            while portion := list(islice(rows, CHUNK)):
                connection.execute(insert(model), portion)
    with engine.begin() as connection:
        connection.execute(text("analyze"))


def _answers(chance: random.Random, ids: range, asked: int, first: datetime) -> Iterator[dict[str, Any]]:
    for n in ids:
        for place in range(asked):
            option, at = chance.choice((0, 0, 0, 1, 2)), first + timedelta(days=place % 28)
            yield {"item_id": n * asked + place, "given": f"[{option}]", "correct": option == 0, "sureness": "sure",
                   "answered_at": at}  # fmt: skip


def seconds(action: Callable[[], object]) -> list[float]:
    """The first time, and the best of three."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return [times[0], min(times)]


def course_with(url: str, people: int, asked: int) -> tuple[Flask, int, Person]:
    """The course with answers in the empty database at this address; the team, and an administrator."""
    app = create_app(make_config(url))
    app.config["LOG_REQUESTS"] = False
    engine = app.extensions["course"].engine
    schema_upgrade.upgrade(engine)
    library: Library = app.extensions["course"].library
    with app.app_context(), unit_of_work() as session:
        archive(session, library, NOW)
        team = make_team(session, "Night shift").id
        keeper = make_person(session, email="bench@example.org", role="administrator")
    seed(engine, [q for q in library.questions.values() if q.form == "one"], people, team, asked)
    return app, team, keeper


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "course.db"
        app, team, keeper = course_with(f"sqlite:///{path}", people, ASKED)
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
