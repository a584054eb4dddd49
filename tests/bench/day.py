"""A training day: 300 learners, each of whom reads a page or answers a question every ten seconds, against `flask serve`.

`python -m tests.bench.day [sqlite|postgresql] [--minutes 10] [--people 300]`. They sign in first, which is not measured. Ends
with 1 if anything went wrong, the 95th percentile of pages or answers is above 150 ms, or all processes together, without the
database server, need more than 400 MiB.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from sqlalchemy import update

from course.passwords.models import Credential
from course.people.queries import person_by_email
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.bench.browser import Browser
from tests.bench.morning import real_hash
from tests.bench.organisation import PASSWORD, learner_address, stage_of
from tests.bench.race import MODULE, PEOPLE, Race, expect
from tests.bench.servers import Contender, memory, running, wait_for
from tests.support.ports import free_port
from tests.support.postgres import temporary_cluster

EVERY = 10.0  # seconds between two clicks of one learner
SIGNING_IN = 8  # people at once, before the day begins
MOST_SECONDS, MOST_MEMORY = 0.15, 400.0  # what is to be reached: seconds, MiB


@dataclass
class Day:
    """What everybody saw: how long each page and each answer took (seconds), and what went wrong."""

    pages: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Reader:
    """A learner who is signed in."""

    def __init__(self, race: Race, port: int, number: int) -> None:
        self.race, self.browser, self.number = race, Browser(port), number
        form: dict[str, object] = {
            "csrf_token": self.browser.token("/sign-in"),
            "email": learner_address(number),
            "password": PASSWORD,
        }
        expect(self.browser, ("POST", "/sign-in", form), 303)
        self.token = self.browser.token("/me")
        with race.app.app_context(), read_only_session() as session:
            person = person_by_email(session, learner_address(number))
        if person is None:
            raise LookupError(number)
        self.person, self.forms, self.clicks, self.check = person.id, [], 0, ""  # type: ignore[var-annotated]

    def click(self, day: Day) -> None:
        """Read two pages, then answer a question, and so on."""
        self.clicks += 1
        started = time.perf_counter()
        if self.clicks % 3:
            pages = self.race.pages
            expect(self.browser, ("GET", pages[(self.number + self.clicks) % len(pages)], None), 200)
            day.pages.append(time.perf_counter() - started)
            return
        if not self.forms:
            self.forms = list(enumerate(self.race.open_six(self.person), 1))
            place = expect(self.browser, ("POST", f"/module/{MODULE}/check", {"csrf_token": self.token}), 303)
            self.check = place.rpartition("/")[0]
            started = time.perf_counter()
        position, form = self.forms.pop(0)
        step = ("POST", f"{self.check}/{position}", {**form, "csrf_token": self.token})
        status, _, data = self.browser.send(*step)
        day.answers.append(time.perf_counter() - started)
        if status not in (200, 303):
            raise AssertionError(f"an answer: {status} {data[:200]!r}")

    def learn(self, day: Day, begin: float, end: float) -> None:
        """Click every EVERY seconds until the end."""
        due = begin
        while due < end:
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                self.click(day)
            except (AssertionError, OSError, HTTPException) as error:
                day.wrong.append(repr(error))
                self.browser.connection.close()
            due += EVERY


def hash_as_today(race: Race) -> None:
    """Store everybody's password as it is stored today: an earlier hash would be verified, and then made anew."""
    kept = real_hash(PASSWORD)
    with race.app.app_context(), unit_of_work() as session:
        session.execute(update(Credential).values(password_hash=kept))


def sign_in_all(race: Race, port: int, count: int) -> list[Reader]:
    """That many learners in the middle of the course, signed in."""
    numbers = [n for n in range(PEOPLE) if stage_of(n) == "under way" and n % 13 != 12][:count]
    found: list[Reader] = []

    def sign_in(mine: list[int]) -> None:
        found.extend([Reader(race, port, number) for number in mine])

    threads = [threading.Thread(target=sign_in, args=(numbers[turn::SIGNING_IN],)) for turn in range(SIGNING_IN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(found) < count:
        raise AssertionError(f"{len(found)} of {count} have signed in")
    return found


def spend(readers: list[Reader], minutes: float) -> Day:
    """The day of these learners, whose first clicks are spread over EVERY seconds."""
    day, chance, begin = Day(), random.Random(3), time.perf_counter() + 1
    threads = [
        threading.Thread(target=one.learn, args=(day, begin + chance.uniform(0, EVERY), begin + minutes * 60))
        for one in readers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return day


def line(name: str, times: list[float]) -> str:
    """How long these took, in words."""
    cuts = statistics.quantiles(times, n=20) if len(times) > 1 else [0.0]
    return (
        f"  {name:<22}{len(times)}: median {statistics.median(times or [0]) * 1000:.0f} ms, 95 % within "
        f"{cuts[-1] * 1000:.0f} ms, longest {max(times or [0]) * 1000:.0f} ms"
    )


def main(engine: str, minutes: float, people: int) -> int:
    """Print what happened; 1 if it is not what is to be reached."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        durable = engine == "postgresql"
        url = stack.enter_context(temporary_cluster(durable=True)) if durable else f"sqlite:///{folder / 'course.db'}"
        race, server = Race(url), Contender("waitress", 2, free_port())
        hash_as_today(race)
        stack.enter_context(running(server, url, folder / "log"))
        wait_for(server)
        before = memory(server.pid)
        day = spend(sign_in_all(race, server.port, people), minutes)
        after = memory(server.pid)
        race.engine.dispose()
    print(
        f"{people} learners, {minutes:g} minutes, a page or an answer every {EVERY:.0f} s each ({engine}, two processes)"
    )
    print(line("pages", day.pages))
    print(line("answers", day.answers))
    print(f"  {'went wrong':<22}{len(day.wrong)} {', '.join(sorted(set(day.wrong)))[:500]}")
    print(f"  {'memory of the tree':<22}{before:.0f} MiB before, {after:.0f} MiB after (PSS)")
    slow = max(statistics.quantiles(times, n=20)[-1] for times in (day.pages, day.answers))
    return 1 if day.wrong or slow > MOST_SECONDS or after > MOST_MEMORY else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", nargs="?", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--people", type=int, default=300)
    given = parser.parse_args()
    sys.exit(main(given.engine, given.minutes, given.people))
