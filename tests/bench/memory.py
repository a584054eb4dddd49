"""How much memory the processes of `flask serve` need: `python -m tests.bench.memory [sqlite] [postgresql]` (Linux).

Two processes that serve pages and the worker beside them, with 1,000 people in the middle of their year. What processes
share is counted once (PSS). Printed for each process after the start, after a walk through fifteen pages, after 300 requests
by eight learners, and after files: a certificate as PDF, the report as CSV and as an Excel file. With PostgreSQL its own
processes are counted as well. Ends with 1 if a bound is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from course.certificates.models import Certificate
from course.jobs.models import Job
from course.jobs.rules import OPEN_STATES
from course.people.queries import person_by_email
from course.server.commands import WORKER_LOOK_SECONDS
from course.web.unit_of_work import read_only_session
from tests.bench.browser import Browser
from tests.bench.morning import served_by
from tests.bench.organisation import ADMINISTRATOR, PASSWORD, learner_address, stage_of
from tests.bench.race import CLIENTS, PEOPLE, Race, at_once, expect
from tests.support.postgres import temporary_cluster

BOUNDS = {"sqlite": 200, "postgresql": 400}  # MiB in all
REQUESTS = 300
JOB_SECONDS = 60.0  # how long is waited for the jobs of the start
QUIET = WORKER_LOOK_SECONDS + 3  # seconds after which a process has done what follows from requests
FILE_SECONDS = 60.0  # how long a file of the report may take
WALK = (
    "/", "/people", "/teams", "/report", "/report/months", "/insight", "/audit", "/system", "/system/jobs", "/mail", "/preview",
    "/renewal/policy", "/record", "/concern", "/evidence",
)  # fmt: skip


@dataclass(frozen=True)
class Process:
    """One process: what it is, and its memory in KiB: its share of everything (PSS), and what only it has."""

    pid: int
    name: str
    pss: int
    private: int


@dataclass
class Table:
    """What was measured, moment by moment."""

    engine: str
    rows: list[tuple[str, list[Process]]] = field(default_factory=list)

    def add(self, moment: str, found: list[Process]) -> None:
        """Keep what the processes have now."""
        self.rows.append((moment, found))

    def total(self) -> float:
        """The most that all had together at any of the moments, in MiB."""
        return max(_mib(sum(one.pss for one in found)) for _, found in self.rows)

    def show(self) -> bool:
        """Print the table; whether the bound holds."""
        names = list(dict.fromkeys(one.name for _, found in self.rows for one in found))
        print(f"\n{self.engine}, {PEOPLE} people, two processes and the worker; MiB (PSS), in brackets what is private")
        print(f"  {'':<28}" + "".join(f"{name:>16}" for name in names) + f"{'in all':>10}")
        for moment, found in self.rows:
            cells = []
            for name in names:
                mine = [one for one in found if one.name == name]
                pss, private = sum(one.pss for one in mine), sum(one.private for one in mine)
                cells.append(f"{_mib(pss):.0f} ({_mib(private):.0f})")
            whole = _mib(sum(one.pss for one in found))
            print(f"  {moment:<28}" + "".join(f"{cell:>16}" for cell in cells) + f"{whole:>10.0f}")
        bound, most = BOUNDS[self.engine], self.total()
        print(f"  at most {most:.0f} MiB, wanted ≤ {bound}{'' if most <= bound else '   missed'}")
        return most <= bound


def _mib(kib: int) -> float:
    return kib / 1024


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(child) for task in tasks for child in task.read_text().split())


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in _children(pid):
        yield from _tree(child)


def _measured(pid: int, name: str) -> Process:
    values = dict.fromkeys(("Pss:", "Private_Dirty:", "Private_Clean:"), 0)
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        key, value = line.split()[:2]
        if key in values:
            values[key] = int(value)
    return Process(pid, name, values["Pss:"], values["Private_Dirty:"] + values["Private_Clean:"])


def processes(course: int, postmaster: int | None) -> list[Process]:
    """The processes of the course, and of the database server if it has any. The processes that serve pages are forked
    before the worker, which is the last."""
    children = _children(course)
    names = {pid: f"server {number}" for number, pid in enumerate(children[:-1], 1)} | {children[-1]: "worker"}
    found = [_measured(course, "supervisor")]
    found += [_measured(pid, names[child]) for child in children for pid in _tree(child)]
    if postmaster is not None:
        for pid in _tree(postmaster):
            with suppress(FileNotFoundError, ProcessLookupError):  # a connection that ends just now
                found.append(_measured(pid, "PostgreSQL"))
    return found


def _wait_for_jobs(race: Race) -> None:
    """Wait until the worker has nothing to do, at most JOB_SECONDS."""
    until, open_jobs = time.monotonic() + JOB_SECONDS, select(func.count(Job.id)).where(Job.state.in_(OPEN_STATES))
    time.sleep(3.0)  # until they are made
    while time.monotonic() < until:
        time.sleep(2.0)
        with race.app.app_context(), read_only_session() as session:
            if not session.execute(open_jobs).scalar_one():
                return


def _walk(browser: Browser) -> None:
    for path in WALK:
        status, _, _ = browser.send("GET", path)
        if status != 200:
            raise AssertionError(f"{path}: {status}")


def _requests(race: Race, browsers: Sequence[Browser], tokens: Sequence[str]) -> None:
    """REQUESTS requests in all: checks of six questions, and lesson pages."""
    forms = [race.open_six(person) for person in race.people]
    at_once(CLIENTS, lambda number: race.take_six(browsers[number], tokens[number], forms[number], in_place=False))
    left = REQUESTS // CLIENTS - (3 + 2 * len(forms[0]))

    def read(number: int) -> None:
        for page in range(left):
            expect(browsers[number], ("GET", race.pages[(number * 5 + page) % len(race.pages)], None), 200)

    at_once(CLIENTS, read)


def _report_file(browser: Browser, token: str, kind: str) -> None:
    """Ask for the report as a file, and fetch it, at once or when it is made."""
    status, place, data = browser.send("POST", f"/report/file/{kind}", {"csrf_token": token})
    until = time.monotonic() + FILE_SECONDS
    while status == 303 and time.monotonic() < until:
        page = browser.send("GET", place)[2]
        if b"/download" in page:
            status, _, data = browser.send("POST", f"{place}/download", {"csrf_token": token})
            break
        time.sleep(0.5)
    if status != 200 or len(data) < 5000:
        raise AssertionError(f"the report as {kind}: {status} {data[:200]!r}")


def _files(keeper: Browser, token: str, holder: Browser, number: str) -> None:
    """A certificate as PDF, and the report as CSV and Excel."""
    status, _, data = holder.send("GET", f"/certificate/{number}.pdf")
    if status != 200 or not data.startswith(b"%PDF"):
        raise AssertionError(f"the certificate: {status}")
    for kind in ("csv", "xlsx"):
        _report_file(keeper, token, kind)


def _holder(race: Race) -> tuple[str, str]:
    """The address of somebody with a certificate, and its number."""
    address = next(learner_address(n) for n in range(PEOPLE) if stage_of(n) == "valid" and n % 13 != 12)
    with race.app.app_context(), read_only_session() as session:
        person = person_by_email(session, address)
        assert person is not None
        return address, session.execute(
            select(Certificate.number).where(Certificate.person_id == person.id)
        ).scalar_one()


def _sign_in(browser: Browser, address: str) -> str:
    form: dict[str, object] = {"csrf_token": browser.token("/sign-in"), "email": address, "password": PASSWORD}
    expect(browser, ("POST", "/sign-in", form), 303)
    return browser.token("/me")


@contextmanager
def _prepared(url: str) -> Iterator[Race]:
    race = Race(url)
    try:
        yield race
    finally:
        race.engine.dispose()


def measure(race: Race, url: str, folder: Path, postmaster: int | None = None) -> Table:
    """What the tree has at each of the moments. `postmaster`: the first process of the database server."""
    table, address = Table(url.partition("+")[0].partition(":")[0]), _holder(race)
    race.engine.dispose()
    # `rich` is installed for tests only, and structlog loads it where it finds it.
    (folder / "without").mkdir()
    (folder / "without" / "rich.py").write_text("raise ImportError")
    with served_by(url, folder, PROCESSES="2", PYTHONPATH=str(folder / "without")) as (server, port):

        def note(moment: str) -> None:
            _wait_for_jobs(race)
            time.sleep(QUIET)
            race.engine.dispose()  # a connection of ours would be counted
            table.add(moment, processes(server, postmaster))

        note("after the start")
        keeper, holder = Browser(port), Browser(port)
        token = _sign_in(keeper, ADMINISTRATOR)
        _walk(keeper)
        note("after 15 pages")
        browsers = [Browser(port) for _ in range(CLIENTS)]
        tokens = [race.sign_in(browser, number) for number, browser in enumerate(browsers)]
        _requests(race, browsers, tokens)
        note("after 300 requests")
        _sign_in(holder, address[0])
        _files(keeper, token, holder, address[1])
        note("after PDF, CSV and Excel")
    return table


def main(engines: Sequence[str]) -> int:
    """Measure each engine; 1 if a bound is missed."""
    held = True
    for engine in engines:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if engine == "sqlite":
                url = f"sqlite:///{folder / 'course.db'}"
                with _prepared(url) as race:
                    held &= measure(race, url, folder).show()
            else:
                with temporary_cluster(durable=True) as url, _prepared(url) as race:
                    held &= measure(race, url, folder, _postmaster(url)).show()
    return 0 if held else 1


def _postmaster(url: str) -> int:
    """The first process of the cluster of this address."""
    socket_folder = url.partition("host=")[2].partition("&")[0]
    return int((Path(socket_folder) / "data" / "postmaster.pid").read_text().split()[0])


if __name__ == "__main__":
    sys.exit(main([name for name in BOUNDS if name in sys.argv[1:]] or list(BOUNDS)))
