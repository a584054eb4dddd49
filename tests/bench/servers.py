"""Which server runs the course: waitress as `flask serve` has it, gunicorn and granian, each with one and two processes.

`python -m tests.bench.servers [sqlite] [postgresql] [waitress] [granian2 …]`. All serve the same database, with an organisation
in the middle of its year, and are asked in turn within each round, so that what else the machine does meets all of them.
Gunicorn and granian are measured if they are installed (`pip install gunicorn granian`); they do no jobs. No round is begun
after LIMIT seconds on an engine: the table is of the rounds that there were, at least of one.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.browser import ROOT, Browser
from tests.bench.race import CLIENTS, Race, at_once, expect
from tests.support.ports import free_port
from tests.support.postgres import temporary_cluster

ENGINES = ("sqlite", "postgresql")
ROUNDS = 3
LIMIT = 150.0  # seconds for each engine, starts included, after which no round is begun
CALM = 90.0  # seconds within which a server that has just started must let people sign in
SECONDS = 2.0  # for each measurement of each server in each round
MANY, ASKING = 300, 16  # open connections, and how many of them ask at the same moment
# What a process of each of them is told.
COMMANDS = {
    "waitress": "flask serve",
    "gunicorn": "gunicorn -k gthread -w {processes} --threads 8 --keep-alive 30 --preload -b 127.0.0.1:{port} app:create_app()",
    "granian": "granian --interface wsgi --workers {processes} --blocking-threads 8 --host 127.0.0.1 --port {port} "
    "--no-ws --factory app:create_app",
}


@dataclass
class Contender:
    """One server with so many processes, where it listens, and what was measured of it."""

    name: str
    processes: int
    port: int
    pid: int = 0
    rates: dict[str, list[float]] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)

    def settings(self, url: str) -> dict[str, str]:
        """What the course is told."""
        return {
            "DATABASE_URL": url, "SECRET_KEY": "x" * 40, "PORT": str(self.port), "FLASK_SKIP_DOTENV": "1",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}", "PROCESSES": str(self.processes),
        }  # fmt: skip

    def add(self, job: str, count: int, seconds: float, times: Sequence[float]) -> None:
        """Keep the result of a round."""
        self.rates.setdefault(job, []).append(count / seconds)
        self.times.setdefault(job, []).extend(times)


def contenders(names: Sequence[str]) -> Iterator[Contender]:
    """Those of these that are installed, with one and with two processes; a name such as granian2 is one of them only."""
    for name in COMMANDS:
        for processes in (1, 2):
            if {name, f"{name}{processes}"} & set(names) and importlib.util.find_spec(name) is not None:
                yield Contender(name, processes, free_port())


@contextmanager
def running(one: Contender, url: str, log: Path) -> Iterator[None]:
    """The server in a process of its own."""
    command = COMMANDS[one.name].format(processes=one.processes, port=one.port)
    with log.open("w") as file, subprocess.Popen(
        [sys.executable, "-m", *shlex.split(command)], cwd=ROOT, env={**os.environ, **one.settings(url)},
        stdout=file, stderr=file,
    ) as server:  # fmt: skip
        one.pid = server.pid
        try:
            yield
        finally:
            server.terminate()
            server.wait(40)


def wait_for(one: Contender) -> None:
    """Wait until it serves pages. Raises OSError."""
    until = time.monotonic() + 240
    while True:
        try:
            Browser(one.port).send("GET", "/sign-in")
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def family(pid: int) -> list[int]:
    """A process and what it has started (Linux)."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def memory(pid: int) -> float:
    """MiB of a process and what it has started; what they share is counted once (PSS)."""
    total = 0
    for one in family(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total / 1024


def ask(browsers: Sequence[Browser], paths: Sequence[str], threads: int) -> tuple[int, float, list[float]]:
    """Let these threads ask for pages with their share of the browsers in turn for SECONDS; how many pages, the seconds, and
    how long each took."""
    ends, taken, lock = time.perf_counter() + SECONDS, [], threading.Lock()

    def work(number: int) -> None:
        mine, done, own = browsers[number::threads], 0, []
        while time.perf_counter() < ends:
            started = time.perf_counter()
            expect(mine[done % len(mine)], ("GET", paths[(number * 5 + done) % len(paths)], None), 200)
            own.append(time.perf_counter() - started)
            done += 1
        with lock:
            taken.extend(own)

    seconds = at_once(threads, work)
    return len(taken), seconds, taken


def sign_in(race: Race, browser: Browser, number: int) -> str:
    """Sign somebody in, again while the server is busy with what it does after its start; the token of their forms. Raises
    AssertionError."""
    until = time.monotonic() + CALM
    while True:
        try:
            return race.sign_in(browser, number)
        except AssertionError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


class Visit:
    """The browsers that ask one server."""

    def __init__(self, race: Race, one: Contender) -> None:
        self.race, self.one = race, one
        self.browsers = [Browser(one.port) for _ in range(CLIENTS)]
        self.tokens = [sign_in(race, browser, number) for number, browser in enumerate(self.browsers)]
        self.crowd = [Browser(one.port) for _ in range(MANY)]
        for number, browser in enumerate(self.crowd):
            browser.cookie = self.browsers[number % CLIENTS].cookie

    def round(self) -> None:
        """Measure once: pages of 8 clients, pages over 300 open connections, checks of six questions."""
        for browser in (*self.browsers, *self.crowd):
            browser.connection.close()  # opened again with the next request; idle ones are closed by servers
        self.one.add("8 clients", *ask(self.browsers, self.race.pages, CLIENTS))
        self.one.add("300 open", *ask(self.crowd, self.race.pages, ASKING))
        forms, race = [self.race.open_six(person) for person in self.race.people], self.race
        seconds = at_once(CLIENTS, lambda n: race.take_six(self.browsers[n], self.tokens[n], forms[n]))
        self.one.add("six questions", CLIENTS, seconds, [])


def measure(url: str, folder: Path, names: Sequence[str]) -> None:
    """Measure each of the servers, in turns, and print the table. What a server could not do is left out of it and said."""
    began, race, found = time.monotonic(), Race(url), list(contenders(names))
    with ExitStack() as stack:
        for one in found:
            stack.enter_context(running(one, url, folder / f"{one.name}{one.processes}.log"))
            wait_for(one)
        visits, rounds = [Visit(race, one) for one in found], 0
        while rounds < ROUNDS and (not rounds or time.monotonic() - began < LIMIT):
            for visit in visits if rounds % 2 else reversed(visits):
                try:
                    visit.round()
                except (AssertionError, OSError) as error:
                    print(f"{visit.one.name}, {visit.one.processes}: {str(error)[:200]}", flush=True)
            rounds += 1
            print(f"{url.partition(':')[0]}: round {rounds}, {time.monotonic() - began:.0f} s", flush=True)
        report(url.partition(":")[0], found, rounds)
    race.engine.dispose()


def report(engine: str, found: Sequence[Contender], rounds: int) -> None:
    """Print a line for each server."""
    print(f"{engine}: medians of {rounds} rounds in turns; pages a second (95th percentile, ms), checks a second, MiB")
    print(f"  {'':<10}{'processes':>10}{'8 clients':>18}{'300 open':>18}{'six questions':>15}{'memory':>9}")
    for one in found:
        cells = [_pages(one, job) for job in ("8 clients", "300 open")]
        checks = one.rates.get("six questions")
        six = f"{statistics.median(checks):.1f}" if checks else "–"
        used = memory(one.pid)
        print(f"  {one.name:<10}{one.processes:>10}{cells[0]:>18}{cells[1]:>18}{six:>15}{used:>9.0f}", flush=True)


def _pages(one: Contender, job: str) -> str:
    rates, times = one.rates.get(job), one.times.get(job, [])
    if not rates or len(times) < 2:
        return "–"
    return f"{statistics.median(rates):.0f} ({statistics.quantiles(times, n=20)[-1] * 1000:.0f})"


def main(engines: Sequence[str], names: Sequence[str]) -> None:
    """Measure these servers on each engine."""
    for engine in engines:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if engine == "sqlite":
                measure(f"sqlite:///{folder / 'course.db'}", folder, names)
            else:
                with temporary_cluster(durable=True) as url:
                    measure(url, folder, names)


if __name__ == "__main__":
    asked = sys.argv[1:]
    main(
        [name for name in ENGINES if name in asked] or ENGINES,
        [name for name in asked if name not in ENGINES] or list(COMMANDS),
    )
