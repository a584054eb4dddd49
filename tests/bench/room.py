"""A full room: 300 people sign in within a second while 100 others answer questions, against the server of `make run`.

`python -m tests.bench.room [people] [sqlite|postgresql]`. Each of the 100 answers a question every five seconds and reads
the page behind it; they begin before the others come, and go on until all are in, for at least LEAST and at most LIMIT
seconds. Ends with 1 if anything went wrong, the last one is in later than after 20 seconds, or the 95th percentile of the
answers is above 300 ms.
"""

from __future__ import annotations

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

from flask import Flask

from course.learning import queries
from course.learning.rules.grading import option_order
from course.people.queries import person_by_email
from course.web.unit_of_work import read_only_session
from tests.bench.browser import Browser, attempt_of
from tests.bench.morning import morning, prepare, served
from tests.makers import PASSWORD
from tests.support.postgres import temporary_cluster
from tests.walking import right_form

PEOPLE, ANSWERING = 300, 100
EVERY = 5.0  # seconds between two answers of one person
QUIET = 5.0  # seconds in which only answers are given, before the others come
LEAST, LIMIT = 10.0, 60.0
ALL_IN_SECONDS, ANSWER_SECONDS = 20.0, 0.3  # what is to be reached


@dataclass
class Answers:
    """What the people who answer see: when each answer was sent and how long it took (seconds), and what went wrong."""

    times: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def between(self, since: float, until: float) -> str:
        """How many answers were sent between two moments, and how long they took."""
        taken = [took for at, took in self.times if since <= at < until]
        if len(taken) < 2:
            return f"{len(taken)} answers"
        return (
            f"{len(taken)} answers, median {statistics.median(taken) * 1000:.0f} ms, "
            f"95 % within {percentile(taken) * 1000:.0f} ms, longest {max(taken) * 1000:.0f} ms"
        )


def percentile(taken: list[float]) -> float:
    """The 95th percentile; 0 of too few."""
    return statistics.quantiles(taken, n=20)[-1] if len(taken) > 1 else 0.0


class Learner:
    """Somebody who is signed in and answers the questions of a check, one check after the other."""

    def __init__(self, app: Flask, port: int, number: int) -> None:
        self._app, email = app, f"answering{number}@example.org"
        self._browser = Browser(port)
        self._browser.connection.timeout = LIMIT
        self._forms: list[tuple[str, dict[str, object]]] = []
        token = self._browser.token("/sign-in")
        form: dict[str, object] = {"csrf_token": token, "email": email, "password": PASSWORD}
        status, _, _ = self._browser.send("POST", "/sign-in", form)
        if status != 303:
            raise LookupError(f"signing in gave {status}")
        self._token = self._browser.token("/me")
        with app.app_context(), read_only_session() as session:
            person = person_by_email(session, email)
        if person is None:
            raise LookupError(email)
        self._person_id = person.id

    def answer(self) -> float:
        """Answer the next question and read what is said to it; how long the answer took, in seconds."""
        if not self._forms:
            self._begin_check()
        path, form = self._forms.pop(0)
        started = time.perf_counter()
        status, place, _ = self._browser.send("POST", path, form)
        took = time.perf_counter() - started
        if status not in (200, 303):
            raise LookupError(f"an answer gave {status}")
        if status == 303 and (status := self._browser.send("GET", place)[0]) != 200:
            raise LookupError(f"the page behind an answer gave {status}")
        return took

    def reconnect(self) -> None:
        """Close a connection on which something went wrong; the next request opens another."""
        self._browser.connection.close()

    def _begin_check(self) -> None:
        status, address, _ = self._browser.send("POST", "/module/responding/check", {"csrf_token": self._token})
        if status != 303:
            raise LookupError(f"beginning a check gave {status}")
        library = self._app.extensions["course"].library.for_("school", "england")
        address, attempt_id = attempt_of(address)
        with self._app.app_context(), read_only_session() as session:
            attempt = queries.attempt(session, self._person_id, attempt_id)
        if attempt is None:
            raise LookupError(address)
        for item in attempt.items:
            question = library.questions[item.question_id]
            form = right_form(question, option_order(question, attempt.seed, item.position))
            self._forms.append((f"{address}/{item.position}", {**form, "sure": "sure", "csrf_token": self._token}))


def answer_until_stopped(learner: Learner, answers: Answers, delay: float) -> None:
    """One person's answers, one every EVERY seconds, the first after `delay`."""
    due = time.perf_counter() + delay
    while not answers.stop.wait(max(0.0, due - time.perf_counter())):
        due = max(due + EVERY, time.perf_counter())
        try:
            at = time.perf_counter()
            answers.times.append((at, learner.answer()))
        except (OSError, LookupError, HTTPException) as error:
            answers.wrong.append(f"{type(error).__name__}: {error}")
            learner.reconnect()


def room(app: Flask, port: int, count: int) -> tuple[str, bool]:
    """What happened, in words, and whether all that is to be reached was reached."""
    chance, answers = random.Random(2), Answers()
    learners = [Learner(app, port, number) for number in range(ANSWERING)]
    threads = [
        threading.Thread(target=answer_until_stopped, args=(one, answers, chance.uniform(0, EVERY))) for one in learners
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    end = threading.Timer(LIMIT, answers.stop.set)
    end.start()
    time.sleep(QUIET)
    came = time.perf_counter()
    waits, wrong, whole = morning(port, count)
    all_in = came + whole
    answers.stop.wait(max(0.0, LEAST - whole))
    answers.stop.set()
    end.cancel()
    for thread in threads:
        thread.join()
    p95 = percentile([took for at, took in answers.times if came <= at < all_in])
    lines = [
        f"  in without an error       {len(waits)} of {count} {', '.join(sorted(set(wrong)))}",
        f"  until the last one is in  {whole:.1f} s",
        f"  wait to be let in         median {statistics.median(waits or [0]):.1f} s, longest {max(waits or [0]):.1f} s",
        f"  before they came          {answers.between(began, came)}",
        f"  while they came in        {answers.between(came, all_in)}",
        f"  answers that went wrong   {len(answers.wrong)} {', '.join(sorted(set(answers.wrong)))}",
    ]
    reached = not wrong and not answers.wrong and whole <= ALL_IN_SECONDS and p95 <= ANSWER_SECONDS
    return "\n".join(lines), reached


def main(count: int, engine: str) -> int:
    """Print what happened; 1 if it is not what is to be reached."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder / 'course.db'}" if engine == "sqlite" else stack.enter_context(temporary_cluster())
        names = [*(f"answering{n}" for n in range(ANSWERING)), *(f"person{n}" for n in range(count))]
        app = prepare(url, names)
        port = stack.enter_context(served(url, folder))
        words, reached = room(app, port, count)
        app.extensions["course"].engine.dispose()
    print(f"{count} people sign in within a second while {ANSWERING} answer ({engine}, flask serve)\n{words}")
    return 0 if reached else 1


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(
        main(
            int(next((one for one in arguments if one.isdecimal()), PEOPLE)),
            "postgresql" if "postgresql" in arguments else "sqlite",
        )
    )
