"""People who work through a small course over HTTP, each in a thread, and write down what the server acknowledged.

Whatever gets no answer is sent again, as people do, until it is acknowledged; so what the database holds at the end is
exactly what was acknowledged: nothing is missing, and nothing is there that nobody did or that was done twice.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, text

from course.content.library import Library
from course.content.schema import Module
from course.learning.rules.branching import run_state
from course.learning.rules.grading import option_order
from tests.faults.course_process import Visitor, form_token
from tests.makers import PASSWORD
from tests.walking import right_form, wrong_form

PAUSE = 0.03  # seconds until a request without an answer is sent again
PATIENCE = 90.0  # seconds after which it is given up


@dataclass
class Deeds:
    """What was acknowledged: people by number, attempts and runs by id."""

    attempts: set[int] = field(default_factory=set)
    answers: dict[tuple[int, int], bool] = field(default_factory=dict)
    runs: set[int] = field(default_factory=set)
    decisions: dict[tuple[int, int], str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    pages: set[tuple[int, str]] = field(default_factory=set)
    completions: set[int] = field(default_factory=set)
    certificates: set[str] = field(default_factory=set)
    repeated: int = 0  # requests that were sent again because no answer came
    busy: int = 0  # answers that said "busy, try again"

    def add(self, other: Deeds) -> None:
        """Take in what somebody else has done."""
        for name, value in vars(other).items():
            if isinstance(value, int):
                setattr(self, name, getattr(self, name) + value)
            else:
                getattr(self, name).update(value)

    @property
    def count(self) -> int:
        """How many deeds were acknowledged."""
        return sum(len(value) for value in vars(self).values() if not isinstance(value, int))


class StoppedError(Exception):
    """The load is to end."""


class Walker:
    """One client: takes one person after the other through the course, as long as there are any, until it is told to stop."""

    def __init__(
        self, port: int, library: Library, reading: Engine, people: list[int], seed: int, stop: threading.Event
    ) -> None:  # fmt: skip
        self.deeds = Deeds()
        self.wrong: list[str] = []
        self._port, self._library, self._reading, self._people = port, library, reading, people
        self._stop, self._chance = stop, random.Random(seed)
        self._visitor = Visitor(port)
        self._token, self._person = "", 0

    def run(self) -> None:
        """What the thread of the client does."""
        try:
            for person in self._people:
                self._walk(person)
            while True:  # nobody is left: the last one goes on with checks
                self._check(self._modules[0])
        except StoppedError:
            pass
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
        finally:
            self._visitor.close()

    @property
    def _modules(self) -> list[Module]:
        return list(self._library.modules.values())

    def _walk(self, person: int) -> None:
        self._sign_in(person)
        for module in self._modules:
            self._notes(module)
            for step in module.steps:
                if step.kind == "page":
                    self._post(f"/module/{module.id}/{step.id}", {"then": "next", "stay": ""}, begins=True)
                    self.deeds.pages.add((person, f"{module.id}/{step.id}"))
            for scenario in module.scenarios:
                self._scenario(module, scenario)
            for timeline in module.timelines:
                self._attempt(self._begin("attempt", f"/module/{module.id}/{timeline}", {}), always=True)
            while not self._check(module):
                pass
        self._attempt(self._begin("attempt", "/assessment", {}), always=True)
        self._certificate(person)

    def _sign_in(self, person: int) -> None:
        self._visitor.close()
        self._visitor = Visitor(self._port)
        self._person = person
        self._token = form_token(self._send("GET", "/sign-in")[2])
        self._post("/sign-in", {"email": f"person{person}@example.org", "password": PASSWORD})
        self._token = form_token(self._send("GET", "/me")[2])

    def _notes(self, module: Module) -> None:
        """A note, and the same note written on."""
        for page in module.pages.values():
            for block in page.blocks:
                if block.kind == "reflect" and block.id:
                    seen = ""
                    for number in range(3):
                        words = f"My kite, {self._person}: {number}."
                        form = {"stay": block.id, f"was-{block.id}": seen, f"note-{block.id}": words}
                        self._post(f"/module/{module.id}/{page.id}", form)
                        self.deeds.notes[self._person] = seen = words

    def _scenario(self, module: Module, name: str) -> None:
        scenario = module.scenarios[name]
        run = self._begin("run", f"/module/{module.id}/{name}", {})
        path: list[tuple[str, str]] = []
        while (state := run_state(scenario, path)).ending is None:
            assert state.scene is not None
            choice = self._chance.choice([c for c in state.open_choices if c.quality == "best"] or [state.scene.best])
            self._post(f"/run/{run}", {"step": len(path) + 1, "choice": choice.id})
            path.append((state.scene.id, choice.id))
            self.deeds.decisions[run, len(path)] = choice.id

    def _check(self, module: Module) -> bool:
        """A check of a module; whether it was passed, as every second one is not."""
        always = self._chance.random() < 0.5
        self._attempt(self._begin("attempt", f"/module/{module.id}/check", {}), always)
        return always

    def _attempt(self, attempt: int, always: bool) -> None:
        """Answer every question of an attempt, also those that are added on the way."""
        position = 1
        while (row := self._item(attempt, position)) is not None:
            question, right = self._library.answerable[row.question_id], always or self._chance.random() < 0.5
            order = option_order(question, row.seed, position)
            form = (right_form if right else wrong_form)(question, order)
            self._post(f"/attempt/{attempt}/{position}", {**form, "sure": "sure"})
            self.deeds.answers[attempt, position] = right
            position += 1

    def _item(self, attempt: int, position: int) -> Any:
        """The question at this place; a person would read it on the page."""
        statement = text(
            "select question_id, seed from attempt_item join attempt on attempt.id = attempt_item.attempt_id "
            "where attempt.id = :attempt and position = :position"
        )
        with self._reading.connect() as connection:
            return connection.execute(statement, {"attempt": attempt, "position": position}).first()

    def _begin(self, kind: str, path: str, form: Mapping[str, object]) -> int:
        place = self._post(path, form)
        found = re.match(rf"/{kind}/(\d+)", place)
        if not found:
            raise LookupError(f"{path} led to {place}")
        (self.deeds.attempts if kind == "attempt" else self.deeds.runs).add(int(found[1]))
        return int(found[1])

    def _certificate(self, person: int) -> None:
        """The person sees their certificate: the course is completed."""
        page = self._send("GET", "/certificate")[2]
        numbers = set(re.findall(r"/certificate/([A-Z0-9-]+)\.pdf", page))
        if len(numbers) != 1:
            raise LookupError(f"person {person} has the certificates {sorted(numbers)}")
        self.deeds.completions.add(person)
        self.deeds.certificates |= numbers

    def _post(self, path: str, form: Mapping[str, object], begins: bool = False) -> str:
        """Send a form until it is acknowledged; where that leads. With `begins` it may begin what comes next."""
        # Only here: what was sent once is sent until it is acknowledged, so that nothing is in doubt at the end.
        if self._stop.is_set():
            raise StoppedError
        sent = urlencode({"csrf_token": self._token, **form}, doseq=True)
        status, place, body = self._send("POST", path, sent)
        if status != 303 or (place.startswith("/sign-in") and path != "/sign-in"):
            raise LookupError(f"{path} gave {status} {place} {body[:2000] if status != 303 else ''}")
        if begins and (found := re.match(r"/(attempt|run)/(\d+)", place)):
            (self.deeds.attempts if found[1] == "attempt" else self.deeds.runs).add(int(found[2]))
        return place

    def _send(self, method: str, path: str, form: str = "") -> tuple[int, str, str]:
        """Send a request until there is an answer that does not say "busy"."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._visitor.send(method, path, form)
            except (OSError, HTTPException):
                self.deeds.repeated += 1
            else:
                if answer[0] != 503:
                    return answer
                self.deeds.busy += 1
            if time.monotonic() > until:
                raise TimeoutError(f"{method} {path} had no answer for {PATIENCE:.0f} s")
            time.sleep(PAUSE)
