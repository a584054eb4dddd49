"""How long the team report takes: `python -m tests.bench.reports [people] [postgresql]`. SQLite unless the other is named.

Three years of history: everybody was put into one of fourteen teams, did the course (some never, some late, some are
in the middle of it), renewed it each year, was reminded; some left. The barest SQL that can count who holds a
certificate stands beside it, on the same database.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, insert, inspect, text, update

from app import create_app
from course import schema_upgrade
from course.certificates.models import Certificate
from course.clock import now
from course.content.actions import archive
from course.context import make_context
from course.db import Base
from course.learning.models import Completion, Enrolment, PageRead
from course.organisation.models import Organisation
from course.people.models import Membership, Person, Team
from course.people.rules import COMMAND_VIEWER
from course.recertification.actions import grant_extension
from course.reminders.models import Reminder
from course.reports.app_status_cache import app_status_cache
from course.reports.jobs import ReportRequest, build_report_file
from course.reports.report_files import REPORT_FORMATS
from course.reports.rules import ReportFilter
from course.standings.jobs import catch_up
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import NOW, make_config
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.asked import asked
from tests.support.postgres import temporary_cluster

PAGES = 12  # pages that each enrolment for the whole course has read
CHUNK = 20_000
BARE = """select count(*), sum(case when last >= :day then 1 else 0 end) from (
  select p.id, (select max(c.valid_until) from certificate c where c.person_id = p.id) as last
  from person p where p.left_at is null) as held"""


def at(day: date) -> datetime:
    return datetime.combine(day, clock(10), UTC)


def seed(engine: Engine, people: int, today: date) -> None:
    """Everybody with their history, a table at a time."""
    chance = random.Random(11)
    begun = at(today - timedelta(days=3 * 365 + 30))
    rows: dict[type[Base], list[dict[str, Any]]] = {
        model: [] for model in (Person, Membership, Enrolment, PageRead, Completion, Certificate, Reminder)
    }
    teams = [
        {"id": n, "name": f"Team {n}", "parent_id": None if n == 1 else (n + 1) // 3, "opened_at": begun}
        for n in range(1, 15)
    ]
    with engine.begin() as connection:
        connection.execute(update(Organisation).values(set_up_at=begun))
        connection.execute(insert(Team), teams)
        for n in range(1000, 1000 + people):
            _person(rows, chance, n, today)
            if len(rows[PageRead]) > CHUNK:
                _flush(connection, rows)
        _flush(connection, rows)
        if engine.dialect.name == "postgresql":
            for table in (inspect(model).local_table for model in (Team, *rows)):
                connection.execute(
                    text(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")
                )
    with engine.begin() as connection:
        connection.execute(text("analyze"))


def _flush(connection: Any, rows: dict[type[Base], list[dict[str, Any]]]) -> None:
    for model, waiting in rows.items():
        if waiting:
            connection.execute(insert(model), waiting)
            waiting.clear()


def _person(rows: dict[type[Base], list[dict[str, Any]]], chance: random.Random, n: int, today: date) -> None:
    start = today - timedelta(days=chance.randrange(10, 3 * 365))
    left = at(today - timedelta(days=chance.randrange(1, 400))) if chance.random() < 0.08 else None
    rows[Person].append(
        {"id": n, "name": f"Person {n}", "email": f"p{n}@example.org", "created_at": at(start),
         "left_at": left if left and left.date() > start else None}
    )  # fmt: skip
    rows[Membership].append(
        {"id": n, "person_id": n, "team_id": chance.randrange(1, 15), "since": at(start), "until": None}
    )
    for number, day, kind, finished in _goes(chance, start, today):
        go = n * 8 + number
        rows[Enrolment].append({"id": go, "person_id": n, "kind": kind, "opened_at": at(day)})
        if kind == "initial":
            rows[PageRead] += [
                {"id": go * PAGES + page, "enrolment_id": go, "ref": f"risk-factors/page-{page}", "version": "1",
                 "read_at": at(day)} for page in range(PAGES)
            ]  # fmt: skip
        if finished:
            rows[Completion].append(
                {"id": go, "enrolment_id": go, "completed_at": at(day), "content_version": "1", "edition": "1"}
            )
            rows[Certificate].append(
                {"id": go, "number": f"{go:012}", "person_id": n, "completion_id": go, "name": f"Person {n}",
                 "organisation": "Riverside Children’s Trust", "course": "Online abuse", "edition": "1", "content_version": "1",
                 "completed_on": day, "valid_until": day + timedelta(days=365), "issued_at": at(day)}
            )  # fmt: skip
    rows[Reminder].append(
        {"id": n, "key": f"r{n}", "kind": "learner", "person_id": n, "step": "before", "due": today,
         "leaves_on": today - timedelta(days=chance.randrange(60)), "reason": "because", "named": [],
         "made_at": at(today - timedelta(days=60))}
    )  # fmt: skip


def _goes(chance: random.Random, start: date, today: date) -> Iterator[tuple[int, date, str, bool]]:
    """The course and its refreshers: number, day, kind, and whether it was finished."""
    day, kind, number = start + timedelta(days=chance.randrange(1, 50)), "initial", 0
    while day <= today and number < 8:
        finished = chance.random() > 0.05
        yield number, day, kind, finished
        if not finished:
            return
        day, kind, number = day + timedelta(days=365 - chance.randrange(-40, 50)), "refresher", number + 1


def seconds(action: Callable[[], object], times: int = 5) -> float:
    """The middle one of several."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        found.append(time.perf_counter() - started)
    return sorted(found)[times // 2]


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    if "postgresql" in sys.argv:
        with temporary_cluster() as url:
            measure(url, people)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'course.db'}", people)


