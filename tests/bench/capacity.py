"""What a request costs in processor time, and a person in storage: `python -m tests.bench.capacity [sqlite] [postgresql]`.

Processor time of the server and of PostgreSQL is what it is on a busy machine too, so the figures of docs/scaling.md can be
checked anywhere. The requests are those of a learner in a lesson and a check, of a sign-in, and of a manager with the report
of PEOPLE people; the organisation is one in the middle of its year.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from course.analytics.jobs import publish_figures
from course.clock import now
from tests.bench.browser import ROOT, Browser
from tests.bench.organisation import ADMINISTRATOR, PASSWORD
from tests.bench.race import PEOPLE, Race, expect
from tests.support.ports import free_port
from tests.support.postgres import temporary_cluster

PAGES = 200
CHECKS = 12
SIGN_INS = 16
REPORTS = 10
BUSY = 0.7  # of the processor time that is planned with: beyond that people wait for each other
SETTLE_SECONDS = 120.0
LOOK_SECONDS = 4.0
QUIET = 0.05  # seconds of processor time in one second, below which nothing is done but looking for jobs
TICKS = os.sysconf("SC_CLK_TCK")


def children() -> dict[int, list[int]]:
    """The processes of this machine by their parents."""
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found.setdefault(int(fields[1]), []).append(int(path.parent.name))
    return found


def cpu_seconds(root: int) -> float:
    """Processor time of a process and all below it, those that have ended included."""
    below, total, todo = children(), 0.0, [root]
    while todo:
        pid = todo.pop()
        todo += below.get(pid, [])
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(one) for one in fields[11:15]) / TICKS
    return total


def postmaster(url: str) -> int | None:
    """The process of the server of PostgreSQL; None for SQLite."""
    if not url.startswith("postgresql"):
        return None
    return int((Path(str(make_url(url).query["host"])) / "data" / "postmaster.pid").read_text().split()[0])


class Meter:
    """Processor time of the server and of the database, and what it was spent on."""

    def __init__(self, server: int, database: int | None) -> None:
        self.server, self.database = server, database
        self.idle = (0.0, 0.0)  # seconds of processor time that each takes in a second without requests

    def cost(self, count: int, work: Callable[[], object]) -> tuple[float, float]:
        """Milliseconds of the server and of the database for each of `count` requests."""
        before, began = self._read(), time.monotonic()
        work()
        after, took = self._read(), time.monotonic() - began
        own, theirs = (after[n] - before[n] - self.idle[n] * took for n in (0, 1))
        return own * 1000 / count, theirs * 1000 / count

    def settle(self) -> None:
        """Wait until the work of the start is done, and note what is left: looking for jobs."""
        until = time.monotonic() + SETTLE_SECONDS
        while True:
            before = self._read()
            time.sleep(LOOK_SECONDS)
            after = self._read()
            self.idle = ((after[0] - before[0]) / LOOK_SECONDS, (after[1] - before[1]) / LOOK_SECONDS)
            if sum(self.idle) < QUIET or time.monotonic() > until:
                return

    def _read(self) -> tuple[float, float]:
        return cpu_seconds(self.server), cpu_seconds(self.database) if self.database else 0.0


def costs(race: Race, meter: Meter, port: int) -> dict[str, tuple[float, float]]:
    """Milliseconds of the server and of the database for a request of each kind."""
    learner, keeper = Browser(port), Browser(port)
    token = race.sign_in(learner, 0)
    form: dict[str, object] = {"csrf_token": keeper.token("/sign-in"), "email": ADMINISTRATOR, "password": PASSWORD}
    expect(keeper, ("POST", "/sign-in", form), 303)
    expect(keeper, ("GET", "/report", None), 200)
    for path in race.pages:
        expect(learner, ("GET", path, None), 200)

    def read() -> None:
        for number in range(PAGES):
            expect(learner, ("GET", race.pages[number % len(race.pages)], None), 200)

    forms = [race.open_six(race.people[0])]
    requests = race.take_six(learner, token, forms[0])

    def check() -> None:
        for _ in range(CHECKS):
            race.take_six(learner, token, race.open_six(race.people[0]))

    def sign_in() -> None:
        for number in range(SIGN_INS):
            race.sign_in(Browser(port), number % len(race.addresses))

    sign_in()  # at their first sign-in passwords that were hashed in another way are hashed anew

    def report() -> None:
        keeper.connection.close()  # it was idle for so long that the server may have closed it
        for _ in range(REPORTS):
            expect(keeper, ("GET", "/report", None), 200)

    return {
        "lesson page": meter.cost(PAGES, read),
        f"request of a check ({requests} a check)": meter.cost(CHECKS * requests, check),
        "sign-in (3 requests)": meter.cost(SIGN_INS, sign_in),
        f"report of {PEOPLE:,} people": meter.cost(REPORTS, report),
    }


def storage(race: Race) -> list[tuple[str, int, int]]:
    """The largest tables of PostgreSQL: rows, and bytes with their indexes."""
    with race.engine.connect() as connection:
        names = inspect(connection).get_table_names()
        rows = [
            (
                name,
                int(connection.execute(text(f'select count(*) from "{name}"')).scalar_one()),
                int(
                    connection.execute(text("select pg_total_relation_size(:name)"), {"name": f'"{name}"'}).scalar_one()
                ),
            )
            for name in names
        ]
    return sorted(rows, key=lambda row: -row[2])


def measure(url: str, folder: Path) -> None:
    """Print the table of one engine."""
    race, port = Race(url), free_port()
    with race.app.app_context():
        publish_figures(now())  # of all the weeks, which the worker would do at its start
    settings = {"DATABASE_URL": url, "SECRET_KEY": "x" * 40, "PORT": str(port), "FLASK_SKIP_DOTENV": "1",
                "PUBLIC_URL": f"http://127.0.0.1:{port}"}  # fmt: skip
    with (folder / "log").open("w") as log, subprocess.Popen(
        [sys.executable, "-m", "flask", "serve"], cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log
    ) as server:  # fmt: skip
        try:
            for _ in range(1800):
                try:
                    Browser(port).send("GET", "/sign-in")
                    break
                except OSError:
                    time.sleep(0.1)
            meter = Meter(server.pid, postmaster(url))
            meter.settle()
            found = costs(race, meter, port)
        finally:
            server.terminate()
            server.wait(30)
    print(f"\nwithout requests: {sum(meter.idle):.2f} s of processor time in a second")
    print(f"{make_url(url).get_backend_name()}, {PEOPLE} people: processor time of a request, ms")
    print(f"  {'':<40}{'server':>8}{'database':>10}{'a second on 2 cores':>22}")
    for name, (own, theirs) in found.items():
        print(f"  {name:<40}{own:8.1f}{theirs:10.1f}{2000 * BUSY / (own + theirs):22.0f}")
    if url.startswith("postgresql"):
        tables = storage(race)
        print(f"  storage: {sum(size for _, _, size in tables) / 1024**2:.1f} MiB, {len(tables)} tables; the largest:")
        for name, count, size in tables[:14]:
            print(f"  {name:<28}{count:>10,} rows{size / 1024:>10,.0f} KiB{size / max(count, 1):>8.0f} bytes a row")
    race.engine.dispose()


def main(engines: list[str]) -> None:
    """Measure each engine in turn."""
    for engine in engines:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if engine == "sqlite":
                measure(f"sqlite:///{folder / 'course.db'}", folder)
            else:
                with temporary_cluster(durable=True) as url:
                    measure(url, folder)


if __name__ == "__main__":
    main([name for name in ("sqlite", "postgresql") if name in sys.argv[1:]] or ["sqlite", "postgresql"])
