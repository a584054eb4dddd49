"""Nothing is kept in one process that another needs: a learner is on another one at every click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from course.learning import queries
from course.learning.models import Answer
from course.learning.rules.grading import option_order
from course.people.queries import person_by_email
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.bench.browser import Browser
from tests.conftest import make_app
from tests.makers import PASSWORD, make_person
from tests.support.served import SAMPLE, SECRET, Server, serving
from tests.walking import right_form

EMAIL, KEEPER = "wanda.vale@example.org", "keeper@example.org"


class Wanderer:
    """One browser, with one cookie, whose every request another process answers."""

    def __init__(self, servers: list[Server]) -> None:
        self._browsers = [Browser(server.port) for server in servers]
        self._turn, self.cookie = 0, ""

    def send(self, method: str, path: str, form: dict[str, object] | None = None) -> tuple[int, str, str]:
        """Status, Location and page."""
        self._turn += 1
        browser = self._browsers[self._turn % len(self._browsers)]
        browser.cookie = self.cookie
        status, location, data = browser.send(method, path, form)
        self.cookie = browser.cookie
        return status, location, data.decode(errors="replace")

    def token(self, path: str) -> str:
        found = re.search('name="csrf_token" value="([^"]+)"', self.send("GET", path)[2])
        assert found is not None, f"no form on {path}"
        return found[1]

    def post(self, path: str, form: dict[str, object], page: str) -> tuple[int, str, str]:
        """Send a form with the token that `page` gives."""
        return self.send("POST", path, {**form, "csrf_token": self.token(page)})

    def sign_in(self, email: str, password: str = PASSWORD) -> int:
        return self.post("/sign-in", {"email": email, "password": password}, "/sign-in")[0]


@pytest.fixture
def servers(committed: Flask, tmp_path: Path) -> Iterator[list[Server]]:
    """Two processes on one database, with the sample course; each has a port, so that a test can choose."""
    url = committed.extensions["course"].config.database_url
    # Connections of two applications in one process would take each other's locks on a SQLite file away.
    committed.extensions["course"].engine.dispose()
    app = make_app(url, SECRET_KEY=SECRET)
    with app.app_context(), unit_of_work() as session:
        make_person(session, "Wanda Vale", EMAIL)
        make_person(session, "Keeper", KEEPER, role="administrator")
    app.extensions["course"].engine.dispose()
    with serving(tmp_path, url, PROCESSES="1") as one, serving(tmp_path, url, PROCESSES="1") as other:
        yield [one, other]


def test_nothing_that_one_process_needs_is_in_the_memory_of_another(committed: Flask, servers: list[Server]) -> None:
    """All in one test, because each start of two processes takes seconds."""
    an_administrators_change_is_seen_at_once(servers)
    a_check_is_taken_on_another_process_at_every_click(committed, servers)
    signing_out_ends_the_session_everywhere(servers)
    wrong_passwords_count_together(servers)


def a_check_is_taken_on_another_process_at_every_click(committed: Flask, servers: list[Server]) -> None:
    app = make_app(committed.extensions["course"].config.database_url, CONTENT=str(SAMPLE))
    learner = Wanderer(servers)
    assert learner.sign_in(EMAIL) == 303
    status, place, _ = learner.post("/module/kites/check", {}, "/module/kites")
    assert status == 303
    attempt_page = re.match("/attempt/([0-9]+)", place)
    assert attempt_page is not None
    with app.app_context(), read_only_session() as session:
        person = person_by_email(session, EMAIL)
        assert person is not None
        attempt = queries.attempt(session, person.id, int(attempt_page[1]))
    assert attempt is not None
    library = app.extensions["course"].library
    for item in attempt.items:
        path = f"{attempt_page[0]}/{item.position}"
        question = library.questions[item.question_id]
        order = option_order(question, attempt.seed, item.position)
        form: dict[str, object] = {**right_form(question, order), "sureness": "sure", "csrf_token": learner.token(path)}
        # Pressed twice, and the second press reaches the other process: it is one answer.
        assert learner.send("POST", path, form)[0] in (200, 303)
        assert learner.send("POST", path, form)[0] in (200, 303)
    with app.app_context(), read_only_session() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == len(attempt.items)
        found = queries.attempt(session, person.id, attempt.id)
    assert found is not None
    assert found.finished_at is not None
    assert all(learner.send("GET", attempt_page[0])[0] == 200 for _ in servers)
    app.extensions["course"].engine.dispose()


def signing_out_ends_the_session_everywhere(servers: list[Server]) -> None:
    learner, copy = Wanderer(servers), Wanderer(servers)
    assert learner.sign_in(EMAIL) == 303
    copy.cookie = learner.cookie
    assert [copy.send("GET", "/me")[0] for _ in servers] == [200, 200]
    assert learner.post("/sign-out", {}, "/me")[0] == 303
    assert [copy.send("GET", "/me")[0] for _ in servers] == [303, 303], "the other process lets a copy of the cookie in"


def wrong_passwords_count_together(servers: list[Server]) -> None:
    stranger = Wanderer(servers)
    statuses = [stranger.sign_in(EMAIL, f"not the password {number}") for number in range(12)]
    assert statuses[0] != 429
    assert 429 in statuses
    refused = statuses.index(429)
    assert statuses[refused:] == [429] * (12 - refused), "one process lets in what the other refuses"


def an_administrators_change_is_seen_at_once(servers: list[Server]) -> None:
    keeper = Wanderer(servers)
    assert keeper.sign_in(KEEPER) == 303
    for name in ("Heron Lane School", "Willow Bank School"):
        assert all(name not in keeper.send("GET", "/")[2] for _ in servers)
        page = keeper.send("GET", "/organisation")[2]
        form: dict[str, object] = dict(re.findall('<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
        form |= {"name": name, "nation": "england", "pathway": "school"}
        status, _, answer = keeper.send("POST", "/organisation", form)
        assert status == 303, re.sub("<[^>]+>", " ", answer)[:500]
        assert all(name in keeper.send("GET", "/")[2] for _ in servers)