def measure(url: str, people: int) -> None:
    """Make the database, and print each time beside the barest count."""
    app = create_app(make_config(url))
    app.config["LOG_REQUESTS"] = False
    engine = app.extensions["course"].engine
    schema_upgrade.upgrade(engine)
    today = NOW.date()
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
        keeper = make_person(session, email="bench@example.org", role="administrator")
    seed(engine, people, today)
    client = sign_in(Client(app), keeper)
    bare = seconds(lambda: _bare(engine, today))
    print(f"Team report, {people:,} people, three years of history, {engine.dialect.name}")
    print(f"  barest count in SQL       {1000 * bare:8.0f} ms")

    def line(name: str, address: str, times: int = 5) -> None:
        page = client.flask.get(address)
        if page.status_code != HTTPStatus.OK or "Report</a>" not in page.get_data(as_text=True):
            sys.exit(f"{address} answered {page.status}: {page.get_data(as_text=True)[:3000]}")
        took = seconds(lambda: client.flask.get(address).get_data(), times)
        print(f"  {name:<24}  {1000 * took:8.0f} ms  {took / bare:6.1f} times", flush=True)

    with app.app_context():
        started = time.perf_counter()
        derived = catch_up(now())
        print(f"  {derived:,} derived at first   {1000 * (time.perf_counter() - started):8.0f} ms", flush=True)
    started = time.perf_counter()
    client.flask.get("/report")
    print(f"  first page of a process   {1000 * (time.perf_counter() - started):8.0f} ms", flush=True)
    line("page", "/report")
    changed = iter(range(1000, 1000 + people))
    changes = [_after_a_change(app, client, next(changed), today) for _ in range(9)]
    took = sorted(changes)[len(changes) // 2]
    print(f"  page after somebody did something {1000 * took:5.1f} ms  {took / bare:6.1f} times", flush=True)
    line("page of a team, by name", "/report?team=2&sort=name")
    line("search", "/report?q=person+10")
    with app.test_request_context(), read_only_session(snapshot=True) as session:
        for kind in REPORT_FORMATS:
            wish = ReportRequest(kind, ReportFilter(), COMMAND_VIEWER, now())
            took = seconds(lambda w=wish: build_report_file(session, app_status_cache(), w, lambda *_: None), 1)  # type: ignore[misc]
            name = f"{REPORT_FORMATS[kind].name} of everybody"
            print(f"  {name:<24}  {1000 * took:8.0f} ms  {took / bare:6.1f} times", flush=True)
    days = iter(range(300, 400))
    past = seconds(lambda: client.flask.get(f"/report?on={today - timedelta(days=next(days))}"))
    print(f"  as at a day, first time   {1000 * past:8.0f} ms  {past / bare:6.1f} times", flush=True)
    line("as at a day, again", f"/report?on={today - timedelta(days=304)}")
    with asked(app) as queries:
        client.flask.get("/report")
    print(f"  queries of a page         {len(queries):8}")


def change(app: Flask, person_id: int, today: date) -> None:
    """Record something about a person."""
    with app.app_context(), unit_of_work() as session:
        until = today + timedelta(days=60 + person_id % 30)
        grant_extension(make_context(session, None, NOW), person_id, until, "a long illness")


def _after_a_change(app: Flask, client: Client, person_id: int, today: date) -> float:
    """The seconds that the page takes right after something was recorded about a person."""
    change(app, person_id, today)
    return seconds(lambda: client.flask.get("/report").get_data(), 1)


def _bare(engine: Engine, today: date) -> None:
    with engine.execution_options(writes=False).connect() as connection:
        connection.execute(text(BARE), {"day": today.isoformat() if engine.dialect.name == "sqlite" else today}).all()


if __name__ == "__main__":
    main()
