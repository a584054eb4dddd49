"""Pages and answers beside a bare Flask application in the same run: `python -m tests.bench.race [sqlite] [postgresql]`.

Each is served by a process of its own, as `flask serve` serves the course, and asked over HTTP on loopback; the two take
turns within each round, and medians of the rounds are compared. The organisation is one in the middle of its year, the
database is on the disk and durable. An answer is compared with one durable insert.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, update

from app import create_app
from course.clock import now
from course.jobs.models import Job as QueuedJob
from course.learning.actions import NewAttempt, open_attempt
from course.learning.queries import attempt, attempts, enrolment_id
from course.learning.rules.drawing import QuestionHistory, draw_questions
from course.learning.rules.grading import option_order
from course.passwords.models import Credential
from course.people.queries import person_by_email
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.bench.browser import ROOT, Browser
from tests.bench.morning import real_hash
from tests.bench.organisation import PASSWORD, learner_address, make_organisation, stage_of
from tests.conftest import NOW, make_config
from tests.support.ports import free_port
from tests.support.postgres import temporary_cluster
from tests.walking import right_form

PEOPLE = 1000
CLIENTS = 8
ROUNDS = 5
SECONDS = 2.0  # for which CLIENTS ask at once, in each round
ANSWERS = 20  # in each round
MODULE = "responding"
Step = tuple[str, str, dict[str, object] | None]  # method, path and form of a request


@dataclass(frozen=True)
class Job:
    """A line of the table: what is done, in which `unit` (ms or a second), of which baseline it is measured in units, and the
    bound on that: at most for a time, at least for a rate."""

    name: str
    unit: str
    baseline: str
    bound: float


JOBS = (
    Job("lesson page, 1 client", "ms", "bare page", 4.0),
    Job("lesson page, 8 clients", "/s", "bare pages", 0.31),
    Job("answer, durable", "ms", "insert", 2.5),
    Job("six questions and result, 8 clients", "/s", "bare pages", 0.021),
    Job("the same without the pages' script", "/s", "bare pages", 0.021),
    Job("six questions with sign-in", "/s", "bare pages", 0.008),
)
CALM_SECONDS = 600.0  # how long what a server does first may take on this data


@contextmanager
def served(command: Sequence[str], settings: dict[str, str], port: int, folder: Path) -> Iterator[int]:
    """A server in a process of its own that answers on this port; the port."""
    with (folder / "server.log").open("a") as log, subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log
    ) as server:  # fmt: skip
        try:
            for _ in range(600):
                try:
                    Browser(port).send("GET", "/page")
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise TimeoutError(f"{command} did not start")
            yield port
        finally:
            server.terminate()
            server.wait(30)


def at_once(count: int, work: Callable[[int], object]) -> float:
    """Seconds that `count` threads take, each of which does its work once. Raises what one of them raised."""
    wrong: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return time.perf_counter() - started


def rate(browsers: Sequence[Browser], paths: Sequence[str]) -> float:
    """Pages a second, while each browser asks for the paths in turn."""
    ends, done = time.perf_counter() + SECONDS, [0] * len(browsers)

    def work(number: int) -> None:
        while time.perf_counter() < ends:
            expect(browsers[number], ("GET", paths[(number * 5 + done[number]) % len(paths)], None), 200)
            done[number] += 1

    took = at_once(len(browsers), work)
    return sum(done) / took


def expect(browser: Browser, step: Step, status: int, in_place: bool = False) -> str:
    """Take a step, and return the Location; raises AssertionError for any other status."""
    found, location, data = browser.send(*step, in_place=in_place)
    if found != status:
        raise AssertionError(f"{step[0]} {step[1]}: {found} {data[:300]!r}")
    return location


class Race:
    """The course with an organisation on one database, and the baseline beside it."""

    def __init__(self, url: str) -> None:
        self.app: Flask = create_app(make_config(url))
        self.engine = self.app.extensions["course"].engine
        make_organisation(self.app, PEOPLE)
        self.library = self.app.extensions["course"].library.for_("school", "england")
        self.pages = [
            f"/module/{module.id}/{page}" for module in self.library.modules.values() for page in module.pages
        ]
        learners = [n for n in range(PEOPLE) if stage_of(n) == "under way" and n % 13 != 12]
        # Others in each round: nobody takes the check of a module thirty times.
        self.learners = [learners[start : start + CLIENTS] for start in range(0, ROUNDS * CLIENTS, CLIENTS)]
        # The tests hash passwords in no time; people do not.
        kept = real_hash(PASSWORD)
        with self.app.app_context(), unit_of_work() as session:
            session.execute(update(Credential).values(password_hash=kept))
        self.begin_round(0)

    def begin_round(self, number: int) -> None:
        """Let the learners of this round be those who are at work."""
        self.addresses = [learner_address(n) for n in self.learners[number]]
        with self.app.app_context(), read_only_session() as session:
            found = [person_by_email(session, address) for address in self.addresses]
            self.people = [person.id for person in found if person is not None]

    def wait_until_calm(self) -> None:
        """Wait until the worker has done what it finds to do in a database that it sees for the first time."""
        until, calm = time.monotonic() + CALM_SECONDS, 0
        while calm < 3 and time.monotonic() < until:
            time.sleep(1)
            with self.app.app_context(), read_only_session() as session:
                due = select(func.count()).where(
                    QueuedJob.state.in_(("waiting", "running")), QueuedJob.not_before <= now()
                )
                calm = 0 if session.execute(due).scalar_one() else calm + 1

    def open_six(self, person: int) -> list[dict[str, object]]:
        """Open an attempt at the check of MODULE with six questions; the forms that answer them rightly."""
        module = self.library.modules[MODULE]
        with self.app.app_context(), unit_of_work() as session:
            enrolment = enrolment_id(session, person) or 0
            earlier = [one for one in attempts(session, person, "check", MODULE) if one.enrolment_id == enrolment]
            if earlier and earlier[-1].finished_at is None:
                raise AssertionError("the last attempt is not finished")
            counts = [(point, 1) for point in module.points[:6]]
            drawn = draw_questions(counts, module.questions, QuestionHistory({}), len(earlier))
            new = NewAttempt(enrolment, "check", MODULE, len(earlier) + 1, 1)
            number = open_attempt(session, self.library, new, drawn, NOW)
            made = attempt(session, person, number or 0)
        if made is None or len(made.items) != 6:
            raise AssertionError("no six questions")
        forms: list[dict[str, object]] = []
        for item in made.items:
            question = self.library.questions[item.question_id]
            forms.append({**right_form(question, option_order(question, made.seed, item.position)), "sureness": "sure"})
        return forms

    def sign_in(self, browser: Browser, number: int) -> str:
        """Sign a learner in, and return the token of their forms."""
        browser.cookie = ""
        form: dict[str, object] = {
            "csrf_token": browser.token("/sign-in"),
            "email": self.addresses[number],
            "password": PASSWORD,
        }
        expect(browser, ("POST", "/sign-in", form), 303)
        return browser.token("/me")

    def take_six(self, browser: Browser, token: str, forms: Sequence[dict[str, object]], in_place: bool = True) -> int:
        """Begin the check, answer its questions, read each explanation, and see the result: as the script of the pages does,
        which is given the page that follows a form at once, or (`in_place` false) as a browser without it. Returns how many
        requests that takes."""
        sent = {"csrf_token": token}

        def post(path: str, form: dict[str, object]) -> str:
            place = expect(browser, ("POST", path, form), 200 if in_place else 303, in_place)
            if not in_place:
                expect(browser, ("GET", place, None), 200)
            return place

        first = post(f"/module/{MODULE}/check", dict(sent)).rpartition("/")[0]
        for position, form in enumerate(forms, 1):
            post(f"{first}/{position}", {**form, **sent})
        expect(browser, ("GET", first, None), 200)
        return 2 + len(forms) if in_place else 3 + 2 * len(forms)


def measure(url: str, folder: Path) -> dict[str, tuple[float, float]]:
    """For each job ours and its baseline, as medians of ROUNDS rounds."""
    race = Race(url)
    port, other = free_port(), free_port()
    settings = {"DATABASE_URL": url, "SECRET_KEY": "x" * 40, "PORT": str(port), "FLASK_SKIP_DOTENV": "1",
                "PUBLIC_URL": f"http://127.0.0.1:{port}"}  # fmt: skip
    found: dict[str, list[tuple[float, float]]] = {job.name: [] for job in JOBS}
    with served(("flask", "serve"), settings, port, folder):
        browsers = [Browser(port) for _ in range(CLIENTS)]
        _patiently(lambda: race.sign_in(browsers[0], 0))
        race.wait_until_calm()
        (folder / "page.html").write_bytes(browsers[0].send("GET", race.pages[0])[2])
        database = "sqlite" if url.startswith("sqlite") else url
        with served(("tests.bench.baseline", str(folder), str(other), database), {}, other, folder):
            bare = [Browser(other) for _ in range(CLIENTS)]
            for number in range(ROUNDS):
                race.begin_round(number)
                tokens = [race.sign_in(browsers[n], n) for n in range(CLIENTS)]
                for name, pair in _round(race, browsers, tokens, bare).items():
                    found[name].append(pair)
                print(".", end="", flush=True)
    race.engine.dispose()
    return {name: (statistics.median(a for a, _ in both), statistics.median(b for _, b in both))
            for name, both in found.items()}  # fmt: skip


def _patiently(work: Callable[[], str]) -> str:
    """The result of the work, tried again while a server that has just started does what it does first."""
    for _ in range(10):
        try:
            return work()
        except AssertionError:
            time.sleep(3)
    return work()


def _round(
    race: Race, browsers: Sequence[Browser], tokens: Sequence[str], bare: Sequence[Browser]
) -> dict[str, tuple[float, float]]:
    page = statistics.median(_timed(bare[0], ("GET", "/page", None)) for _ in race.pages * 2)
    lesson = statistics.median(_timed(browsers[0], ("GET", path, None)) for path in race.pages * 2)
    bare_rate, lesson_rate = rate(bare, ["/page"]), rate(browsers, race.pages)
    insert = statistics.median(_timed(bare[0], ("POST", "/answer", {"answer": "[1]"})) for _ in range(ANSWERS))
    answer = statistics.median(_answers(race, browsers[0], tokens[0]))
    forms = [race.open_six(person) for person in race.people]
    six = CLIENTS / at_once(CLIENTS, lambda n: race.take_six(browsers[n], tokens[n], forms[n]))
    forms = [race.open_six(person) for person in race.people]
    plain = CLIENTS / at_once(CLIENTS, lambda n: race.take_six(browsers[n], tokens[n], forms[n], in_place=False))
    forms = [race.open_six(person) for person in race.people]
    fresh = [Browser(browsers[0].connection.port or 0) for _ in browsers]
    signed = CLIENTS / at_once(CLIENTS, lambda n: race.take_six(fresh[n], race.sign_in(fresh[n], n), forms[n]))
    return dict(zip(
        (job.name for job in JOBS),
        ((lesson, page), (lesson_rate, bare_rate), (answer, insert), (six, bare_rate), (plain, bare_rate),
         (signed, bare_rate)), strict=True,
    ))  # fmt: skip


def _answers(race: Race, browser: Browser, token: str) -> Iterator[float]:
    """Milliseconds of each answer, of which the last of an attempt is left out: it ends the attempt as well."""
    for _ in range(ANSWERS // 5):
        forms = race.open_six(race.people[0])
        first = expect(browser, ("POST", f"/module/{MODULE}/check", {"csrf_token": token}), 303).rpartition("/")[0]
        taken = [
            _timed(browser, ("POST", f"{first}/{position}", {**form, "csrf_token": token}), 303)
            for position, form in enumerate(forms, 1)
        ]
        yield from taken[:-1]


def _timed(browser: Browser, step: Step, status: int | None = None) -> float:
    started = time.perf_counter()
    expect(browser, step, status or (303 if step[0] == "POST" else 200))
    return (time.perf_counter() - started) * 1000


def report(engine: str, found: dict[str, tuple[float, float]]) -> None:
    """Print the table of one engine."""
    print(f"\n{engine}, {PEOPLE} people in the middle of their year, `flask serve`; medians of {ROUNDS} rounds")
    for job in JOBS:
        ours, theirs = found[job.name]
        units = ours / theirs
        met = units <= job.bound if job.unit == "ms" else units >= job.bound
        wanted = f"{'≤' if job.unit == 'ms' else '≥'} {job.bound}"
        print(f"  {job.name:<38}{ours:9.2f} {job.unit:<3}{theirs:10.2f} {job.unit:<3}{units:9.3f} {job.baseline:<11}{wanted:>8}"
              f"{'' if met else '   missed'}")  # fmt: skip


def main(engines: Sequence[str]) -> None:
    """Measure each engine in turn."""
    for engine in engines:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if engine == "sqlite":
                report("SQLite", measure(f"sqlite:///{folder / 'course.db'}", folder))
            else:
                with temporary_cluster(durable=True) as url:
                    report("PostgreSQL", measure(url, folder))


if __name__ == "__main__":
    main([name for name in ("sqlite", "postgresql") if name in sys.argv[1:]] or ["sqlite", "postgresql"])
