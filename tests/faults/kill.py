"""Kill the server again and again while people work, and look whether all that it acknowledged is there, once.

`python -m tests.faults.kill [--times 200] [--seed 1] [sqlite|postgresql]`. A real `flask serve` has CLIENTS clients that read,
answer, decide, write notes and earn certificates. At a random moment all its processes are killed at once (SIGKILL) and it
is started again, or one of its processes is killed and the others go on. In the end the database is held against what the
clients saw acknowledged; the audit chain and `flask doctor` must be content. Ends with 1 if anything is missing, twice, or
wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, text, update

from app import create_app
from course import schema_upgrade
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.passwords.models import Credential
from course.sqlite_file import read_only_uri
from course.web.unit_of_work import unit_of_work
from tests.bench.morning import real_hash
from tests.conftest import make_config
from tests.faults.course_process import ROOT, SERVER_KEY, CourseProcess, Starter, starter, wait_until
from tests.faults.crowd import Deeds, Walker
from tests.makers import PASSWORD, make_person
from tests.support.postgres import temporary_cluster

CLIENTS = 8
CONTENT = ROOT / "tests" / "sample_modules"  # a course of a few minutes
DEEDS = (5, 60)  # how many deeds are acknowledged between two kills, at least and at most
MOMENT = 0.05  # seconds at most from the last of them to the kill, so that it may come at any point of a request
LIFE = 10.0  # seconds after which it comes whatever was done


@dataclass
class Report:
    """What happened, and what is wrong."""

    engine: str
    deeds: Deeds
    kills: int
    partial: int  # kills of one process of several
    starts: list[float] = field(default_factory=list)  # seconds until the server answered again
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        made, usual = self.deeds, statistics.median(self.starts)
        well = "  all of it is there, once; the audit chain holds; the doctor is content"
        lines = [
            f"{self.kills} times SIGKILL on {self.engine} in {self.seconds:.0f} s: {self.kills - self.partial} of all processes, "
            f"{self.partial} of one; up again within {max(self.starts):.1f} s, as a rule {usual:.1f} s",
            f"  acknowledged   {made.count} deeds: {len(made.answers)} answers, {len(made.decisions)} decisions, "
            f"{len(made.notes)} notes, {len(made.pages)} pages, {len(made.completions)} completions, "
            f"{len(made.certificates)} certificates, {len(made.attempts)} attempts and {len(made.runs)} runs begun",
            f"  sent again     {made.repeated} requests without an answer, {made.busy} that were told the course is busy",
            *(f"  WRONG          {one}" for one in self.wrong),
        ]
        return "\n".join(lines if self.wrong else [*lines, well])


def prepare(url: str, people: int) -> Library:
    """The small course on a fresh database, with people who can sign in; returns the course as they read it."""
    app = create_app(make_config(url, SECRET_KEY=SERVER_KEY, CONTENT=str(CONTENT)))
    schema_upgrade.upgrade(app.extensions["course"].engine)
    kept = real_hash(PASSWORD)
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, now())
        for number in range(people):
            make_person(session, f"Person {number}", f"person{number}@example.org")
        session.execute(update(Credential).values(password_hash=kept))
    app.extensions["course"].engine.dispose()
    library = app.extensions["course"].library.for_("school", "england")
    assert isinstance(library, Library)
    return library


def reading_engine(url: str) -> Engine:
    """An engine that reads and keeps nothing open: a server that was killed must find its files as it left them."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        url = f"sqlite:///{read_only_uri(path).partition('?')[0]}?mode=ro&uri=true"
    return create_engine(url, poolclass=NullPool)


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """A database that survives what it is put through here, as durable as a real one."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'course.db'}"
        return
    with temporary_cluster() as url:
        yield url


class Killing:
    """One run: servers of one database, their clients, and the hand that kills one of them again and again."""

    def __init__(self, courses: Sequence[CourseProcess], url: str, library: Library, people: int, seed: int) -> None:
        self._courses, self._chance = courses, random.Random(seed)
        self._stop = threading.Event()
        self._reading = reading_engine(url)
        self._walkers = [
            Walker(
                courses[number % len(courses)].port,
                library,
                self._reading,
                list(range(number, people, CLIENTS)),
                seed + number,
                self._stop,
            )
            for number in range(CLIENTS)
        ]
        self.report = Report("", Deeds(), 0, 0)

    def run(self, times: int, harm: Callable[[], object] | None = None) -> Report:
        """Kill `times` times, or do other `harm`; what became of it."""
        began = time.monotonic()
        self.report.starts += [course.start() for course in self._courses]
        threads = [threading.Thread(target=walker.run) for walker in self._walkers]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: all(walker.deeds.count or walker.wrong for walker in self._walkers), 60)
            for _ in range(times):
                self._wait_for_deeds(self._chance.randint(*DEEDS))
                time.sleep(self._chance.uniform(0, MOMENT))
                (harm or self._kill)()
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        for walker in self._walkers:
            self.report.deeds.add(walker.deeds)
            self.report.wrong += walker.wrong
        self.report.seconds = time.monotonic() - began
        self._look()
        return self.report

    def _wait_for_deeds(self, count: int) -> None:
        before, until = self._count(), time.monotonic() + LIFE
        while self._count() < before + count and time.monotonic() < until:
            time.sleep(0.005)

    def _count(self) -> int:
        return sum(walker.deeds.count for walker in self._walkers)

    def _kill(self) -> None:
        """Kill all processes and start the server again, or one of several."""
        self.report.kills += 1
        course = self._chance.choice(self._courses)
        children = course.children()
        if children and self._chance.random() < 0.5:
            self.report.partial += 1
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(children), signal.SIGKILL)
            wait_until(lambda: len(course.children()) >= len(children), 30)
            return
        course.kill()
        self.report.starts.append(course.start())

    def _look(self) -> None:
        """Hold the database against what was acknowledged."""
        for course in self._courses:
            course.stop()
        made, wrong = self.report.deeds, self.report.wrong
        stored = self._stored()
        for name, value in vars(made).items():
            if isinstance(value, int):
                continue
            found = getattr(stored, name)
            if found != value:
                given, there = (set(one.items()) if isinstance(one, dict) else one for one in (value, found))
                wrong.append(f"{name}: {len(given - there)} missing, {len(there - given)} that nobody did: "
                             f"{sorted(given ^ there)[:5]}")  # fmt: skip
        wrong += self._twice()
        for command in (("audit", "verify"), ("doctor",)):
            code, said = self._courses[0].flask(*command)
            if code:
                wrong.append(f"flask {' '.join(command)}: {said[-2000:]}")

    def _stored(self) -> Deeds:
        """What the database holds, of the kinds that are noted."""
        with self._reading.connect() as connection:

            def rows(statement: str) -> list[tuple[Any, ...]]:
                return [tuple(row) for row in connection.execute(text(statement))]

            people = {
                int(row[0]): int(str(row[1]).split("@")[0].removeprefix("person"))
                for row in rows("select id, email from person")
            }
            answers = "select i.attempt_id, i.position, a.correct from answer a join attempt_item i on i.id = a.item_id"
            pages = "select e.person_id, p.ref from page_read p join enrolment e on e.id = p.enrolment_id"
            ended = "select e.person_id, c.id from completion c join enrolment e on e.id = c.enrolment_id"
            return Deeds(
                attempts={row[0] for row in rows("select id from attempt")},
                answers={(row[0], row[1]): bool(row[2]) for row in rows(answers)},
                runs={row[0] for row in rows("select id from scenario_run")},
                decisions={(row[0], row[1]): row[2] for row in rows("select run_id, step, choice_id from decision")},
                notes={people[row[0]]: row[1] for row in rows("select person_id, text from reflection")},
                pages={(people[row[0]], row[1]) for row in rows(pages)},
                completions={people[row[0]] for row in rows(ended)},
                certificates={row[0] for row in rows("select number from certificate")},
            )

    def _twice(self) -> list[str]:
        """Sentences about what is there more than once although it was done once."""
        made = self.report.deeds
        counts = {"answer": len(made.answers), "decision": len(made.decisions), "reflection": len(made.notes),
                  "completion": len(made.completions), "certificate": len(made.completions),
                  "page_read": len(made.pages)}  # fmt: skip
        with self._reading.connect() as connection:
            found = {name: connection.execute(text(f"select count(*) from {name}")).scalar() for name in counts}
        return [
            f"{name}: {found[name]} rows for {count} deeds" for name, count in counts.items() if found[name] != count
        ]


def kill(
    starting: Starter, engine: str, times: int, seed: int = 1, people: int | None = None, servers: int = 1
) -> Report:  # fmt: skip
    """Kill a server, or one of several, `times` times under load; what became of it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="course-kill-")))
        url = stack.enter_context(database(engine, folder))
        count = people or CLIENTS * (4 + times // 4)
        library = prepare(url, count)
        courses = []
        for number in range(servers):
            own = folder / f"server{number}"
            own.mkdir()
            courses.append(CourseProcess(starting, url, own, CONTENT=str(CONTENT)))
            stack.callback(courses[-1].kill)
        killing = Killing(courses, url, library, count, seed)
        killing.report.engine = engine
        return killing.run(times)


def main() -> int:
    """Print what happened; 1 if anything is wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.kill", description="Kill the server under load.")
    options.add_argument("engines", nargs="*", help="sqlite, postgresql; both if none is named")
    options.add_argument("--times", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    wrong = False
    with starter() as starting:
        for engine in given.engines or ["sqlite", "postgresql"]:
            report = kill(starting, engine, given.times, given.seed)
            print(report, flush=True)
            wrong = wrong or bool(report.wrong)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
