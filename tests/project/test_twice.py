"""Every form, sent twice at the same moment: done once, never an error of the server, on both engines.

The second press of a button brings the same form, with the same key, while the first is still at work. What a form does
is taken from the list of deeds (tests.audit.test_audited_actions.py), in which every address that one can post to must be.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.db import make_engine
from course.reports.status_cache import StatusCache
from course.web.unit_of_work import session_factories
from tests.audit import test_audited_actions, world
from tests.audit.test_audited_actions import ALL, entries
from tests.audit.world import World
from tests.conftest import make_app, new_database
from tests.pages import Client, Page, Values, check
from tests.support.jobs import run_waiting_jobs
from tests.support.racing import at_once

# Two presses hand out two files, or are two guesses: the log says so.
REPEATS = {
    "audit_search.download",
    "evidence.download",
    "people_import.result",
    "privacy.download",
    "reports.file",
    "reports.teams_file",
    "auth.sign_in",
}


class TwiceClient(Client):
    """Presses every button twice. A page is that of the press which was answered as expected."""

    session: Session  # that of the test: its transaction must not keep a request waiting

    def token(self) -> str:
        self.session.commit()
        return super().token()

    def get(self, path: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Page:
        self.session.commit()
        return super().get(path, status, headers)

    def post(self, path: str, data: Values, status: int = 303, token: bool = True) -> Page:
        if path == "/sign-in":
            return super().post(path, data, status, token)
        sent = {"form_key": secrets.token_urlsafe(9), **data, "csrf_token": self.token()}
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = self.flask.get_cookie(name)
        browsers = [self.flask, self.app.test_client()]
        if cookie is not None:
            browsers[1].set_cookie(name, cookie.value)
        answered: list[tuple[Any, Page]] = []

        def press(browser: Any) -> Callable[[], int]:
            def send() -> int:
                page = Page(browser.post(path, data=sent))
                answered.append((browser, page))
                return page.status

            return send

        statuses = at_once([press(browser) for browser in browsers])
        run_waiting_jobs(self.app)
        pages = [page for _, page in answered]
        assert all(code < 500 for code in statuses), f"POST {path}: {statuses}\n{pages[0].html[-2000:]}"
        expected = [page for page in pages if page.status == status]
        assert expected, f"POST {path}: {statuses}, expected {status}"
        for browser, page in answered:
            check(page, path)
            if page.status == 303 and page.location.partition("?")[0] == path.partition("?")[0]:
                led = Page(browser.get(page.location, follow_redirects=True))
                assert led.status == 200, f"{path}: who pressed twice is led to {page.location}, which is not there"
        # Whoever came second is led back to where the form was: here to the first page, since none is named.
        return next((page for page in expected if page.location != "/"), expected[0])


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_app(f"sqlite:///{tmp_path_factory.mktemp('twice') / 'unused.db'}")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def copies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes databases with the schema, the content and the people of a World, each a copy of one that was made once."""
    if request.param == "sqlite":
        template, folder = request.getfixturevalue("peopled_file"), tmp_path_factory.mktemp("twice")

        def copy() -> str:
            for rest in ("copy.db-wal", "copy.db-shm"):
                Path(folder / rest).unlink(missing_ok=True)
            return f"sqlite:///{shutil.copy(template, folder / 'copy.db')}"

        return copy
    cluster, name = request.getfixturevalue("postgres_url"), request.getfixturevalue("peopled_database")
    return lambda: new_database(cluster, "twice", name)


@pytest.fixture
def real(copies: Callable[[], str], application: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The course on a database of its own that really commits; browsers that press twice."""
    engine = make_engine(copies())
    kept = application.extensions["course.sessions"]
    state = application.extensions["course"]
    application.extensions["course"] = replace(state, engine=engine)
    application.extensions["course.sessions"] = session_factories(engine, kept.writing.kw["info"])
    application.extensions.pop("course.organisation", None)
    application.extensions["course.status_cache"] = StatusCache()
    for module in (world, test_audited_actions):
        monkeypatch.setattr(module, "Client", TwiceClient)
    yield application
    application.extensions["course"], application.extensions["course.sessions"] = state, kept
    engine.dispose()


@pytest.mark.parametrize(("name", "deed", "left", "who"), ALL, ids=[f"{row[0]}-{n}" for n, row in enumerate(ALL)])
def test_what_is_sent_twice_at_once_is_done_once(
    real: Flask, name: str, deed: Callable[[World], object], left: list[str], who: str | None
) -> None:
    assert who is None or who
    with real.extensions["course.sessions"].writing() as session:
        TwiceClient.session = session
        somebody = World(real, session)
        before = len(entries(session))
        deed(somebody)
        done = [entry.what for entry in entries(session)[before:]]
    if name in REPEATS or left == ["sign_in.refused"]:
        assert set(done) == set(left)
    else:
        assert done == left
