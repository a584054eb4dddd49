"""A real server and a real browser for the journeys."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from waitress.server import create_server

from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.makers import PASSWORD, make_person
from tests.support.chromium import LAUNCH_ARGS, find_or_install

Scheme = Literal["light", "dark"]
# In the second scheme nothing differs but colours.
SCHEMES: tuple[tuple[Scheme, dict[str, list[str]]], ...] = (
    ("light", {}),
    ("dark", {"runOnly": ["color-contrast", "link-in-text-block"]}),
)
AXE = files("axe_playwright_python") / "axe.min.js"


@dataclass
class Site:
    """The course, served on loopback."""

    app: Flask
    address: str

    def person(self, email: str, role: str = "learner") -> int:
        """A person who can sign in with the tests' password; returns their id."""
        with self.app.app_context(), unit_of_work() as session:
            return make_person(session, email=email, role=role).id


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, archived_file: Path) -> Iterator[Site]:
    file = shutil.copy(archived_file, tmp_path_factory.mktemp("site") / "course.db")
    app = make_app(f"sqlite:///{file}")
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    yield Site(app, f"http://127.0.0.1:{server.effective_port}")
    server.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of a test process: a second one could not be started beside it."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=find_or_install(), args=LAUNCH_ARGS)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=site.address, viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A window in which any error of a script or of the security policy fails the test."""
    page = context.new_page()
    page.on("pageerror", lambda error: fail_on_script_error(page, str(error)))
    page.on("console", lambda message: _complain(page, message.type, message.text))
    return page


def fail_on_script_error(page: Page, error: str) -> None:
    """For a page's "pageerror"."""
    # Chromium reports a page change that it draws without a transition as an error of the page, of which no script is part.
    if "ViewTransition" not in error:
        pytest.fail(f"script error on {page.url}: {error}")


def _complain(page: Page, kind: str, text: str) -> None:
    # A form sent back with mistakes is a 422, which Chromium writes to its console as an error too.
    if kind == "error" and not re.search(r"status of 4\d\d", text):
        pytest.fail(f"{page.url}: {text}")


def sign_in(page: Page, email: str) -> None:
    """Through the form, as a person would."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name=re.compile("Welcome")).wait_for()


def faults(page: Page) -> list[str]:
    """What axe finds wrong, in light and in dark, by WCAG 2.2 AA and best practice."""
    found = []
    for scheme, rules in SCHEMES:
        # Without motion, so that no colour is halfway between the schemes.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if not page.evaluate("() => Boolean(window.axe)"):
            # Through the debugger, so that the page's security policy stays as strict as it is.
            page.evaluate(AXE.read_text(encoding="utf-8"))
        # Style sheets are not read once more: only a rule that is off needs them.
        options = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}, **rules}
        for violation in page.evaluate(
            "options => axe.run(document, options).then(found => found.violations)", options
        ):
            targets = "; ".join(str(node["target"][0]) for node in violation["nodes"][:3])
            found.append(f"{scheme} {page.url}: {violation['id']}: {violation['help']} ({targets})")
    page.emulate_media(color_scheme="null", reduced_motion="null")
    return found
