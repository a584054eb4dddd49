"""What takes longer than a page, counted in pages of a bare Flask application: `python -m tests.bench.units [sqlite]
[postgresql]`.

The report of PEOPLE after something was recorded about one of them, their list as CSV as the first that a new process makes,
and the statistics of each question anew from the answers of 600 attempts. Ours and the bare pages, which one client asks
for over HTTP, take turns, and medians are compared. Beside the time that passes stands the processor time of the course and
its database together: what the same takes where nothing else is done, except waiting for the disk.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy import make_url, text

from app import create_app
from course import schema_upgrade
from course.analytics.queries import item_statistics_before
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.people.rules import COMMAND_VIEWER
from course.reports.app_status_cache import app_status_cache
from course.reports.jobs import ReportRequest, build_report_file
from course.reports.rules import ReportFilter
from course.standings.jobs import catch_up
from course.web.unit_of_work import db, read_only_session, unit_of_work
from tests.bench import insight, reports
from tests.bench.browser import ROOT, Browser
from tests.bench.meter import Meter
from tests.bench.race import served
from tests.conftest import NOW, make_config
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.ports import free_port
from tests.support.postgres import temporary_cluster

PEOPLE = 10_000
ROUNDS = 15
FILES = 5  # processes that make a CSV
PAGES = 30  # bare pages after each
BARE_PAGE = "<!doctype html><title>Bare</title><p>" + "word " * 2000


@dataclass
class Job:
    """Something that may take as long as `bound` bare pages; milliseconds that passed, of processor time, and of pages."""

    name: str
    bound: int
    took: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)

    def line(self) -> str:
        """A line of the table."""
        took, used, page = (statistics.median(each) for each in (self.took, self.used, self.pages))
        missed = (
            "" if took / page <= self.bound else "   missed" if used / page > self.bound else "   missed by the clock"
        )
        return f"  {self.name:<46}{took:9.1f} ms{took / page:8.0f}{used:10.1f} ms{used / page:8.0f}{self.bound:>9,}{missed}"


def csv_in_this_process(url: str) -> None:
    """Make the CSV once; print the milliseconds that passed and of processor time."""
    app, meter = create_app(make_config(url)), _meter(url)
    with app.test_request_context(), read_only_session(snapshot=True) as session:
        wish = ReportRequest("csv", ReportFilter(), COMMAND_VIEWER, now())
        began, used = time.perf_counter(), meter()
        build_report_file(session, app_status_cache(), wish, lambda *_: None)
        print(1000 * (time.perf_counter() - began), 1000 * (meter() - used))


def _meter(url: str) -> Callable[[], float]:
    """Seconds of processor time of this process and its database."""
    return Meter(url, processor=True).now if url.startswith("postgresql") else time.process_time


def _csv(url: str) -> tuple[float, float]:
    found = subprocess.run(
        [sys.executable, "-m", "tests.bench.units", "csv", url], cwd=ROOT, capture_output=True, text=True, check=True
    )
    took, used = found.stdout.split()
    return float(took), float(used)


def _timed(meter: Callable[[], float], action: Callable[[], object]) -> tuple[float, float]:
    began, used = time.perf_counter(), meter()
    action()
    return 1000 * (time.perf_counter() - began), 1000 * (meter() - used)


def organisation(url: str) -> tuple[Flask, Client]:
    """PEOPLE with three years of history, whose rows are derived, and an administrator who has opened the report."""
    app = create_app(make_config(url))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    with app.app_context(), unit_of_work() as session:
        archive(session, app.extensions["course"].library, NOW)
        keeper = make_person(session, email="bench@example.org", role="administrator")
    reports.seed(app.extensions["course"].engine, PEOPLE, NOW.date())
    with app.app_context():
        catch_up(now())
    client = sign_in(Client(app), keeper)
    for _ in range(3):
        client.flask.get("/report")
    return app, client


@contextmanager
def bare_pages(folder: Path) -> Iterator[Callable[[], list[float]]]:
    """Milliseconds of each of some pages that one client asks a bare application for."""
    (folder / "page.html").write_text(BARE_PAGE, encoding="utf-8")
    port = free_port()
    with served(("tests.bench.baseline", str(folder), str(port), "sqlite"), {}, port, folder):
        browser = Browser(port)

        def ask() -> list[float]:
            return [_timed(time.process_time, partial(browser.send, "GET", "/page"))[0] for _ in range(PAGES)]

        ask()
        yield ask


def measure(url: str, other_url: str, folder: Path) -> list[Job]:
    """The jobs on an engine: `url` and `other_url` are empty databases."""
    report = Job(f"report of {PEOPLE:,} after somebody did something", 40)
    listed = Job(f"CSV of {PEOPLE:,}, first in a process", 1150)
    items = Job(f"item statistics of {insight.ATTEMPTS} attempts, all anew", 47)
    app, client = organisation(url)
    answered, _team, _keeper = insight.course_with(other_url, insight.ATTEMPTS, insight.IN_ATTEMPT)
    library: Library = answered.extensions["course"].library
    meter, other_meter = _meter(url), _meter(other_url)
    with bare_pages(folder) as ask:

        def note(job: Job, found: tuple[float, float]) -> None:
            job.took.append(found[0])
            job.used.append(found[1])
            job.pages += ask()

        for number in range(ROUNDS):
            reports.change(app, 1000 + number * 7, NOW.date())
            note(report, _timed(meter, lambda: client.flask.get("/report").get_data()))
            with answered.app_context():
                note(items, _timed(other_meter, lambda: item_statistics_before(db(), library, now())))
        for _ in range(FILES):
            note(listed, _csv(url))
    for one in (app, answered):
        one.extensions["course"].engine.dispose()
    return [report, listed, items]


def main(engines: Sequence[str]) -> None:
    """Measure each engine in turn, and print its table."""
    for engine in engines:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if engine == "sqlite":
                jobs = measure(f"sqlite:///{folder / 'course.db'}", f"sqlite:///{folder / 'answers.db'}", folder)
            else:
                with temporary_cluster(durable=True) as url:
                    jobs = measure(url, _second_database(url), folder)
        page = statistics.median(one for job in jobs for one in job.pages)
        print(f"\n{engine}: a bare page takes {page:.2f} ms; medians of {ROUNDS} rounds, of the CSV {FILES}")
        print(f"  {'':<46}{'time passed':>12}{'pages':>8}{'processor':>13}{'pages':>8}{'at most':>9}")
        for job in jobs:
            print(job.line(), flush=True)


def _second_database(url: str) -> str:
    """Another empty database in the same cluster."""
    app = create_app(make_config(url))
    engine = app.extensions["course"].engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("create database answers"))
    engine.dispose()
    return make_url(url).set(database="answers").render_as_string(hide_password=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["csv"]:
        csv_in_this_process(sys.argv[2])
    else:
        main([name for name in ("sqlite", "postgresql") if name in sys.argv[1:]] or ["sqlite", "postgresql"])
