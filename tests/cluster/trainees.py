"""People who answer and decide without a pause, whatever the server says, and note what it acknowledged."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from course.learning.models import Answer, AttemptItem, Decision
from course.learning.rules.branching import run_state
from tests.cluster.conftest import sessions
from tests.cluster.hosts import RemoteClient
from tests.makers import PASSWORD
from tests.walking import Learner, always

PAUSE = 0.05  # seconds between two clicks
RETRY_SECONDS = 0.25  # until somebody who was shown an error tries again
GIVE_UP_SECONDS = 30.0


@dataclass
class Afternoon:
    """What all of them together have seen: `errors` and `successes` as moments of time.monotonic()."""

    end: threading.Event = field(default_factory=threading.Event)
    answers: set[tuple[int, int]] = field(default_factory=set)  # acknowledged: attempt and position
    decisions: set[tuple[int, int]] = field(default_factory=set)  # acknowledged: run and step
    errors: list[tuple[float, str]] = field(default_factory=list)
    successes: list[float] = field(default_factory=list)


class Trainee(threading.Thread):
    """One person who plays scenes and takes checks until the end of the afternoon."""

    def __init__(self, app: Flask, ports: list[int], number: int, person_id: int, afternoon: Afternoon) -> None:
        super().__init__(name=f"trainee {number}", daemon=True)
        self.afternoon = afternoon
        self.client = RemoteClient(app, ports)
        self.client.sign_in(f"learner{number}@example.org", PASSWORD)
        self.token = self.client.token()
        self.learner = Learner(app, self.client, person_id)
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            module = self.learner.library.modules["kites"]
            while not self.afternoon.end.is_set():
                self._take_check(f"/module/{module.id}/check")
                for name in module.scenarios:
                    self._play(f"/module/{module.id}/{name}", name)
        except BaseException as error:
            self.failure = error

    def _press(self, path: str, form: dict[str, object]) -> str:
        """Send a form until it is acknowledged; where that leads. "" if the afternoon is over before."""
        gives_up = time.monotonic() + GIVE_UP_SECONDS
        while True:
            time.sleep(PAUSE)
            try:
                response = self.client.flask.post(path, {"csrf_token": self.token, **form})
            except (OSError, http.client.HTTPException) as error:
                response, said = None, repr(error)
            else:
                said = f"{response.status_code}"
            if response is not None and response.status_code == 303:
                self.afternoon.successes.append(time.monotonic())
                return str(response.headers["Location"])
            self.afternoon.errors.append((time.monotonic(), f"{path}: {said}"))
            if time.monotonic() > gives_up:
                raise TimeoutError(f"{path}: still {said}")
            time.sleep(RETRY_SECONDS)

    def _take_check(self, path: str) -> None:
        found = self._press(path, {}).split("/")
        if len(found) < 3 or found[1] != "attempt":
            return  # it was pressed again after an error, and had begun
        attempt_id = int(found[2])
        for position in range(1, 20):
            if self.afternoon.end.is_set():
                return
            form = self._read(lambda at=position: self._form(attempt_id, at))
            if form is None:
                return
            self._press(f"/attempt/{attempt_id}/{position}", {**form, "sure": "sure"})
            self.afternoon.answers.add((attempt_id, position))

    def _form(self, attempt_id: int, position: int) -> dict[str, list[str]] | None:
        try:
            return self.learner.form(attempt_id, position, always)
        except IndexError:
            return None  # that was the last question

    def _read(self, read: Callable[[], dict[str, list[str]] | None]) -> dict[str, list[str]] | None:
        """What is read in this process, whose connections break as well."""
        for _ in range(100):
            try:
                return read()
            except DBAPIError:
                time.sleep(RETRY_SECONDS)
        raise TimeoutError("the database does not come back")

    def _play(self, path: str, name: str) -> None:
        place = self._press(path, {})
        if not place.startswith("/run/"):
            return
        scenario, run_id = self.learner.library.modules["kites"].scenarios[name], int(place.split("/")[2])
        decisions: list[tuple[str, str]] = []
        for step in range(1, 30):
            state = run_state(scenario, decisions)
            if state.ending is not None or state.scene is None or self.afternoon.end.is_set():
                return
            self._press(place, {"step": str(step), "choice": state.scene.best.id})
            self.afternoon.decisions.add((run_id, step))
            decisions.append((state.scene.id, state.scene.best.id))


def stored(app: Flask) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The answers and the decisions that are in the database: attempt and position, run and step."""
    with sessions(app)() as session:
        answers = session.execute(
            select(AttemptItem.attempt_id, AttemptItem.position).join(Answer, Answer.item_id == AttemptItem.id)
        ).all()
        decisions = session.execute(select(Decision.run_id, Decision.step)).all()
    return [(a, p) for a, p in answers], [(r, s) for r, s in decisions]
